import { clearBitsFrom, countBits, setBits } from "../base/bitmap.ts";
import { copyBytes } from "./builders/grow.ts";

/**
 * Which rows of a column have a value. While every row has one, only two counters move; the bitmap comes into
 * being at the first gap. A row that nobody mentions is null, so a column absent from a frame costs nothing.
 */
export class Presence {
  /** Values so far. */
  count = 0;
  /** Rows up to and including the last one with a value. */
  rows = 0;
  #bits: Uint8Array | undefined;
  #sparse = false;

  /** `length` consecutive rows from `row` on have values; `row` is not before any row already mentioned. */
  addRun(row: number, length: number): void {
    if (!this.#sparse && row !== this.rows) this.#becomeSparse(row + length);
    if (this.#sparse) setBits(this.#room(row + length), row, length);
    this.rows = row + length;
    this.count += length;
  }

  /** Bit per row for `rows` rows, or undefined when every one has a value. Valid until the next change. */
  validity(rows: number): Uint8Array | undefined {
    if (this.count === rows) return undefined;
    if (!this.#sparse) this.#becomeSparse(rows);
    return this.#room(rows).subarray(0, (rows + 7) >>> 3);
  }

  /** Forgets all rows from `rows` on. */
  truncate(rows: number): void {
    if (rows >= this.rows) return;
    this.rows = rows;
    if (this.#sparse && this.#bits !== undefined) {
      clearBitsFrom(this.#bits, rows);
      this.count = countBits(this.#bits, rows);
    } else this.count = rows;
  }

  clear(): void {
    if (this.#sparse && this.#bits !== undefined) this.#bits.fill(0);
    this.count = 0;
    this.rows = 0;
    this.#sparse = false;
  }

  /** Bytes that the bitmap takes. */
  get byteLength(): number {
    return this.#sparse ? (this.rows + 7) >>> 3 : 0;
  }

  #becomeSparse(rows: number): void {
    this.#sparse = true;
    setBits(this.#room(rows), 0, this.count);
  }

  #room(rows: number): Uint8Array {
    const need = (rows + 7) >>> 3;
    const bits = this.#bits;
    if (bits !== undefined && bits.length >= need) return bits;
    const grown = new Uint8Array(Math.max(need, 2 * (bits?.length ?? 0), 32));
    if (bits !== undefined) copyBytes(bits, grown);
    this.#bits = grown;
    return grown;
  }
}
