import { ownJson } from "../base/own-json.ts";
import type { ScalarType } from "../layout/column-type.ts";
import { reasonKey } from "../layout/system-columns.ts";

/**
 * What becomes of a value. The rules hold for every kind of frame; nothing is changed silently.
 *
 * | A cell | is stored as |
 * |---|---|
 * | number | float64, always: `NaN`, the infinities and `-0` are kept |
 * | bigint | int64; beyond 64 bits it is rejected, with all its digits, as text (of more than 4,096 digits: with the reason alone) |
 * | element of an integer typed array, Arrow or Polars integer | int64; an unsigned one of 2^63 or more is rejected |
 * | element of a `Float16Array`, `Float32Array`, `Float64Array`, Arrow or Polars float | float64 |
 * | boolean | boolean |
 * | string | string; one with a lone surrogate is rejected, as JSON text with the surrogate escaped |
 * | string or JSON text of more than `maxStringBytes` | its beginning and a mark (`cut-text.ts`) |
 * | Date; Arrow or Polars timestamp (UTC where it has no zone), date | timestamp in microseconds (nanoseconds that are no whole microsecond: rejected) |
 * | invalid Date | rejected |
 * | Uint8Array, Buffer, ArrayBuffer, SharedArrayBuffer, DataView; Arrow or Polars binary | binary |
 * | array or other typed array of one kind of scalar, with or without nulls | list of that scalar |
 * | array without any value (`[]`, `[null]`) | a list like the column's others; while there are none, kept in `mdc_rejected` |
 * | array of mixed kinds, or of arrays or objects | JSON text |
 * | plain object, class instance, Map, Set; Arrow or Polars struct, map | JSON text (`json-text.ts`) |
 * | Arrow or Polars decimal, time, duration | string, all digits: `123.45`, `12:34:56.789`, `-100:00:00.000` |
 * | Arrow interval | string, ISO 8601 with a sign for each part: `P14M`, `P3DT4.005S` |
 * | Arrow union | JSON text, so that its column has one type whichever member comes first |
 * | Error | JSON text of its name, message, cause and own properties (`plain-value.ts`) |
 * | RegExp; an object whose `toJSON` gives a primitive; a boxed primitive | string `/a+/i`; that primitive |
 * | null, undefined, a hole, an absent key | null |
 * | function, symbol, promise, WeakMap, WeakSet, what was transferred away | rejected, with the reason |
 * | a cycle, more than 64 levels, whatever throws when it is read (a getter, `toJSON`, a revoked Proxy) | rejected, with the reason |
 *
 * Kinds are told by the engine's own brands, never by `instanceof`: values of another realm are what they are
 * here.
 *
 * In a column with a declared type, a value that the type can hold exactly is stored under it (see
 * `declared-cell.ts`). A value of another type than its column's pinned one goes to `mdc_rejected`, except
 * NaN, which danfojs puts for a missing value: in a column that is not numeric it is null, and while a column
 * has nothing else it has no type yet.
 *
 * A `Cell` is a value after the caller's mutable objects have been copied: a primitive, or a box of known
 * kind.
 */
export type Cell = number | string | boolean | bigint | null | undefined | BoxedCell;

/**
 * A value that no primitive stands for. All boxes have the same three fields, so that the engine sees one
 * shape.
 *
 * - `timestamp`: milliseconds (number) or microseconds (bigint) since 1970 UTC
 * - `json`, `rejected`: a JSON text
 * - `binary`: bytes that nobody else can change
 * - `list`: cells of the type `element`, or null; `element` is undefined when there is no value among them
 */
export type BoxedCell =
  | { readonly kind: "timestamp"; readonly value: number | bigint; readonly element: undefined }
  | { readonly kind: "json" | "rejected"; readonly value: string; readonly element: undefined }
  | { readonly kind: "binary"; readonly value: Uint8Array; readonly element: undefined }
  | { readonly kind: "list"; readonly value: readonly Cell[]; readonly element: ScalarType | undefined };

/** Numbers of one type in bulk, and which rows have one. */
export interface NumericCells {
  /** The type of all values. */
  readonly type: "float64" | "int64" | "timestamp";
  /** Index of the first row's slot in `data`. */
  readonly start: number;
  /**
   * A slot per row, null or not, from `start` on. int64: whole numbers or bigint; timestamp: microseconds as
   * bigint.
   */
  readonly data: ArrayLike<number> | BigInt64Array;
  /** Bit per row, least significant first, 1 = has a value; undefined when every row has one. */
  readonly validity: Uint8Array | undefined;
}

/** A box with an instant: milliseconds as a number or microseconds as a bigint. */
export function timestampCell(value: number | bigint): BoxedCell {
  return { kind: "timestamp", value, element: undefined };
}

/** A box with a JSON text. */
export function jsonCell(value: string): BoxedCell {
  return { kind: "json", value, element: undefined };
}

/** A box with a JSON text of what no column can hold. */
export function rejectedCell(value: string): BoxedCell {
  return { kind: "rejected", value, element: undefined };
}

/** A box with the reason why a value can not be stored: `{"mdc_reason":"a function"}`. */
export function unstorableCell(reason: string): BoxedCell {
  return rejectedCell(ownJson({ [reasonKey]: reason }));
}

/** A box with bytes, which the caller gives away. */
export function binaryCell(value: Uint8Array): BoxedCell {
  return { kind: "binary", value, element: undefined };
}

/** A box with a list. */
export function listCell(element: ScalarType | undefined, value: readonly Cell[]): BoxedCell {
  return { kind: "list", value, element };
}

/** The least and the greatest int64. */
export const int64Min: bigint = -(2n ** 63n);
export const int64Max: bigint = 2n ** 63n - 1n;

/**
 * True when its digits can be written while the caller waits: there are at most 4,096 of them. To write more
 * takes ever more time for each, seconds for a million.
 */
export function hasFewDigits(value: bigint): boolean {
  return value < tooManyDigits && value > -tooManyDigits;
}

const tooManyDigits = 10n ** 4_096n;
/** Why a bigint is not stored. */
export const manyDigits = "a bigint of more than 4096 digits";

/** True when an int64 can hold it. */
export function fitsInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}
