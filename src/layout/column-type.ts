/**
 * The types a column can have, in memory and in a file. The set is small on purpose: every one of them reads
 * back with the same meaning in DuckDB, Spark, Trino, pandas, Arrow and Delta.
 */

/** The type of one value. */
export type ScalarType =
  /** IEEE 754 double: every JS number, `NaN` and `-0` included. */
  | "float64"
  /** Signed 64-bit integer: `bigint`, integer typed arrays, or declared. */
  | "int64"
  /** Signed 32-bit integer. Used by system columns. */
  | "int32"
  /** `true` or `false`. */
  | "boolean"
  /** Unicode text, stored as UTF-8. */
  | "string"
  /** An instant with microsecond resolution, UTC: `Date`. */
  | "timestamp"
  /** Bytes: `Uint8Array`, `Buffer`, `ArrayBuffer`. */
  | "binary"
  /** Any JSON value, stored as its text. */
  | "json";

/** A list of scalars of one type; a cell can be null, a list, and a list's element can be null. */
export interface ListType {
  readonly list: ScalarType;
}

/** The type of a column. */
export type ColumnType = ScalarType | ListType;

/**
 * A list type, for schemas.
 *
 * @example
 * ```ts
 * import { Collector, list } from "model-data-collector";
 *
 * const schema = { tags: list("string"), scores: list("float64") };
 * const inputs = new Collector({ name: "model_inputs", schema });
 * inputs.collect([{ tags: ["red", null], scores: [0.5] }]);
 * ```
 */
export function list<const T extends ScalarType>(element: T): { readonly list: T } {
  return { list: element };
}

/**
 * A type as text, one to one: `float64`, `list<string>`. Used in schemas on disk, fingerprints and messages.
 */
export function typeText(type: ColumnType): string {
  return typeof type === "string" ? type : `list<${type.list}>`;
}

/** All scalar types. */
export const scalarTypes: readonly ScalarType[] = [
  "float64",
  "int64",
  "int32",
  "boolean",
  "string",
  "timestamp",
  "binary",
  "json",
];

/** The type of a text made by {@link typeText}, or undefined. */
export function parseType(text: string): ColumnType | undefined {
  const element = /^list<(.+)>$/.exec(text)?.[1];
  const scalar = scalarTypes.find((type) => type === (element ?? text));
  if (scalar === undefined) return undefined;
  return element === undefined ? scalar : { list: scalar };
}

/** True when both are the same type. */
export function sameType(a: ColumnType, b: ColumnType): boolean {
  return typeText(a) === typeText(b);
}
