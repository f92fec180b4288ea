import { hasBit } from "../../base/bitmap.ts";
import type { Values } from "../batch.ts";
import type { Cell, NumericCells } from "../cell.ts";
import { grownCapacity, isOversized } from "./grow.ts";
import { Presence } from "../presence.ts";
import type { NumericBuilder } from "./values-builder.ts";

/** A builder of float64 columns. It takes every number. */
export function createFloat64Builder(): NumericBuilder {
  return new Float64Builder();
}

/** That of no values. */
const noRange: readonly [number, number] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

class Float64Builder implements NumericBuilder {
  #data = new Float64Array(64);
  /** Least and greatest value; not two fields, because each change of one would allocate a number. */
  readonly #range = Float64Array.from(noRange);
  readonly #presence = new Presence();

  get count(): number {
    return this.#presence.count;
  }

  get byteLength(): number {
    return this.#presence.count * 8 + this.#presence.byteLength;
  }

  fill(cells: readonly Cell[], from: number, to: number, row: number): number {
    const presence = this.#presence;
    const data = this.#room(presence.count + to - from);
    const range = this.#range;
    let min = range[0] as number;
    let max = range[1] as number;
    let i = from;
    while (i < to) {
      const start = i;
      let n = presence.count;
      for (; i < to; i++) {
        const value = cells[i];
        if (typeof value !== "number") break;
        data[n++] = value;
        if (value < min) min = value;
        if (value > max) max = value;
      }
      if (i > start) presence.addRun(row + start - from, i - start);
      while (i < to && (cells[i] === null || cells[i] === undefined)) i++;
      if (i < to && typeof cells[i] !== "number") break;
    }
    range[0] = min;
    range[1] = max;
    return i;
  }

  fillNumeric(cells: NumericCells, from: number, to: number, row: number): void {
    const presence = this.#presence;
    const source = cells.data as ArrayLike<number>;
    const { start, validity } = cells;
    const data = this.#room(presence.count + to - from);
    let n = presence.count;
    const range = this.#range;
    let min = range[0] as number;
    let max = range[1] as number;
    for (let i = from; i < to; i++) {
      if (validity !== undefined) {
        if (!hasBit(validity, i)) continue;
        presence.addRun(row + i - from, 1);
      }
      const value = source[start + i] as number;
      data[n++] = value;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    if (validity === undefined) presence.addRun(row, to - from);
    range[0] = min;
    range[1] = max;
  }

  validity(rows: number): Uint8Array | undefined {
    return this.#presence.validity(rows);
  }

  values(): Values {
    const [min, max] = this.#range as unknown as readonly [number, number];
    return { kind: "float64", data: this.#data.subarray(0, this.count), min, max };
  }

  truncate(rows: number): void {
    this.#presence.truncate(rows);
    let [min, max] = noRange;
    for (const value of this.#data.subarray(0, this.count)) {
      if (value < min) min = value;
      if (value > max) max = value;
    }
    this.#range.set([min, max]);
  }

  clear(): void {
    if (isOversized(this.#data.byteLength, this.count * 8)) this.#data = new Float64Array(64);
    this.#presence.clear();
    this.#range.set(noRange);
  }

  #room(need: number): Float64Array {
    if (need > this.#data.length) {
      const grown = new Float64Array(grownCapacity(this.#data.length, need));
      grown.set(this.#data.subarray(0, this.count));
      this.#data = grown;
    }
    return this.#data;
  }
}
