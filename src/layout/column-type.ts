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

/** The types that a key can have. */
export type KeyScalar = "string" | "int64";

/** A column whose values are looked up one by one: an order number, a customer. */
export interface KeyType {
  readonly key: KeyScalar;
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
 * A key, for schemas: a column of that type by whose values rows are looked up. Each file then has a Bloom
 * filter of it, 7 to 14 bits a value, from which a reader learns that a value is not there, so that one order
 * number is found as quickly as a correlation id. Files say the same with or without it.
 *
 * @example
 * ```ts
 * import { Collector, key } from "model-data-collector";
 *
 * const inputs = new Collector({ name: "model_inputs", schema: { order_id: key("string") } });
 * inputs.collect([{ order_id: "A-17" }]);
 * ```
 */
export function key<const T extends KeyScalar>(type: T): { readonly key: T } {
  return { key: type };
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
