import { wrongKind, wrongValue } from "../../base/errors.ts";
import { type Parser, plainObject, share } from "../../base/fields.ts";
import type { RollingRate } from "../../layout/partition.ts";
import { modelText } from "../setting-kinds.ts";
import { type ModelReference, readModelReference } from "./model-reference.ts";

/** What {@link parseSwitch} takes, in messages. */
export const switchText = "'True' or 'False'";

/** Azure ML wants these quoted; as YAML's own they are understood too. */
export const parseSwitch: Parser<boolean> = (value, where) => {
  const word = String(value).toLowerCase();
  if (typeof value !== "boolean" && typeof value !== "string") throw wrongKind(where, switchText, value);
  if (word !== "true" && word !== "false") throw wrongValue(where, switchText, value);
  return word === "true";
};

/**
 * Whether what YAML 1.2 takes for a number is a text in YAML 1.1, which Azure's tools read (PyYAML 6, its
 * resolver): exponents without a point or without a sign, as in a hash that is a version, and `0o17`.
 */
export function isTextToAzure(source: string): boolean {
  if (source.startsWith("0o")) return true;
  return /e/i.test(source) && !source.startsWith("0x") && !/\..*e[-+]/i.test(source);
}

/** A number; Azure's own tools take it in quotes too, as Python's `float` reads it. */
export function unquotedNumber(value: unknown): unknown {
  if (typeof value !== "string") return value;
  const word = value.trim();
  return /^[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)(e[+-]?\d+)?$/i.test(word)
    ? Number(word.replaceAll("_", ""))
    : value;
}

/** A share, in quotes or not. */
export const parseShare: Parser<number> = (value, where) => share(unquotedNumber(value), where);

/** A share in percent, as the platform tells it to its own data collector. */
export const parsePercentage: Parser<number> = (given, where) => {
  const expected = "a number from 0 to 100";
  const value = unquotedNumber(given);
  if (typeof value !== "number") throw wrongKind(where, expected, value);
  if (!(value >= 0 && value <= 100)) throw wrongValue(where, expected, value);
  return value / 100;
};

export const parseRollingRate: Parser<RollingRate> = (value, where) => {
  const expected = '"Day", "Hour" or "Minute"';
  if (typeof value !== "string") throw wrongKind(where, expected, value);
  const rate = value.toLowerCase();
  if (rate !== "day" && rate !== "hour" && rate !== "minute") throw wrongValue(where, expected, value);
  return rate;
};

/** The name of what `model` refers to; undefined if that tells none. */
export const parseModelName: Parser<string | undefined> = (value, where) =>
  parseModel(value, where)?.name ?? undefined;

/** The same of its version. */
export const parseModelVersion: Parser<string | undefined> = (value, where) =>
  parseModel(value, where)?.version ?? undefined;

const parseModel: Parser<ModelReference | undefined> = (value, where) => {
  if (typeof value === "string") {
    const reference = readModelReference(value);
    if (reference === "malformed") {
      throw wrongValue(where, "azureml:<name>:<version> or azureml:<name>@<label>", value);
    }
    return reference;
  }
  // Defined in place: all but these two say where its files are.
  const { name, version } = plainObject(value, where);
  const textOf = (part: unknown, key: string): string | null =>
    part === undefined || part === null ? null : modelText(String(part), `${where}.${key}`);
  return { name: textOf(name, "name"), version: textOf(version, "version") };
};
