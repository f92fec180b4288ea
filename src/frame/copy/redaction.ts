import { createHmac } from "node:crypto";
import { types } from "node:util";
import { quote, reading, told, wrongKind, wrongValue } from "../../base/errors.ts";
import { hasFewDigits } from "../cell.ts";
import { jsonText } from "./json-text.ts";
import { plainValue } from "./plain-value.ts";
import { bytesOf } from "../typed-array.ts";
import { unreadable } from "../unreadable.ts";

/**
 * What to do with a column before anything of it is copied, by its name (letter case does not matter):
 *
 * - `"drop"`: the column is left out, and not even read
 * - `"mask"`: every value becomes `"***"`
 * - `{ hmacKey }`: every value becomes the 64 hex digits of the HMAC-SHA-256 of its text, so that equal
 *   values stay equal but nobody without the key can tell which they were
 * - `{ truncate: n }`: the first `n` characters (code points) of its text
 * - a function: what it returns. If it throws, or returns a promise, the value is dropped
 *
 * A null stays a null and is not shown to a function. The text of a value is a string itself, the digits of a
 * number or bigint, `true` or `false`, ISO 8601 of a Date (in milliseconds, which is all that a Date has),
 * the bytes of bytes, JSON of anything else.
 */
export type RedactOptions = Readonly<
  Record<
    string,
    "drop" | "mask" | { hmacKey: string | Uint8Array } | { truncate: number } | ((value: unknown) => unknown)
  >
>;

/** What to do with a column: leave it out, or replace each value (never null) by another. */
export type Redactor = "drop" | ((value: unknown) => unknown);

/** A rule, ready to be applied. */
export interface ResolvedRule {
  readonly redactor: Redactor;
  /**
   * The less it leaves, the less: 0 for a column left out, 1 for a mark, 2 for what tells equal values, 3 and
   * the number of characters for a part of the text; undefined for a function, of which nobody knows.
   */
  readonly leaves: number | undefined;
}

/** Resolved {@link RedactOptions}: lower-case column name → what to do. */
export type Redaction = ReadonlyMap<string, ResolvedRule>;

/** Longest text of an object that is hashed or truncated. */
const maxTextLength = 1 << 24;

/** Checks and resolves the user's options. Throws a TypeError or RangeError that starts with `where`. */
export function resolveRedaction(options: RedactOptions, where: string): Redaction {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw wrongKind(where, "an object of column names", options);
  }
  const redaction = new Map<string, ResolvedRule>();
  for (const [name, rule] of reading(where, () => Object.entries(options))) {
    const key = name.toLowerCase();
    if (redaction.has(key)) throw wrongValue(where, "names that differ in more than case", told(quote(name)));
    redaction.set(key, resolveRule(rule, `${where}.${name}`));
  }
  return redaction;
}

/** Both at once: of each column the stricter rule, and one of a function after it. */
export function strictestRedaction(own: Redaction, other: Redaction): Redaction {
  const both = new Map(own);
  for (const [name, rule] of other) {
    const known = both.get(name);
    both.set(name, known === undefined ? rule : stricterRule(known, rule));
  }
  return both;
}

function stricterRule(own: ResolvedRule, other: ResolvedRule): ResolvedRule {
  if (own.leaves !== undefined) return other.leaves !== undefined && other.leaves < own.leaves ? other : own;
  const [first, second] = [own.redactor, other.redactor];
  if (first === "drop" || second === "drop") return other;
  const after = (value: unknown): unknown => {
    const redacted = redactValue(first, value);
    return redacted === null || redacted === undefined ? null : second(redacted);
  };
  return { redactor: after, leaves: other.leaves };
}

/** The value after redaction. Never throws: what can not be redacted is dropped. */
export function redactValue(redactor: (value: unknown) => unknown, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (value === unreadable) return value;
  try {
    const redacted = redactor(value);
    if (typeof redacted !== "object" || redacted === null) return redacted;
    return types.isPromise(redacted) ? swallow(redacted) : redacted;
  } catch {
    return null;
  }
}

/** Checks and resolves one rule. Throws as {@link resolveRedaction} does. */
export function resolveRule(rule: unknown, where: string): ResolvedRule {
  const expected = '"drop", "mask", { hmacKey }, { truncate } or a function';
  if (rule === "drop") return { redactor: "drop", leaves: 0 };
  if (rule === "mask") return { redactor: () => "***", leaves: 1 };
  if (typeof rule === "function") return { redactor: rule as (value: unknown) => unknown, leaves: undefined };
  if (typeof rule === "string") throw wrongValue(where, expected, rule);
  if (typeof rule !== "object" || rule === null) throw wrongKind(where, expected, rule);
  const keys = reading(where, () => Object.keys(rule));
  if (keys.length !== 1) throw wrongValue(where, expected, rule);
  const options = rule as { hmacKey?: unknown; truncate?: unknown };
  if (keys[0] === "hmacKey") return hmac(options.hmacKey, `${where}.hmacKey`);
  if (keys[0] === "truncate") return truncation(options.truncate, `${where}.truncate`);
  throw wrongValue(where, expected, rule);
}

function hmac(key: unknown, where: string): ResolvedRule {
  if (typeof key !== "string" && !types.isUint8Array(key)) {
    throw wrongKind(where, "a string or Uint8Array", key);
  }
  if (key.length === 0) throw wrongValue(where, "a key that is not empty", "");
  const secret = Buffer.from(key as string);
  return { redactor: (value) => createHmac("sha256", secret).update(textOf(value)).digest("hex"), leaves: 2 };
}

function truncation(length: unknown, where: string): ResolvedRule {
  if (typeof length !== "number") throw wrongKind(where, "a whole number of characters", length);
  if (!Number.isSafeInteger(length) || length < 0)
    throw wrongValue(where, "a whole number of at least 0", length);
  const redactor = (value: unknown): string => {
    const text = textOf(value);
    return firstCodePoints(typeof text === "string" ? text : Buffer.from(text).toString("base64"), length);
  };
  return { redactor, leaves: 3 + length };
}

function firstCodePoints(text: string, count: number): string {
  if (text.length <= count) return text;
  let at = 0;
  for (let i = 0; i < count && at < text.length; i++) at += (text.codePointAt(at) as number) > 0xffff ? 2 : 1;
  return text.slice(0, at);
}

function textOf(value: unknown): string | Uint8Array {
  if (typeof value === "string") return value;
  if (typeof value === "bigint" && !hasFewDigits(value)) throw new Error("no text");
  if (typeof value !== "object" || value === null) return String(value);
  const bytes = bytesOf(value);
  if (bytes !== undefined) return bytes;
  if (types.isDate(value)) return Date.prototype.toISOString.call(value);
  const plain = Array.isArray(value) || types.isMap(value) || types.isSet(value) ? value : plainValue(value);
  if (typeof plain !== "object" || plain === null) return textOf(plain ?? null);
  const json = jsonText(plain, maxTextLength);
  if (json.status !== "ok") throw new Error("no text");
  return json.text;
}

/**
 * An asynchronous redactor comes too late: its value is dropped, and its failure is nobody's unhandled
 * rejection.
 */
function swallow(promise: Promise<unknown>): null {
  promise.catch(() => undefined);
  return null;
}
