import type { Uuids } from "../../codec/parquet/reading/uuid-column.ts";

/**
 * A row's words: four of its UUID, its index, two of its time, its sides. Half a line of a processor's cache.
 */
const words = 8;
const [indexAt, timeAt, sidesAt] = [4, 5, 7];
/** Of a row's sides the highest bit says that there is more to it than a table knows. */
const odd = 0x80;
const twoTo32 = 0x1_0000_0000;

/** Sides that a table can tell apart. */
export const maxTableSides = 7;

/** A row of a table. */
interface TableRow {
  index: number;
  /** A bit for each. */
  sides: number;
  /** When the request started, in microseconds. */
  time: number;
  isOdd: boolean;
}

/**
 * Rows by UUID and index, with the sides that they were seen on: 32 bytes each, and as much again that is
 * free.
 */
export class UuidTable {
  #rows: Uint32Array;
  #slots: number;
  #size = 0;

  /** So many rows are expected. */
  constructor(rows = 0) {
    this.#slots = 2 ** Math.max(10, Math.ceil(Math.log2(rows * 2 + 1)));
    this.#rows = new Uint32Array(this.#slots * words);
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Adds a row, whose time is in two words, the lower first. One that is there on its side, or on another one
   * at another time, is odd.
   */
  add(uuids: Uuids, place: number, index: number, side: number, times: Uint32Array, timePlace: number): void {
    if (this.#size * 2 >= this.#slots) this.#grow();
    const at = this.#find(uuids, place, index);
    const rows = this.#rows;
    const sides = rows[at + sidesAt] as number;
    const [low, high] = [times[timePlace] as number, times[timePlace + 1] as number];
    const bit = 1 << side;
    if (sides > 0) {
      const isSame = rows[at + timeAt] === low && rows[at + timeAt + 1] === high && (sides & bit) === 0;
      rows[at + sidesAt] = sides | bit | (isSame ? 0 : odd);
      return;
    }
    for (let word = 0; word < 4; word++) rows[at + word] = uuids[place * 4 + word] as number;
    rows[at + indexAt] = index;
    rows[at + timeAt] = low;
    rows[at + timeAt + 1] = high;
    rows[at + sidesAt] = bit;
    this.#size++;
  }

  has(uuids: Uuids, place: number, index: number): boolean {
    return (this.#rows[this.#find(uuids, place, index) + sidesAt] as number) > 0;
  }

  /** Tells of each row, and where its UUID stands. The same object each time. */
  each(tell: (row: Readonly<TableRow>, uuids: Uuids, place: number) => void): void {
    const row: TableRow = { index: 0, sides: 0, time: 0, isOdd: false };
    const rows = this.#rows;
    for (let at = 0; at < rows.length; at += words) {
      const sides = rows[at + sidesAt] as number;
      if (sides === 0) continue;
      row.index = rows[at + indexAt] as number;
      row.time = (rows[at + timeAt + 1] as number) * twoTo32 + (rows[at + timeAt] as number);
      row.sides = sides & ~odd;
      row.isOdd = (sides & odd) > 0;
      tell(row, rows, at / 4);
    }
  }

  /** Where a row is, or would be. */
  #find(uuids: Uuids, place: number, index: number): number {
    const from = place * 4;
    const a = uuids[from] as number;
    const b = uuids[from + 1] as number;
    const c = uuids[from + 2] as number;
    const d = uuids[from + 3] as number;
    const rows = this.#rows;
    const mask = rows.length - 1;
    let hash = Math.imul(d ^ Math.imul(index + 1, 0x9e3779b1), 0x85ebca6b);
    hash = Math.imul(hash ^ c ^ (hash >>> 15), 0xc2b2ae35) ^ b ^ a;
    let at = ((hash ^ (hash >>> 16)) * words) & mask;
    while ((rows[at + sidesAt] as number) > 0) {
      if (
        rows[at + 3] === d &&
        rows[at + 2] === c &&
        rows[at + 1] === b &&
        rows[at] === a &&
        rows[at + indexAt] === index
      )
        return at;
      at = (at + words) & mask;
    }
    return at;
  }

  #grow(): void {
    const old = this.#rows;
    this.#slots *= 2;
    this.#rows = new Uint32Array(this.#slots * words);
    for (let from = 0; from < old.length; from += words)
      if ((old[from + sidesAt] as number) > 0)
        this.#rows.set(
          old.subarray(from, from + words),
          this.#find(old, from / 4, old[from + indexAt] as number),
        );
  }
}
