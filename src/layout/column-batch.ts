import type { Row } from "./row.ts";

/** Some rows of one file, by column. */
export interface ColumnBatch {
  /** How many rows. */
  readonly length: number;
  /**
   * Values by column, `length` of them each, as {@link Row} says. Numbers without a null among them are a
   * typed array (`Float64Array`, `Int32Array`, `BigInt64Array`), which data frames and Arrow take as it is;
   * everything else is an array.
   */
  readonly columns: ReadonlyMap<string, ArrayLike<unknown>>;
  /** The type of each column that the file has: `float64`, `string`, `list<string>`, … */
  readonly types: ReadonlyMap<string, string>;
  /** The same as objects. */
  rows(): Row[];
}

/** A batch of columns of one length. */
export function columnBatch(
  length: number,
  columns: ReadonlyMap<string, ArrayLike<unknown>>,
  types: ReadonlyMap<string, string>,
): ColumnBatch {
  return {
    length,
    columns,
    types,
    rows() {
      const entries = [...columns];
      // Assigning is three times as fast, but `row["__proto__"] = …` would set no property.
      const special = columns.has("__proto__");
      return Array.from({ length }, (_, i) => {
        if (special) return Object.fromEntries(entries.map(([name, values]) => [name, values[i] ?? null]));
        const row: Row = {};
        for (const [name, values] of entries) row[name] = values[i] ?? null;
        return row;
      });
    },
  };
}

/** The columns, those of numbers of which none is missing as typed arrays. */
export function withNumbers(
  columns: ReadonlyMap<string, ArrayLike<unknown>>,
  types: ReadonlyMap<string, string>,
): ReadonlyMap<string, ArrayLike<unknown>> {
  return new Map([...columns].map(([name, values]) => [name, numbersOf(values, types.get(name))]));
}

function numbersOf(values: ArrayLike<unknown>, type: string | undefined): ArrayLike<unknown> {
  if (ArrayBuffer.isView(values)) return values;
  if (type === "float64") return filled(new Float64Array(values.length), values, "number");
  if (type === "int32") return filled(new Int32Array(values.length), values, "number");
  return type === "int64" ? filled(new BigInt64Array(values.length), values, "bigint") : values;
}

function filled(
  numbers: Float64Array | Int32Array | BigInt64Array,
  values: ArrayLike<unknown>,
  kind: "number" | "bigint",
): ArrayLike<unknown> {
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== kind) return values;
    numbers[i] = value as never;
  }
  return numbers;
}

/** Some rows of a batch; numbers are not copied. */
export function rowsOf({ columns, types }: ColumnBatch, start: number, end: number): ColumnBatch {
  const taken = [...columns].map(([name, values]) => [name, valuesOf(values, start, end)] as const);
  return columnBatch(end - start, new Map(taken), types);
}

/** A batch in parts of at most so many rows. */
export function* partsOf(batch: ColumnBatch, rows: number): Generator<ColumnBatch, void, undefined> {
  if (batch.length <= rows) yield batch;
  else
    for (let start = 0; start < batch.length; start += rows)
      yield rowsOf(batch, start, Math.min(batch.length, start + rows));
}

function valuesOf(values: ArrayLike<unknown>, start: number, end: number): ArrayLike<unknown> {
  return ArrayBuffer.isView(values)
    ? (values as unknown as Float64Array).subarray(start, end)
    : Array.prototype.slice.call(values, start, end);
}
