import type { Values } from "../batch.ts";
import { int64Max, int64Min } from "../cell.ts";
import { grownCapacity, isOversized } from "./grow.ts";

const twoTo32 = 4294967296;

/** Milliseconds whose microseconds are still exact as a number: until the year 2255. */
export const maxExactMs = 9_007_199_254_740;

/**
 * A growing array of int64. Whole numbers go in as two 32-bit words, which is many times faster than through
 * a bigint. The least and greatest of what numbers hold exactly are kept as numbers, those of greater bigints
 * apart.
 */
export class Int64Values {
  #data = new BigInt64Array(64);
  #words = new Uint32Array(this.#data.buffer);
  #minNumber = Number.POSITIVE_INFINITY;
  #maxNumber = Number.NEGATIVE_INFINITY;
  #minBig = int64Max;
  #maxBig = int64Min;

  /** Makes room for `need` values in all, of which `count` are there. */
  reserve(need: number, count: number): void {
    if (need <= this.#data.length) return;
    const grown = new BigInt64Array(grownCapacity(this.#data.length, need));
    grown.set(this.#data.subarray(0, count));
    this.#data = grown;
    this.#words = new Uint32Array(grown.buffer);
  }

  /** Puts a whole number from -(2^53) to 2^53. */
  putNumber(index: number, value: number): void {
    const high = Math.floor(value / twoTo32);
    this.#words[2 * index] = value - high * twoTo32;
    this.#words[2 * index + 1] = high;
    if (value < this.#minNumber) this.#minNumber = value;
    if (value > this.#maxNumber) this.#maxNumber = value;
  }

  /** Puts a bigint of at most 64 bits. */
  putBig(index: number, value: bigint): void {
    this.#data[index] = value;
    // Up to 2^53 as a number, because comparing bigints is a call.
    const high = (this.#words[2 * index + 1] as number) | 0;
    if (high >= -(2 ** 21) && high < 2 ** 21) {
      const number = high * twoTo32 + (this.#words[2 * index] as number);
      if (number < this.#minNumber) this.#minNumber = number;
      if (number > this.#maxNumber) this.#maxNumber = number;
      return;
    }
    if (value < this.#minBig) this.#minBig = value;
    if (value > this.#maxBig) this.#maxBig = value;
  }

  /** The first `count` values. */
  values(count: number): Values {
    let min = this.#minBig;
    let max = this.#maxBig;
    if (this.#minNumber <= this.#maxNumber) {
      const minNumber = BigInt(this.#minNumber);
      const maxNumber = BigInt(this.#maxNumber);
      if (minNumber < min) min = minNumber;
      if (maxNumber > max) max = maxNumber;
    }
    return { kind: "int64", data: this.#data.subarray(0, count), min, max };
  }

  /** Keeps the first `count` values. */
  truncate(count: number): void {
    this.#forgetRange();
    for (let i = 0; i < count; i++) this.putBig(i, this.#data[i] as bigint);
  }

  /** Forgets all, of which `count` were there. */
  clear(count: number): void {
    if (isOversized(this.#data.byteLength, count * 8)) {
      this.#data = new BigInt64Array(64);
      this.#words = new Uint32Array(this.#data.buffer);
    }
    this.#forgetRange();
  }

  #forgetRange(): void {
    this.#minNumber = Number.POSITIVE_INFINITY;
    this.#maxNumber = Number.NEGATIVE_INFINITY;
    this.#minBig = int64Max;
    this.#maxBig = int64Min;
  }
}
