import type { Where, WhereCondition, WhereValue } from "../../layout/filter/where.ts";
import { kindOf } from "../../base/errors.ts";
import { type CommandInput, type CommandOptions, UsageError } from "../command.ts";

/** The option, for the commands that take it. */
export const whereOption: CommandOptions = {
  where: {
    type: "string",
    multiple: true,
    value: "<condition>",
    description:
      "only rows such as order_id=A-17, delay>=5, origin!=null, note~late; all that are given must hold",
  },
};

/** The longer ones first: `>=` begins like `>`. */
const signs = ["!=", ">=", "<=", "=", ">", "<", "~"] as const;
type Sign = (typeof signs)[number];

/**
 * What the conditions of a command line say together, undefined without one. A line does not say whether `17`
 * is a number or a text: it is either, whichever the column has.
 */
export function whereOf(input: CommandInput): Where | undefined {
  return whereOfTexts(input.texts("where"), "--where");
}

/** The same of texts, which `given` names in errors. */
export function whereOfTexts(texts: readonly string[], given: string): Where | undefined {
  const conditions = texts.map((text) => parseCondition(text, given));
  return conditions.length === 0 ? undefined : { $and: conditions };
}

/** The columns that conditions name. */
export function columnsAsked(input: CommandInput): string[] {
  return columnsIn(input.texts("where"), "--where");
}

/** The same of texts. */
export function columnsIn(texts: readonly string[], given: string): string[] {
  return texts.map((text) => parted(text, given).column);
}

function parseCondition(text: string, given: string): Where {
  const { column, sign, value } = parted(text, given);
  const readings = readingsOf(value);
  switch (sign) {
    case "=":
      return { [column]: { in: readings } };
    case "!=":
      return { [column]: { not: { in: readings } } };
    case "~":
      return { [column]: { contains: value } };
    default:
      return { $or: readings.flatMap((reading) => limit(column, sign, reading)) };
  }
}

function parted(text: string, given: string): { column: string; sign: Sign; value: string } {
  const places = signs.map((sign) => ({ sign, at: text.indexOf(sign, 1) })).filter(({ at }) => at > 0);
  const [first] = places.sort((a, b) => a.at - b.at || b.sign.length - a.sign.length);
  if (first === undefined) {
    const expected = "a column, one of = != > >= < <= ~, and a value, such as order_id=A-17";
    throw new UsageError(`${given}: expected ${expected}, got ${kindOf(text)}`);
  }
  const { sign, at } = first;
  return { column: text.slice(0, at), sign, value: text.slice(at + sign.length) };
}

/** Everything that a value may mean. */
function readingsOf(text: string): WhereValue[] {
  const readings: WhereValue[] = [text];
  if (/^-?\d+$/.test(text)) readings.push(BigInt(text));
  if (text.trim() !== "" && !Number.isNaN(Number(text))) readings.push(Number(text));
  if (text === "NaN") readings.push(Number.NaN);
  if (text === "true" || text === "false") readings.push(text === "true");
  if (text === "null") readings.push(null);
  return readings;
}

function limit(column: string, sign: Sign, value: WhereValue): Where[] {
  if (value === null || typeof value === "boolean" || Number.isNaN(value)) return [];
  const names = { ">": "above", ">=": "atLeast", "<": "below", "<=": "atMost" } as const;
  const condition: WhereCondition = { [names[sign as keyof typeof names]]: value };
  return [{ [column]: condition }];
}
