import { told, wrongValue } from "../base/errors.ts";
import { bitLength, ExactSum, ratio, scaledBy } from "./exact-sum.ts";

/** Mean and deviation as they are kept: whole numbers of powers of two, and rounded for people. */
export interface MomentsJson {
  readonly count: number;
  readonly sum: string;
  readonly sumOfSquares: string;
  readonly mean: number | null;
  readonly standardDeviation: number | null;
}

/**
 * Mean and deviation of finite numbers, from sums without rounding: the same to the digit whatever the order
 * of values, and however they were split and merged. The mean is the double nearest to the exact one, and so
 * is the variance.
 */
export class Moments {
  #count = 0;
  #sum = new ExactSum();
  #squares = new ExactSum();

  /** Adds finite values. */
  add(values: Float64Array): void {
    this.#count += values.length;
    this.#sum.add(values);
    this.#squares.addSquares(values);
  }

  /** Adds what others are made of. */
  merge(other: Moments): void {
    this.#count += other.#count;
    this.#sum.merge(other.#sum);
    this.#squares.merge(other.#squares);
  }

  /** How many values. */
  get count(): number {
    return this.#count;
  }

  /** `NaN` without values. */
  get mean(): number {
    if (this.#count === 0) return Number.NaN;
    const { units, exponent } = this.#sum.exact;
    return ratio(units, BigInt(this.#count), exponent);
  }

  /** Of a sample (`n - 1`); `NaN` of fewer than two values. */
  get standardDeviation(): number {
    if (this.#count < 2) return Number.NaN;
    const count = BigInt(this.#count);
    const sum = this.#sum.exact;
    const squares = this.#squares.exact;
    // (n * sum of squares - sum^2) / (n (n - 1)), in the finer of both units.
    const exponent = Math.min(squares.exponent, 2 * sum.exponent);
    const whole = (units: bigint, from: number): bigint => units << BigInt(from - exponent);
    const spread = count * whole(squares.units, squares.exponent) - whole(sum.units ** 2n, 2 * sum.exponent);
    // The variance need not be a double where its root is one.
    const bits = Math.trunc((bitLength(spread) + exponent) / 2);
    return scaledBy(Math.sqrt(ratio(spread, count * (count - 1n), exponent - 2 * bits)), bits);
  }

  /** What is to be kept. */
  toJSON(): MomentsJson {
    return {
      count: this.#count,
      sum: this.#sum.toJSON(),
      sumOfSquares: this.#squares.toJSON(),
      mean: this.#count === 0 ? null : this.mean,
      standardDeviation: this.#count < 2 ? null : this.standardDeviation,
    };
  }

  /** What was kept. Throws a `RangeError` for anything else. */
  static fromJSON({ count, sum, sumOfSquares }: MomentsJson, where: string): Moments {
    const [exact, squares] = [ExactSum.parse(sum), ExactSum.parse(sumOfSquares)];
    if (!Number.isSafeInteger(count) || exact === undefined || squares === undefined)
      throw wrongValue(where, "a count and two exact sums", told("others"));
    const moments = new Moments();
    moments.#count = count;
    moments.#sum = exact;
    moments.#squares = squares;
    return moments;
  }
}
