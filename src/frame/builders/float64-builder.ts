import type { Values } from "../batch.ts";
import type { Cell, NumericCells } from "../cell.ts";
import { grownCapacity, isOversized } from "./grow.ts";
import { hasBit, Presence } from "./presence.ts";
import type { NumericBuilder } from "./values-builder.ts";

/** A builder of float64 columns. It takes every number. */
export function createFloat64Builder(): NumericBuilder {
  return new Float64Builder();
}

class Float64Builder implements NumericBuilder {
  private data = new Float64Array(64);
  private min = Number.POSITIVE_INFINITY;
  private max = Number.NEGATIVE_INFINITY;
  private readonly presence = new Presence();

  get count(): number {
    return this.presence.count;
  }

  get byteLength(): number {
    return this.presence.count * 8 + this.presence.byteLength;
  }

  fill(cells: readonly Cell[], from: number, to: number, row: number): number {
    const presence = this.presence;
    const data = this.room(presence.count + to - from);
    let { min, max } = this;
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
    this.min = min;
    this.max = max;
    return i;
  }

  fillNumeric(cells: NumericCells, from: number, to: number, row: number): void {
    const presence = this.presence;
    const source = cells.data as ArrayLike<number>;
    const validity = cells.validity;
    const data = this.room(presence.count + to - from);
    let n = presence.count;
    let { min, max } = this;
    for (let i = from; i < to; i++) {
      if (validity !== undefined) {
        if (!hasBit(validity, i)) continue;
        presence.addRun(row + i - from, 1);
      }
      const value = source[i] as number;
      data[n++] = value;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    if (validity === undefined) presence.addRun(row, to - from);
    this.min = min;
    this.max = max;
  }

  validity(rows: number): Uint8Array | undefined {
    return this.presence.validity(rows);
  }

  values(): Values {
    return { kind: "float64", data: this.data.subarray(0, this.count), min: this.min, max: this.max };
  }

  mark(): void {
    this.presence.mark();
  }

  rollback(): void {
    this.presence.rollback();
    this.min = Number.POSITIVE_INFINITY;
    this.max = Number.NEGATIVE_INFINITY;
    for (const value of this.data.subarray(0, this.count)) {
      if (value < this.min) this.min = value;
      if (value > this.max) this.max = value;
    }
  }

  clear(): void {
    if (isOversized(this.data.byteLength, this.count * 8)) this.data = new Float64Array(64);
    this.presence.clear();
    this.min = Number.POSITIVE_INFINITY;
    this.max = Number.NEGATIVE_INFINITY;
  }

  private room(need: number): Float64Array {
    if (need > this.data.length) {
      const grown = new Float64Array(grownCapacity(this.data.length, need));
      grown.set(this.data.subarray(0, this.count));
      this.data = grown;
    }
    return this.data;
  }
}
