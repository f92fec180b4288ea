import type { Values } from "../batch.ts";
import type { Cell } from "../cell.ts";
import type { ScalarType } from "../../layout/column-type.ts";
import { grownCapacity, isOversized } from "./grow.ts";
import { Presence } from "../presence.ts";
import type { ValuesBuilder } from "./values-builder.ts";

/** A builder of list columns: it takes lists of `element` and lists without any value. */
export function createListBuilder(element: ScalarType, elements: ValuesBuilder): ValuesBuilder {
  return new ListBuilder(element, elements);
}

class ListBuilder implements ValuesBuilder {
  readonly #element: ScalarType;
  readonly #elements: ValuesBuilder;
  readonly #presence = new Presence();
  #lengths = new Uint32Array(64);
  /** Elements so far, nulls included. */
  #total = 0;

  constructor(element: ScalarType, elements: ValuesBuilder) {
    this.#element = element;
    this.#elements = elements;
  }

  get count(): number {
    return this.#presence.count;
  }

  get byteLength(): number {
    return this.#presence.count * 4 + this.#presence.byteLength + this.#elements.byteLength;
  }

  fill(cells: readonly Cell[], from: number, to: number, row: number): number {
    for (let i = from; i < to; i++) {
      const cell = cells[i];
      if (cell === null || cell === undefined) continue;
      if (typeof cell !== "object" || cell.kind !== "list") return i;
      if (cell.element !== undefined && cell.element !== this.#element) return i;
      const length = cell.value.length;
      if (this.#elements.fill(cell.value, 0, length, this.#total) !== length) {
        throw new Error(`list: an element is not of type ${this.#element}`);
      }
      this.#roomForLengths(this.count + 1)[this.count] = length;
      this.#total += length;
      this.#presence.addRun(row + i - from, 1);
    }
    return to;
  }

  validity(rows: number): Uint8Array | undefined {
    return this.#presence.validity(rows);
  }

  values(): Values {
    const elements = this.#elements;
    const total = this.#total;
    return {
      kind: "list",
      lengths: this.#lengths.subarray(0, this.count),
      elements: {
        total,
        validity: elements.validity(total),
        count: elements.count,
        values: elements.values(),
      },
    };
  }

  truncate(rows: number): void {
    this.#presence.truncate(rows);
    this.#total = 0;
    for (const length of this.#lengths.subarray(0, this.count)) this.#total += length;
    this.#elements.truncate(this.#total);
  }

  clear(): void {
    if (isOversized(this.#lengths.byteLength, this.count * 4)) this.#lengths = new Uint32Array(64);
    this.#presence.clear();
    this.#elements.clear();
    this.#total = 0;
  }

  #roomForLengths(need: number): Uint32Array {
    if (need > this.#lengths.length) {
      const grown = new Uint32Array(grownCapacity(this.#lengths.length, need));
      grown.set(this.#lengths.subarray(0, this.count));
      this.#lengths = grown;
    }
    return this.#lengths;
  }
}
