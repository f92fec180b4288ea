import type { Uuids } from "../../../codec/parquet/reading/uuid-column.ts";
import { indexAt, rowWords, UuidTable, whenAt, whenWord } from "./uuid-table.ts";

/** What rows have in common that are added together. */
export interface AddedRows {
  /** Less than `maxTableSides`. */
  readonly side: number;
  /** When they are counted, each of its own if it is not the same for all; as `countedWhen` says. */
  readonly when: number | Int32Array;
  /** Default: 0. */
  readonly indexes: Int32Array | undefined;
}

/** With its table, what a processor has in its own cache. */
const shareRows = 12_288;

/**
 * Rows by UUID, index and side, 24 bytes each, in shares of all UUIDs that are small enough to be looked
 * through in a processor's cache: memory beyond takes ten times as long. The memory is kept for the rows that
 * are added after {@link clear}.
 */
export class UuidRows {
  #shares: Int32Array[] = [];
  #sizes = new Int32Array(0);
  readonly #table = new UuidTable();

  /** Leaves no row; so many are expected. */
  clear(expected: number): void {
    const shares = 2 ** Math.ceil(Math.log2(Math.max(1, expected / shareRows)));
    this.#sizes = new Int32Array(shares);
    const words = Math.ceil(((expected / shares) * 1.1 + 64) * rowWords);
    this.#shares = Array.from({ length: shares }, (_, i) => {
      const there = this.#shares[i];
      return there !== undefined && there.length >= words ? there : new Int32Array(words);
    });
  }

  /** Adds rows. */
  add(uuids: Uuids, { side, when, indexes }: AddedRows): void {
    const [shares, sizes] = [this.#shares, this.#sizes];
    const mask = shares.length - 1;
    for (let i = 0; i < uuids.length; i += 4) {
      const [a, b] = [uuids[i] as number, uuids[i + 1] as number];
      const [c, d] = [uuids[i + 2] as number, uuids[i + 3] as number];
      const mixed = Math.imul(d ^ Math.imul(c ^ Math.imul(b ^ a, 0x9e3779b1), 0x85ebca6b), 0xc2b2ae35);
      const share = (mixed >>> 15) & mask;
      let rows = shares[share] as Int32Array;
      const at = sizes[share] as number;
      if (at === rows.length) rows = this.#grow(share);
      const row = i >> 2;
      rows[at] = a;
      rows[at + 1] = b;
      rows[at + 2] = c;
      rows[at + 3] = d;
      rows[at + indexAt] = indexes === undefined ? 0 : (indexes[row] as number);
      rows[at + whenAt] = whenWord(typeof when === "number" ? when : (when[row] as number), side);
      sizes[share] = at + rowWords;
    }
  }

  /** The first of so many numbers of all rows, in lists. */
  *lists(): Generator<{ readonly rows: Int32Array; readonly words: number }, void, undefined> {
    for (const [share, rows] of this.#shares.entries()) yield { rows, words: this.#sizes[share] as number };
  }

  /** The rows of each share: all of a UUID are in one. The same table each time, filled anew. */
  *tables(): Generator<UuidTable, void, undefined> {
    for (const [share, rows] of this.#shares.entries()) {
      this.#table.fill(rows, (this.#sizes[share] as number) / rowWords);
      yield this.#table;
    }
  }

  #grow(share: number): Int32Array {
    const old = this.#shares[share] as Int32Array;
    const made = new Int32Array(Math.ceil(old.length / rowWords) * 2 * rowWords);
    made.set(old);
    this.#shares[share] = made;
    return made;
  }
}
