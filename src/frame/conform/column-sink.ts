import { setBit } from "../../base/bitmap.ts";
import type { BatchColumn, ListElements, Values } from "../batch.ts";
import { bigintRange, numberRange } from "../value-range.ts";
import type { StoredCell } from "./stored-cell.ts";
import type { ColumnType, ScalarType } from "../../layout/column-type.ts";

/**
 * Builds a column of one type from one row after another, in memory outside of V8's heap: what it holds may
 * be as large as a frame. Every row, or item, is given by one call of `skip`, `put`, `putBytes` or `putList`.
 */
export class ColumnSink {
  /** Of a list column: takes the items of a list after {@link putList}. */
  readonly items: ColumnSink | undefined;
  readonly #type: ColumnType;
  #rows = 0;
  #count = 0;
  #bits: Uint8Array = new Uint8Array(64);
  #data: NumberArray;
  #bytes: Uint8Array = nothing;
  #used = 0;

  constructor(type: ColumnType) {
    this.#type = type;
    this.#data = arrayFor(type, 64);
    this.items = typeof type === "object" ? new ColumnSink(type.list) : undefined;
  }

  /** How many rows have a value. */
  get count(): number {
    return this.#count;
  }

  /** A row without a value. */
  skip(): void {
    this.#rows++;
  }

  /** A value that is no list; it must be of the column's type. */
  put(cell: StoredCell): void {
    if (typeof cell === "string") return this.#putText(cell);
    if (cell instanceof Uint8Array) return this.putBytes(cell, 0, cell.length);
    this.#number(cell as number | bigint | boolean);
  }

  /** A value of a column of bytes: those from `start` to `end` of `source`. */
  putBytes(source: Uint8Array, start: number, end: number): void {
    const at = this.#reserve(end - start);
    this.#bytes.set(source.subarray(start, end), at);
  }

  /** A list of `length` items, which {@link items} is then given. */
  putList(length: number): void {
    this.#number(length);
  }

  /** The column. It keeps the memory. */
  column(name: string): BatchColumn {
    return { name, type: this.#type, validity: this.#validity(), count: this.#count, values: this.#values() };
  }

  #elements(): ListElements {
    return { total: this.#rows, validity: this.#validity(), count: this.#count, values: this.#values() };
  }

  #validity(): Uint8Array | undefined {
    return this.#count === this.#rows
      ? undefined
      : grown(this.#bits, this.#rows >> 3).subarray(0, (this.#rows + 7) >> 3);
  }

  #values(): Values {
    const data = this.#data.subarray(0, this.#count);
    const type = this.#type;
    if (typeof type === "object") {
      return { kind: "list", lengths: data as Uint32Array, elements: (this.items as ColumnSink).#elements() };
    }
    switch (type) {
      case "float64":
        return { kind: "float64", data: data as Float64Array, ...numberRange(data as Float64Array) };
      case "int32":
        return { kind: "int32", data: data as Int32Array, ...numberRange(data as Int32Array) };
      case "int64":
      case "timestamp":
        return { kind: "int64", data: data as BigInt64Array, ...bigintRange(data as BigInt64Array) };
      case "boolean":
        return { kind: "boolean", data: data as Uint8Array };
      case "string":
      case "json":
      case "binary":
        return { kind: "bytes", count: this.#count, data: this.#bytes.subarray(0, this.#used) };
    }
  }

  #number(value: number | bigint | boolean): void {
    const at = this.#hold();
    this.#data = grown(this.#data, at);
    (this.#data as { [index: number]: number | bigint })[at] =
      typeof value === "boolean" ? Number(value) : value;
  }

  #putText(text: string): void {
    const length = Buffer.byteLength(text);
    const at = this.#reserve(length);
    Buffer.from(this.#bytes.buffer, at, length).write(text, "utf8");
  }

  /** Room for a value of so many bytes, its length before it; where it begins. */
  #reserve(length: number): number {
    this.#hold();
    const start = this.#used;
    this.#bytes = grown(this.#bytes, start + 4 + length);
    new DataView(this.#bytes.buffer).setUint32(start, length, true);
    this.#used = start + 4 + length;
    return start + 4;
  }

  /** The next row has a value; its index among the values. */
  #hold(): number {
    const row = this.#rows++;
    this.#bits = grown(this.#bits, row >> 3);
    setBit(this.#bits, row);
    return this.#count++;
  }
}

type NumberArray = Float64Array | Int32Array | BigInt64Array | Uint8Array | Uint32Array;

const nothing = new Uint8Array(0);

function arrayFor(type: ColumnType, length: number): NumberArray {
  if (typeof type === "object") return new Uint32Array(length);
  return new arrays[type](length);
}

const arrays: Record<ScalarType, new (length: number) => NumberArray> = {
  float64: Float64Array,
  int32: Int32Array,
  int64: BigInt64Array,
  timestamp: BigInt64Array,
  boolean: Uint8Array,
  string: Uint8Array,
  json: Uint8Array,
  binary: Uint8Array,
};

/** The same with room for an element at `index`, zeros where nothing was written. */
function grown<A extends NumberArray>(array: A, index: number): A {
  if (index < array.length) return array;
  const larger = new (array.constructor as new (length: number) => A)(Math.max(index + 1, array.length * 2));
  (larger as Uint8Array).set(array as Uint8Array);
  return larger;
}
