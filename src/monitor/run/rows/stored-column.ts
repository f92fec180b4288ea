import { categoryOf, isNull } from "../../../profile/category.ts";
import type { CategoryCodes } from "./category-codes.ts";
import { Growing } from "./growing.ts";

/** How the values of a column are kept in memory. */
export type Storage = "numbers" | "codes" | "none";

/** The code of a row without a value. */
export const nullCode = -1;

/**
 * One column of the rows of a span of time. Numbers take eight bytes a row, categories four; which rows have
 * no value is known also where values are not kept.
 */
export class StoredColumn {
  readonly storage: Storage;
  readonly #codes: CategoryCodes;
  #numbers = new Growing(new Float64Array());
  #coded = new Growing(new Int32Array());
  #nullBits: Uint8Array | undefined;
  #rows = 0;
  #nulls = 0;
  #infinite = 0;
  #isKept: boolean;

  /** `keep` says whether values are kept, or nulls alone. */
  constructor(storage: Storage, codes: CategoryCodes, keep: boolean) {
    this.storage = storage;
    this.#codes = codes;
    this.#isKept = keep;
  }

  /** Rows so far. */
  get rows(): number {
    return this.#rows;
  }

  /** Rows without a value, `NaN` among them. */
  get nulls(): number {
    return this.#nulls;
  }

  /** Rows whose number is infinite. */
  get infinite(): number {
    return this.#infinite;
  }

  /** Bytes that its values take. */
  get bytes(): number {
    return this.#numbers.bytes + this.#coded.bytes;
  }

  /** True while values are kept. */
  get isKept(): boolean {
    return this.#isKept;
  }

  /** The numbers by row, `NaN` where there is none. */
  get numbers(): Float64Array {
    return this.#numbers.values;
  }

  /** The codes by row, {@link nullCode} where there is none. */
  get codes(): Int32Array {
    return this.#coded.values;
  }

  /** The names by code. */
  get names(): readonly string[] {
    return this.#codes.names;
  }

  /** True when its categories are too many to be told apart. */
  get isOverfull(): boolean {
    return this.#codes.isOverfull;
  }

  /** Marks the rows without a value. */
  markNulls(marks: Uint8Array): void {
    const bits = this.#nullBits;
    if (bits === undefined) return;
    for (let row = 0; row < this.#rows; row++) if (((bits[row >> 3] ?? 0) >> (row & 7)) & 1) marks[row] = 1;
  }

  /** Lets go of the values; which rows have none stays known. */
  forget(): void {
    this.#isKept = false;
    this.#numbers = new Growing(new Float64Array());
    this.#coded = new Growing(new Int32Array());
  }

  /** Adds rows without a value. */
  addNulls(count: number): void {
    if (count === 0) return;
    if (this.#isKept && this.storage === "numbers") this.#numbers.extend(count).fill(Number.NaN);
    if (this.#isKept && this.storage === "codes") this.#coded.extend(count).fill(nullCode);
    for (let i = 0; i < count; i++) this.#markNull(this.#rows + i);
    this.#rows += count;
    this.#nulls += count;
  }

  /** Adds the values of some rows. */
  add(values: ArrayLike<unknown>): void {
    if (this.storage === "numbers") this.#addNumbers(values);
    else if (this.storage === "codes") this.#addCategories(values);
    else for (let i = 0; i < values.length; i++) if (values[i] == null) this.#nullAt(i);
    this.#rows += values.length;
  }

  #addNumbers(values: ArrayLike<unknown>): void {
    const room = this.#isKept ? this.#numbers.extend(values.length) : undefined;
    if (values instanceof Float64Array) {
      this.#checkDoubles(values);
      // -0 is the number 0.
      if (room !== undefined) for (let i = 0; i < values.length; i++) room[i] = (values[i] as number) + 0;
      return;
    }
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      let number = typeof value === "number" ? value : typeof value === "bigint" ? Number(value) : Number.NaN;
      if (number - number !== 0) {
        // Infinite ones have no bin and no distance: they are not compared.
        if (number === Infinity || number === -Infinity) this.#infinite++;
        else this.#nullAt(i);
        number = Number.isNaN(number) ? Number.NaN : number;
      }
      if (room !== undefined) room[i] = number + 0;
    }
  }

  /** Counts those that are none, or infinite: the difference with itself is 0 of all others. */
  #checkDoubles(values: Float64Array): void {
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      if (value - value === 0) continue;
      if (Number.isNaN(value)) this.#nullAt(i);
      else this.#infinite++;
    }
  }

  #addCategories(values: ArrayLike<unknown>): void {
    const room = this.#isKept ? this.#coded.extend(values.length) : undefined;
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      const name = isNull(value) ? undefined : categoryOf(value);
      if (name === undefined) this.#nullAt(i);
      if (room !== undefined) room[i] = name === undefined ? nullCode : this.#codes.codeOf(name);
    }
  }

  #nullAt(index: number): void {
    this.#nulls++;
    this.#markNull(this.#rows + index);
  }

  #markNull(row: number): void {
    const at = row >> 3;
    if (this.#nullBits === undefined || at >= this.#nullBits.length) {
      const larger = new Uint8Array(Math.max(64, at + 1, (this.#nullBits?.length ?? 0) * 2));
      if (this.#nullBits !== undefined) larger.set(this.#nullBits);
      this.#nullBits = larger;
    }
    this.#nullBits[at] = (this.#nullBits[at] as number) | (1 << (row & 7));
  }
}
