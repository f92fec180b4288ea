import type { Uuids } from "../../codec/parquet/reading/uuid-column.ts";

/** Slots at first; a power of two. */
const firstSlots = 1 << 12;
/** Of a row's sides the highest bit says that there is more to it than a table knows. */
const odd = 0x80;

/** Sides that a table can tell apart. */
export const maxTableSides = 7;

/** A row of a table. */
interface TableRow {
  index: number;
  /** A bit for each. */
  sides: number;
  /** Microseconds. */
  time: number;
  isOdd: boolean;
}

/**
 * Rows by UUID and index, with the sides that they were seen on: 29 bytes each, and as much again that is
 * free.
 */
export class UuidTable {
  #uuids = new Uint32Array(firstSlots * 4);
  #indexes = new Int32Array(firstSlots);
  /** When the request started, in microseconds. */
  #times = new Float64Array(firstSlots);
  /** A bit for each side, and {@link odd}; 0 for a slot that is free. */
  #sides = new Uint8Array(firstSlots);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a row. One that is there on its side, or on another one at another time, is odd. */
  add(uuids: Uuids, place: number, index: number, side: number, time: number): void {
    if (this.#size * 2 >= this.#sides.length) this.#grow();
    const slot = this.#slotOf(uuids, place, index);
    const sides = this.#sides[slot] as number;
    const bit = 1 << side;
    if (sides === 0) {
      this.#take(slot, uuids, place, index, time);
      this.#sides[slot] = bit;
      this.#size++;
    } else this.#sides[slot] = sides | ((sides & bit) > 0 || this.#times[slot] !== time ? odd | bit : bit);
  }

  has(uuids: Uuids, place: number, index: number): boolean {
    return (this.#sides[this.#slotOf(uuids, place, index)] as number) > 0;
  }

  /** Tells of each row, and where its UUID stands. The same object each time. */
  each(tell: (row: Readonly<TableRow>, uuids: Uuids, place: number) => void): void {
    const row: TableRow = { index: 0, sides: 0, time: 0, isOdd: false };
    for (let slot = 0; slot < this.#sides.length; slot++) {
      const sides = this.#sides[slot] as number;
      if (sides === 0) continue;
      row.index = this.#indexes[slot] as number;
      row.time = this.#times[slot] as number;
      row.sides = sides & ~odd;
      row.isOdd = (sides & odd) > 0;
      tell(row, this.#uuids, slot);
    }
  }

  #slotOf(uuids: Uuids, place: number, index: number): number {
    const at = place * 4;
    const a = uuids[at] as number;
    const b = uuids[at + 1] as number;
    const c = uuids[at + 2] as number;
    const d = uuids[at + 3] as number;
    const known = this.#uuids;
    const mask = this.#sides.length - 1;
    let hash = Math.imul(d ^ Math.imul(index + 1, 0x9e3779b1), 0x85ebca6b);
    hash = Math.imul(hash ^ c ^ (hash >>> 15), 0xc2b2ae35) ^ b ^ a;
    let slot = (hash ^ (hash >>> 16)) & mask;
    while ((this.#sides[slot] as number) > 0) {
      const word = slot * 4;
      if (
        known[word + 3] === d &&
        known[word + 2] === c &&
        known[word + 1] === b &&
        known[word] === a &&
        this.#indexes[slot] === index
      )
        return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #take(slot: number, uuids: Uuids, place: number, index: number, time: number): void {
    const [to, from] = [slot * 4, place * 4];
    for (let word = 0; word < 4; word++) this.#uuids[to + word] = uuids[from + word] as number;
    this.#indexes[slot] = index;
    this.#times[slot] = time;
  }

  #grow(): void {
    const [uuids, indexes, times, sides] = [this.#uuids, this.#indexes, this.#times, this.#sides];
    const slots = sides.length * 2;
    this.#uuids = new Uint32Array(slots * 4);
    this.#indexes = new Int32Array(slots);
    this.#times = new Float64Array(slots);
    this.#sides = new Uint8Array(slots);
    for (let old = 0; old < sides.length; old++) {
      if (sides[old] === 0) continue;
      const slot = this.#slotOf(uuids, old, indexes[old] as number);
      this.#take(slot, uuids, old, indexes[old] as number, times[old] as number);
      this.#sides[slot] = sides[old] as number;
    }
  }
}
