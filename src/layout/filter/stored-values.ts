import type { Scalar } from "./filter.ts";

/** A value as files of either format are decoded: an instant is a bigint of microseconds since 1970 UTC. */
export type Stored = string | number | bigint | boolean | Uint8Array;

/**
 * A value as a column of that type would hold it; undefined when no value of the column can be compared with
 * it. `down`: it is a bound, which no value of the column need be equal to.
 */
export function storedAs(value: Scalar, type: string, down?: "down"): Stored | undefined {
  switch (type) {
    case "timestamp":
      return microsOf(value);
    case "int64":
      if (typeof value === "number" && Number.isInteger(value)) return BigInt(value);
      return typeof value === "bigint" || (typeof value === "number" && down) ? value : undefined;
    case "int32":
    case "float64":
      if (typeof value === "bigint") {
        const number = Number(value);
        // A bound may stay as exact as it is.
        return Number.isFinite(number) && BigInt(number) === value ? number : down && value;
      }
      return typeof value === "number" ? value : undefined;
    case "boolean":
      return typeof value === "boolean" ? value : undefined;
    case "string":
    case "json":
      return typeof value === "string" ? value : undefined;
    case "binary":
      return value instanceof Uint8Array ? value : undefined;
    default:
      // A list, or a type of files of others, of whose values little is known.
      return type.startsWith("list<") || value instanceof Date ? undefined : value;
  }
}

function microsOf(value: Scalar): bigint | undefined {
  const time = typeof value === "string" ? timeOfText(value) : value;
  if (!(time instanceof Date) || Number.isNaN(time.getTime())) return undefined;
  return BigInt(time.getTime()) * 1000n;
}

/** A date and time without a zone is local for JavaScript; everything that is stored is UTC. */
function timeOfText(text: string): Date | undefined {
  if (!/^\d{4}-\d\d/.test(text)) return undefined;
  return new Date(/T[\d:.]+$/.test(text) ? `${text}Z` : text);
}

/**
 * The order of two values, below, at or above 0: texts by their code points, as the bytes of files are
 * ordered. Undefined when they have none: they are of different kinds, or one is `NaN`.
 */
export function compareValues(a: unknown, b: Stored): number | undefined {
  if (typeof a === "string") return typeof b === "string" ? compareTexts(a, b) : undefined;
  if (a instanceof Uint8Array) return b instanceof Uint8Array ? Buffer.compare(a, b) : undefined;
  if (typeof a === "boolean") return typeof b === "boolean" ? Number(a) - Number(b) : undefined;
  const numbers =
    (typeof a === "number" || typeof a === "bigint") && (typeof b === "number" || typeof b === "bigint");
  if (!numbers) return undefined;
  if (a < b) return -1;
  if (a > b) return 1;
  // Not `===`: a bigint and a number can be worth the same, and NaN nothing.
  return a >= b ? 0 : undefined;
}

/** By code points: surrogates stand for what is above all other characters. */
function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [one, other] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (one !== other) return rank(one) - rank(other);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x1_0000 : unit;
}

/** Whether a text, or bytes that are one in UTF-8, have this part. */
export function contains(part: string): (value: unknown) => boolean {
  const bytes = Buffer.from(part);
  return (value) => {
    if (typeof value === "string") return value.includes(part);
    return (
      value instanceof Uint8Array && Buffer.from(value.buffer, value.byteOffset, value.length).includes(bytes)
    );
  };
}
