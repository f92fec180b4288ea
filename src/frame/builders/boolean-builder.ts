import type { Values } from "../batch.ts";
import type { Cell } from "../cell.ts";
import { copyBytes, grownCapacity, isOversized } from "./grow.ts";
import { Presence } from "../presence.ts";
import type { ValuesBuilder } from "./values-builder.ts";

/** A builder of boolean columns: a byte per value. */
export function createBooleanBuilder(): ValuesBuilder {
  return new BooleanBuilder();
}

class BooleanBuilder implements ValuesBuilder {
  #data = new Uint8Array(64);
  readonly #presence = new Presence();

  get count(): number {
    return this.#presence.count;
  }

  get byteLength(): number {
    return this.#presence.count + this.#presence.byteLength;
  }

  fill(cells: readonly Cell[], from: number, to: number, row: number): number {
    const presence = this.#presence;
    const data = this.#room(presence.count + to - from);
    let i = from;
    while (i < to) {
      const start = i;
      let n = presence.count;
      for (; i < to; i++) {
        const value = cells[i];
        if (value === true) data[n++] = 1;
        else if (value === false) data[n++] = 0;
        else break;
      }
      if (i > start) presence.addRun(row + start - from, i - start);
      while (i < to && (cells[i] === null || cells[i] === undefined)) i++;
      if (i < to && typeof cells[i] !== "boolean") break;
    }
    return i;
  }

  validity(rows: number): Uint8Array | undefined {
    return this.#presence.validity(rows);
  }

  values(): Values {
    return { kind: "boolean", data: this.#data.subarray(0, this.count) };
  }

  truncate(rows: number): void {
    this.#presence.truncate(rows);
  }

  clear(): void {
    if (isOversized(this.#data.length, this.count)) this.#data = new Uint8Array(64);
    this.#presence.clear();
  }

  #room(need: number): Uint8Array {
    if (need > this.#data.length) {
      const grown = new Uint8Array(grownCapacity(this.#data.length, need));
      copyBytes(this.#data.subarray(0, this.count), grown);
      this.#data = grown;
    }
    return this.#data;
  }
}
