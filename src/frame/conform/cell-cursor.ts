import { hasBit } from "../../base/bitmap.ts";
import type { BatchColumn, ListElements, Values } from "../batch.ts";
import type { StoredCell } from "./stored-cell.ts";
import type { ColumnType } from "../../layout/column-type.ts";

/**
 * Walks over the values of a column, row by row. What it reads stays where it is, as bytes: a column, a text
 * or a list may be as large as a frame can be, and no more of it becomes JS values than somebody asks for.
 */
export class CellCursor {
  readonly type: ColumnType | "rejected";
  /** The items of a list column, those of one list after those of another. Undefined for any other column. */
  readonly items: CellCursor | undefined;
  /** Of a list column: how many of {@link items} are the present row's. Whoever reads it moves over them. */
  length = 0;
  /** Of a column of bytes: the present value is what stands here from {@link start} to {@link end}. */
  readonly bytes: Buffer;
  start = 0;
  end = 0;
  readonly #values: Values;
  readonly #validity: Uint8Array | undefined;
  /** Where each value of a dictionary ends. */
  readonly #ends: Uint32Array | undefined;
  #slot = -1;
  #index = -1;

  constructor(column: Pick<BatchColumn, "type" | "validity" | "values"> | ItemsOf) {
    const { type, validity, values } = column;
    this.type = type;
    this.#values = values;
    this.#validity = validity;
    const text = values.kind === "dictionary" ? values.dictionary : values;
    this.bytes = "count" in text ? bufferOf(text.data) : noBytes;
    this.#ends = values.kind === "dictionary" ? endsOf(this.bytes, values.dictionary.count) : undefined;
    this.items =
      values.kind === "list" && typeof type === "object"
        ? new CellCursor({ ...values.elements, type: type.list })
        : undefined;
  }

  /** Moves to the next row, or item; whether it has a value. */
  next(): boolean {
    const slot = ++this.#slot;
    const validity = this.#validity;
    if (validity !== undefined && !hasBit(validity, slot)) return false;
    const index = ++this.#index;
    const values = this.#values;
    if (values.kind === "bytes") {
      this.start = this.end + 4;
      this.end = this.start + this.bytes.readUInt32LE(this.end);
    } else if (values.kind === "dictionary") {
      const code = values.codes[index]!;
      this.start = (code === 0 ? 0 : this.#ends![code - 1]!) + 4;
      this.end = this.#ends![code]!;
    } else if (values.kind === "list") this.length = values.lengths[index]!;
    return true;
  }

  /** Moves over the next rows if none of them has a value; whether it did. */
  passNulls(rows: number): boolean {
    const validity = this.#validity;
    const end = this.#slot + rows;
    if (validity === undefined) return rows === 0;
    for (let slot = this.#slot + 1; slot <= end; slot++) {
      if (hasBit(validity, slot)) return false;
    }
    this.#slot = end;
    return true;
  }

  /**
   * The present value; not of a list, which can be long: its items are asked one by one. A text becomes a
   * string, bytes are a view.
   */
  cell(): Exclude<StoredCell, readonly unknown[]> {
    const values = this.#values;
    switch (values.kind) {
      case "float64":
      case "int32":
      case "int64":
        return values.data[this.#index]!;
      case "boolean":
        return values.data[this.#index] === 1;
      case "bytes":
      case "dictionary":
        return this.type === "binary"
          ? this.bytes.subarray(this.start, this.end)
          : this.bytes.toString("utf8", this.start, this.end);
      case "list":
        throw new Error("a list is read item by item");
    }
  }

  /** Where it is, for {@link return}. */
  mark(): CursorMark {
    return { slot: this.#slot, index: this.#index, end: this.end };
  }

  /** Goes back to where it was. */
  return({ slot, index, end }: CursorMark): void {
    this.#slot = slot;
    this.#index = index;
    this.end = end;
  }
}

/** A place that a cursor was at. Items are never lists, so it says all. */
export interface CursorMark {
  readonly slot: number;
  readonly index: number;
  readonly end: number;
}

type ItemsOf = ListElements & { readonly type: ColumnType };

const noBytes = Buffer.alloc(0);

/** A Buffer, because its methods also take shared memory. */
function bufferOf(data: Uint8Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

function endsOf(bytes: Buffer, count: number): Uint32Array {
  const ends = new Uint32Array(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    at += 4 + bytes.readUInt32LE(at);
    ends[i] = at;
  }
  return ends;
}
