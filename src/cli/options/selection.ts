import type { Where } from "../../layout/filter/where.ts";
import { type CommandInput, type CommandOptions, timeOption, UsageError, wholeNumber } from "../command.ts";
import { whereOf, whereOption } from "./where-option.ts";

/** The option, for the commands that show or write rows; {@link namesOf} reads it. */
export const columnsOption: CommandOptions = {
  columns: { type: "string", value: "<names>", description: "only these columns, separated by commas" },
};

/** The options of a range of request times; {@link rangeOf} reads them. */
export const rangeOptions: CommandOptions = {
  from: { type: "string", value: "<time>", description: "requests from this UTC time on" },
  to: { type: "string", value: "<time>", description: "requests before this UTC time" },
};

/** The options that say which rows, `rows` of them where a line does not say how many. */
export function selectionOptions(rows: number): CommandOptions {
  const otherwise = Number.isFinite(rows) ? rows : "all";
  return {
    rows: {
      type: "string",
      short: "n",
      value: "<rows>",
      description: `how many rows; default ${otherwise}`,
    },
    ...rangeOptions,
    ...whereOption,
  };
}

/** A range of request times, as far as it was given. */
export interface GivenRange {
  readonly from?: Date;
  readonly to?: Date;
}

/** The range that a line says. */
export function rangeOf(input: CommandInput): GivenRange {
  const [from, to] = [timeOption(input, "from"), timeOption(input, "to")];
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

/** Which rows a line asks for. */
export interface Selection extends GivenRange {
  readonly limit: number;
  readonly where?: Where;
}

/** What the options of {@link selectionOptions} say. */
export function selectionOf(input: CommandInput, rows: number): Selection {
  const where = whereOf(input);
  return {
    limit: wholeNumber(input, "rows", 1, rows),
    ...rangeOf(input),
    ...(where === undefined ? {} : { where }),
  };
}

/** Names that were given to an option, separated by commas; undefined if it was not given. */
export function namesOf(input: CommandInput, option: string): readonly string[] | undefined {
  const names = input.text(option)?.split(",");
  if (names?.includes("") === true) throw new UsageError(`--${option}: expected names separated by commas`);
  return names;
}
