import { hasBit } from "../../base/bitmap.ts";
import type { Values } from "../batch.ts";
import { type Cell, fitsInt64, type NumericCells } from "../cell.ts";
import { Int64Values, maxExactMs } from "./int64-values.ts";
import { Presence } from "../presence.ts";
import type { NumericBuilder } from "./values-builder.ts";

/**
 * A builder of int64 columns, which takes every bigint of 64 bits and, with `takesNumbers`, every whole
 * number that is exact; or of timestamp columns, which takes instants.
 */
export function createInt64Builder(type: "int64" | "timestamp", takesNumbers: boolean): NumericBuilder {
  return new Int64Builder(type === "timestamp", takesNumbers);
}

class Int64Builder implements NumericBuilder {
  readonly #data = new Int64Values();
  readonly #presence = new Presence();
  readonly #instants: boolean;
  readonly #takesNumbers: boolean;

  constructor(instants: boolean, takesNumbers: boolean) {
    this.#instants = instants;
    this.#takesNumbers = takesNumbers;
  }

  get count(): number {
    return this.#presence.count;
  }

  get byteLength(): number {
    return this.#presence.count * 8 + this.#presence.byteLength;
  }

  fill(cells: readonly Cell[], from: number, to: number, row: number): number {
    const presence = this.#presence;
    this.#data.reserve(presence.count + to - from, presence.count);
    let i = from;
    while (i < to) {
      const start = i;
      let n = presence.count;
      for (; i < to; i++) {
        const cell = cells[i];
        if (cell === null || cell === undefined) break;
        if (!(this.#instants ? this.#putInstant(n, cell) : this.#putInteger(n, cell))) break;
        n++;
      }
      if (i > start) presence.addRun(row + start - from, i - start);
      const end = i;
      while (i < to && (cells[i] === null || cells[i] === undefined)) i++;
      // Stopped by a value that is none of these, not by a null.
      if (i === end) break;
    }
    return i;
  }

  fillNumeric(cells: NumericCells, from: number, to: number, row: number): void {
    const { data: source, start, validity } = cells;
    const presence = this.#presence;
    const data = this.#data;
    data.reserve(presence.count + to - from, presence.count);
    // Not `instanceof`: Arrow's buffers can be of another realm.
    const big = typeof source[start + from] === "bigint";
    let n = presence.count;
    for (let i = from; i < to; i++) {
      if (validity !== undefined) {
        if (!hasBit(validity, i)) continue;
        presence.addRun(row + i - from, 1);
      }
      if (big) data.putBig(n++, source[start + i] as bigint);
      else data.putNumber(n++, (source as ArrayLike<number>)[start + i] as number);
    }
    if (validity === undefined) presence.addRun(row, to - from);
  }

  validity(rows: number): Uint8Array | undefined {
    return this.#presence.validity(rows);
  }

  values(): Values {
    return this.#data.values(this.count);
  }

  truncate(rows: number): void {
    this.#presence.truncate(rows);
    this.#data.truncate(this.count);
  }

  clear(): void {
    this.#data.clear(this.count);
    this.#presence.clear();
  }

  #putInteger(index: number, cell: Cell): boolean {
    if (typeof cell === "bigint") {
      if (!fitsInt64(cell)) return false;
      this.#data.putBig(index, cell);
      return true;
    }
    if (!this.#takesNumbers || typeof cell !== "number" || !Number.isInteger(cell)) return false;
    if (Number.isSafeInteger(cell)) {
      this.#data.putNumber(index, cell);
      return true;
    }
    const exact = BigInt(cell);
    if (!fitsInt64(exact)) return false;
    this.#data.putBig(index, exact);
    return true;
  }

  #putInstant(index: number, cell: Cell): boolean {
    if (typeof cell !== "object" || cell?.kind !== "timestamp") return false;
    const value = cell.value;
    if (typeof value === "bigint") this.#data.putBig(index, value);
    else if (Math.abs(value) <= maxExactMs) this.#data.putNumber(index, value * 1000);
    else this.#data.putBig(index, BigInt(value) * 1000n);
    return true;
  }
}
