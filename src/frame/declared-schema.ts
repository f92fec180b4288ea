import { quote, reading, told, wrongKind, wrongValue } from "../base/errors.ts";
import {
  type ColumnType,
  type KeyScalar,
  type KeyType,
  type ListType,
  type ScalarType,
  parseType,
  scalarTypes,
  typeText,
} from "../layout/column-type.ts";
import { nameProblem } from "../layout/column-names.ts";
import type { Schema } from "../layout/schema.ts";

/** Declared types by column name: `{ distance: "int64", tags: list("string"), order_id: key("string") }`. */
export type SchemaOptions = Readonly<Record<string, Exclude<ScalarType, "int32"> | ListType | KeyType>>;

/** What a cell of a type may be in TypeScript; null and undefined are always allowed. */
interface CellOf {
  float64: number;
  int64: number | bigint;
  int32: number | bigint;
  boolean: boolean;
  string: string;
  timestamp: Date;
  binary: Uint8Array | ArrayBuffer;
  json: unknown;
}

/** The row that a declared schema describes. */
export type RowOf<S extends SchemaOptions> = {
  [K in keyof S]: S[K] extends { readonly list: infer E extends ScalarType }
    ? readonly (CellOf[E] | null | undefined)[] | ListArray<CellOf[E]> | null | undefined
    : S[K] extends { readonly key: infer E extends KeyScalar }
      ? CellOf[E] | null | undefined
      : S[K] extends keyof CellOf
        ? CellOf[S[K]] | null | undefined
        : never;
};

type ListArray<T> = number extends T ? NumberArray : never;

type NumberArray =
  | Int8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/**
 * A data frame of a library, whose columns TypeScript cannot see: danfojs, Apache Arrow, flechette, Polars,
 * Arquero.
 */
export type LibraryFrame =
  /** danfojs `DataFrame`, `Series` */
  | { readonly $isSeries: boolean; readonly $data: unknown; toCSV: unknown }
  | { readonly ndim: number; readonly dtypes: readonly string[]; readonly shape: readonly number[] }
  /** Apache Arrow `Table`, `RecordBatch`; flechette `Table` */
  | {
      readonly schema: { readonly fields: readonly unknown[] };
      readonly numRows: number;
      readonly numCols: number;
    }
  /** Arquero `ColumnTable` */
  | { numRows(): number; numCols(): number; columnNames(): string[] }
  /** nodejs-polars `DataFrame` */
  | { readonly width: number; readonly height: number; getColumns(): unknown };

/**
 * The frames of which every column fits `Row`: an array of rows, an object of column arrays, or a library's
 * frame, which is checked at run time only.
 */
export type FrameOf<Row> = readonly Row[] | { readonly [K in keyof Row]: ArrayLike<Row[K]> } | LibraryFrame;

/** Declared types, and which of the columns are keys. */
export class DeclaredSchema extends Map<string, ColumnType> {
  /** Names of the keys. */
  readonly keyed: Set<string> = new Set();
}

/** Checks and resolves declared types. Throws a TypeError or RangeError that starts with `where`. */
export function resolveSchema(options: SchemaOptions, where: string): DeclaredSchema {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw wrongKind(where, "an object of column types", options);
  }
  const schema = new DeclaredSchema();
  const seen = new Set<string>();
  for (const [name, type] of reading(where, () => Object.entries(options))) {
    const problem = nameProblem(name);
    if (problem !== undefined) throw wrongValue(where, `a good column name (${problem})`, told(quote(name)));
    if (seen.has(name.toLowerCase()))
      throw wrongValue(where, "names that differ in more than case", told(quote(name)));
    seen.add(name.toLowerCase());
    const place = `${where}.${name}`;
    const element = keyElement(type, place);
    if (element !== undefined) schema.keyed.add(name);
    schema.set(name, element ?? resolveType(type, place));
  }
  return schema;
}

/** The type of a key; undefined for what is none. */
function keyElement(type: unknown, where: string): KeyScalar | undefined {
  if (typeof type !== "object" || type === null) return undefined;
  const element = reading(where, () => (type as { key?: unknown }).key);
  if (element === undefined) return undefined;
  if (element === "string" || element === "int64") return element;
  throw wrongValue(where, 'key("string") or key("int64")', element);
}

function resolveType(type: unknown, where: string): ColumnType {
  const names = scalarTypes.filter((name) => name !== "int32").map((name) => JSON.stringify(name));
  const expected = `${names.join(", ")}, list(…) of one of them, or key(…)`;
  const element: unknown =
    typeof type === "object" && type !== null
      ? reading(where, () => (type as { list?: unknown }).list)
      : type;
  if (typeof element !== "string") throw wrongKind(where, expected, type);
  const scalar = parseType(element);
  if (scalar === undefined || typeof scalar !== "string" || scalar === "int32")
    throw wrongValue(where, expected, element);
  return element === type ? scalar : Object.freeze({ list: scalar });
}

/** Declared types as texts, for a batch's header: those of `typeText`, in `key<…>` for a key. */
export function declaredTexts(schema: Schema): Record<string, string> {
  // Without a prototype, so that a column may be named __proto__.
  const texts: Record<string, string> = Object.create(null);
  const keyed = schema instanceof DeclaredSchema ? schema.keyed : noKeys;
  for (const [name, type] of schema) {
    const text = typeText(type);
    texts[name] = keyed.has(name) ? `${keyPrefix}${text}>` : text;
  }
  return texts;
}

/** The columns that are keys, in such texts. */
export function declaredKeys(texts: Readonly<Record<string, string>>): string[] {
  return Object.keys(texts).filter((name) => texts[name]?.startsWith(keyPrefix));
}

const keyPrefix = "key<";
const noKeys: ReadonlySet<string> = new Set();
