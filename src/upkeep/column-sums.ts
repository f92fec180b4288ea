import { crc32 } from "../base/checksum.ts";
import type { TableRows } from "../codec/parquet/tables/table-writer.ts";
import type { ColumnType } from "../layout/column-type.ts";
import type { Schema } from "../layout/schema.ts";

/** Checksums of columns, over their values in the order of rows, in whatever batches these come. */
export class ColumnSums {
  readonly #schema: Schema;
  /** Of each column the sum of its values, and that of where it has none. */
  readonly #sums: Map<string, [values: number, nulls: number]>;
  #rows = 0;

  constructor(schema: Schema) {
    this.#schema = schema;
    this.#sums = new Map(Array.from(schema.keys(), (name) => [name, [0, 0]]));
  }

  get rows(): number {
    return this.#rows;
  }

  /** Adds rows; a column that they lack is null in them. */
  add({ length, columns }: TableRows): void {
    for (const [name, type] of this.#schema) {
      const sum = this.#sums.get(name);
      const values = columns.get(name);
      if (sum === undefined) continue;
      for (let start = 0; start < length; start += atOnce)
        addValues(sum, type, values, start, Math.min(length, start + atOnce));
    }
    this.#rows += length;
  }

  /** The first column that is not the same in both, or "rows"; undefined if all is. */
  differsIn(other: ColumnSums): string | undefined {
    if (this.#rows !== other.#rows) return "rows";
    for (const [name, [values, nulls]] of this.#sums) {
      const [others, otherNulls] = other.#sums.get(name) ?? [];
      if (values !== others || nulls !== otherNulls) return name;
    }
    return undefined;
  }
}

/** So many values are looked at together, in buffers of that size. */
const atOnce = 8_192;

function addValues(
  sum: [values: number, nulls: number],
  type: ColumnType,
  values: ArrayLike<unknown> | undefined,
  start: number,
  end: number,
): void {
  const nulls = new Uint8Array(end - start);
  const isNull = (value: unknown, at: number): boolean => {
    if (value !== null && value !== undefined) return false;
    nulls[at] = 1;
    return true;
  };
  let bytes: Uint8Array;
  if (type === "float64" || type === "int32" || type === "boolean") {
    const numbers = new Float64Array(end - start);
    for (let i = start; i < end; i++) {
      const value = values?.[i];
      if (!isNull(value, i - start)) numbers[i - start] = Number(value);
    }
    bytes = new Uint8Array(numbers.buffer);
  } else if (type === "int64" || type === "timestamp") {
    const numbers = new BigInt64Array(end - start);
    for (let i = start; i < end; i++) {
      const value = values?.[i];
      if (!isNull(value, i - start)) numbers[i - start] = value as bigint;
    }
    bytes = new Uint8Array(numbers.buffer);
  } else {
    const texts = new Array<string>(end - start + 1).fill("");
    for (let i = start; i < end; i++) {
      const value = values?.[i];
      if (!isNull(value, i - start)) texts[i - start] = textOf(value);
    }
    bytes = Buffer.from(texts.join("\0"));
  }
  sum[0] = crc32(bytes, sum[0]);
  sum[1] = crc32(nulls, sum[1]);
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("latin1");
  if (Array.isArray(value)) return `[${value.map((item) => `${typeof item}:${textOf(item)}`).join()}]`;
  return String(value);
}
