import { basename, resolve } from "node:path";
import { asError, kindOf, messageOf, quote, told, wrongKind, wrongValue } from "../../base/errors.ts";
import { parseFileFields, type Parser, type Place, plainObject, share, text } from "../../base/fields.ts";
import { readTextFile } from "../../base/files/text-file.ts";
import { unquotedNumber } from "../../config/file/azure-values.ts";
import type { AttributionMonitor } from "../../monitor/run/monitor-options.ts";
import { csvRecords } from "../../operator/labels/csv.ts";
import { type CommandInput, type CommandOptions, UsageError } from "../command.ts";

/** The options, for the commands that judge drift. */
export const attributionOptions: CommandOptions = {
  "baseline-importances": {
    type: "string",
    value: "<file>",
    description: "how much each feature mattered to the model then: JSON by name, or CSV of two columns",
  },
  "production-importances": {
    type: "string",
    value: "<file>",
    description: "how much it matters now; judged by --threshold NormalizedDiscountedCumulativeGain=0.9",
  },
};

/** The metric that is asked of importances, as results spell it. */
export const attributionMetric = "NormalizedDiscountedCumulativeGain";

type Importances = AttributionMonitor["baseline"];

/** Importances, or the file that they are in, which is read later. */
export type GivenImportances = Importances | { readonly path: string; readonly where: string };

/** What is said of attributions, perhaps not all of it. */
export interface GivenAttribution {
  readonly baseline?: GivenImportances;
  readonly production?: GivenImportances;
  readonly threshold?: number;
}

/** What a `monitor.yml` says of attributions; files stand beside it. */
export function parseAttribution(value: unknown, place: Place, folder: string): GivenAttribution {
  const importances: Parser<GivenImportances> = (given, where) =>
    typeof given === "string"
      ? { path: resolve(folder, text(4096)(given, where)), where }
      : parseImportances(given, where);
  return parseFileFields<GivenAttribution>(value, place, {
    baseline: importances,
    production: importances,
    threshold: share,
  });
}

/** What the command line says of attributions, over what a file says of them; undefined when none does. */
export function attributionOption(
  input: CommandInput,
  said: GivenAttribution | undefined,
  threshold: number | undefined,
): GivenAttribution | undefined {
  const sides = (["baseline", "production"] as const).flatMap((side) => {
    const option = `${side}-importances`;
    const path = input.text(option);
    return path === undefined ? [] : [[side, { path, where: `--${option}` }] as const];
  });
  const given = { ...said, ...Object.fromEntries(sides), ...(threshold === undefined ? {} : { threshold }) };
  return said === undefined && Object.keys(given).length === 0 ? undefined : given;
}

/** With the importances that stand in files. {@link UsageError} when those of one side are not known. */
export async function readAttribution(given: GivenAttribution): Promise<AttributionMonitor> {
  const { threshold } = given;
  const sides = (["baseline", "production"] as const).map(async (side) => {
    const one = given[side];
    if (one === undefined)
      throw new UsageError(`--${side}-importances: expected a file, for those of the other side are given`);
    return isInFile(one) ? await readImportances(one.path, one.where) : one;
  });
  const [baseline, production] = (await Promise.all(sides)) as [Importances, Importances];
  return { baseline, production, ...(threshold === undefined ? {} : { threshold }) };
}

function isInFile(given: GivenImportances): given is { readonly path: string; readonly where: string } {
  return typeof given["path"] === "string";
}

/** A thousand features with long names, many times. */
const maxBytes = 16 * 2 ** 20;

/** Importances by name: a JSON object, or CSV of two columns, whose first line may be a head. */
async function readImportances(path: string, where: string): Promise<Importances> {
  const place = `${where} ${quote(basename(path))}`;
  let content: string;
  try {
    content = readTextFile(path, maxBytes);
  } catch (thrown) {
    throw new UsageError(`${where}: cannot be read: ${messageOf(asError(thrown))}`);
  }
  if (!/^\ufeff?\s*[{[]/.test(content)) return await importancesOfCsv(content, place);
  let kept: unknown;
  try {
    kept = JSON.parse(content.replace(/^\ufeff/, ""));
  } catch {
    throw wrongValue(place, "JSON, or CSV of two columns", told("other text"));
  }
  return parseImportances(kept, place);
}

async function importancesOfCsv(content: string, place: string): Promise<Importances> {
  const found = new Map<string, number>();
  let record = 0;
  for await (const [name = "", amount, ...rest] of csvRecords(once(content))) {
    record++;
    const where = `${place}, record ${record}`;
    if (amount === undefined || rest.length > 0 || name === "")
      throw wrongValue(where, "a feature and its importance", told(`${rest.length + 2} fields`));
    if (record === 1 && !isNumber(amount)) continue;
    if (found.has(name)) throw wrongValue(where, "each feature once", told(quote(name)));
    found.set(name, importanceOf(isNumber(amount) ? Number(amount) : amount, where));
  }
  if (found.size === 0) throw wrongValue(place, "at least one feature", told("none"));
  return Object.fromEntries(found);
}

function isNumber(amount: string): boolean {
  return amount.trim() !== "" && !Number.isNaN(Number(amount));
}

async function* once(content: string): AsyncGenerator<string> {
  yield content;
}

const parseImportances: Parser<Importances> = (value, where) => {
  const entries = Object.entries(plainObject(value, where)).map(
    ([name, given]) => [name, importanceOf(unquotedNumber(given), `${where}.${name}`)] as const,
  );
  if (entries.length === 0) throw wrongValue(where, "at least one feature", told("none"));
  return Object.fromEntries(entries);
};

function importanceOf(value: unknown, where: string): number {
  const expected = "a finite number from 0 on";
  if (typeof value !== "number") throw wrongKind(where, expected, told(kindOf(value)));
  if (!(value >= 0 && value < Infinity)) throw wrongValue(where, expected, value);
  return value;
}
