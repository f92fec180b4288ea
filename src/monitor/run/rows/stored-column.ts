import { categoryOf, isNull } from "../../../profile/category.ts";
import type { CategoryCodes } from "./category-codes.ts";
import { Growing } from "./growing.ts";

/** How the values of a column are kept in memory. */
export type Storage = "numbers" | "codes" | "none";

/** The code of a row without a value. */
export const nullCode = -1;

/**
 * One column of the rows of a span of time. Numbers take eight bytes a row, categories four.
 */
export class StoredColumn {
  readonly storage: Storage;
  readonly #codes: CategoryCodes;
  readonly #numbers: Growing<Float64Array>;
  readonly #coded: Growing<Int32Array>;
  readonly #isNamed: boolean;
  #nullBits: Uint8Array | undefined;
  #rows = 0;
  #nulls = 0;
  #infinite = 0;

  /**
   * `rows` is how many there will be, if it is known; `isNamed` says that numbers have codes, too: integers
   * of 64 bits that are categories, of which several are one double.
   */
  constructor(
    storage: Storage,
    codes: CategoryCodes,
    { rows = 0, isNamed = false }: { readonly rows?: number; readonly isNamed?: boolean } = {},
  ) {
    this.storage = storage;
    this.#codes = codes;
    this.#isNamed = isNamed && storage === "numbers";
    const hasCodes = storage === "codes" || this.#isNamed;
    this.#numbers = new Growing(new Float64Array(storage === "numbers" ? rows : 0));
    this.#coded = new Growing(new Int32Array(hasCodes ? rows : 0));
  }

  /** True when its numbers have codes, all of them. */
  get hasNames(): boolean {
    return this.#isNamed && !this.#codes.isOverfull;
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
    return this.storage === "codes" && this.#codes.isOverfull;
  }

  /** Marks the rows without a value. */
  markNulls(marks: Uint8Array): void {
    const bits = this.#nullBits;
    if (bits === undefined) return;
    for (let row = 0; row < this.#rows; row++) if (((bits[row >> 3] ?? 0) >> (row & 7)) & 1) marks[row] = 1;
  }

  /** Adds rows without a value. */
  addNulls(count: number): void {
    if (count === 0) return;
    if (this.storage === "numbers") this.#numbers.extend(count).fill(Number.NaN);
    if (this.storage === "codes" || this.#isNamed) this.#coded.extend(count).fill(nullCode);
    for (let i = 0; i < count; i++) this.#markNull(this.#rows + i);
    this.#rows += count;
    this.#nulls += count;
  }

  /** Adds the values of some rows. */
  add(values: ArrayLike<unknown>): void {
    if (this.storage === "numbers") {
      if (this.#isNamed) this.#addCodes(values);
      this.#addNumbers(values);
    }
    if (this.storage === "codes") this.#addCategories(values);
    if (this.storage === "none")
      for (let i = 0; i < values.length; i++) if (values[i] == null) this.#nullAt(i);
    this.#rows += values.length;
  }

  #addNumbers(values: ArrayLike<unknown>): void {
    const room = this.#numbers.extend(values.length);
    if (values instanceof Float64Array) {
      this.#checkDoubles(values);
      // -0 is the number 0.
      for (let i = 0; i < values.length; i++) room[i] = (values[i] as number) + 0;
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
      room[i] = number + 0;
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
    const room = this.#coded.extend(values.length);
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      const name = isNull(value) ? undefined : categoryOf(value);
      if (name === undefined) this.#nullAt(i);
      room[i] = name === undefined ? nullCode : this.#codes.codeOf(name);
    }
  }

  #addCodes(values: ArrayLike<unknown>): void {
    const room = this.#coded.extend(values.length);
    for (let i = 0; i < values.length; i++) {
      const name = isNull(values[i]) ? undefined : categoryOf(values[i]);
      room[i] = name === undefined ? nullCode : this.#codes.codeOf(name);
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
