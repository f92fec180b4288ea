import { told, wrongValue } from "../base/errors.ts";
import { hashNumbers } from "./value-hash.ts";

/** Quantiles as they are kept. */
export interface QuantileSketchJson {
  /** How many values it has seen. */
  readonly count: number;
  /** The sum of the squares of what each compaction can have moved a rank by. */
  readonly variance: number;
  /** Values by level; one of level `h` stands for `2 ** h`. */
  readonly levels: readonly (readonly number[])[];
}

/** The room of the top level, and how much less each one below has. */
const topRoom = 256;
const minRoom = 8;
const shrink = 2 / 3;

/**
 * Quantiles of a stream of numbers in little room (KLL: Karnin, Lang and Liberty 2016): some 800 values
 * whatever their number, all of them while there are so few. Full levels are compacted: every other value
 * goes up a level and counts twice; which ones is decided by a hash of the values, so equal input gives equal
 * output.
 *
 * It knows its own error: each compaction moves a rank by its weight or not at all, up or down alike, so
 * ranks are within {@link QuantileSketch.maxRankError} with the probability that is asked for (Hoeffding
 * 1963), also after merging. Within that bound, results depend on the order of the values.
 */
export class QuantileSketch {
  #levels: number[][] = [[]];
  #count = 0;
  #variance = 0;
  readonly #seed: number;
  #compactions = 0;

  /**
   * `seed` makes sketches of the same values differ, so that their errors do not add up when they are merged.
   */
  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Adds finite values. */
  add(values: Float64Array): void {
    for (let from = 0; from < values.length; from += topRoom) {
      const lowest = this.#levels[0] as number[];
      // Not spread: that makes an iterator's object of each value.
      const to = Math.min(values.length, from + topRoom);
      for (let i = from; i < to; i++) lowest.push(values[i] as number);
      this.#compact();
    }
    this.#count += values.length;
  }

  /** Adds what another one has seen. */
  merge(other: QuantileSketch): void {
    for (const [level, values] of other.#levels.entries()) {
      const own = (this.#levels[level] ??= []);
      for (let i = 0; i < values.length; i++) own.push(values[i] as number);
    }
    this.#count += other.#count;
    this.#variance += other.#variance;
    this.#compact();
  }

  /** How many values it has seen. */
  get count(): number {
    return this.#count;
  }

  /** The value of which a share from 0 to 1 is no greater, a value that was added; `NaN` without values. */
  quantile(share: number): number {
    const { weighted } = this;
    let below = 0;
    for (const [value, weight] of weighted) {
      below += weight;
      if (below >= share * this.#count) return value;
    }
    return weighted.at(-1)?.[0] ?? Number.NaN;
  }

  /** The share of values that are no greater, from 0 to 1; `NaN` without values. */
  rank(value: number): number {
    let below = 0;
    this.#levels.forEach((values, level) => {
      for (const one of values) if (one <= value) below += 2 ** level;
    });
    return below / this.#count;
  }

  /** How far a rank may be off, from 0 (nothing was compacted) to 1, with this probability. */
  maxRankError(probability = 0.99): number {
    if (this.#variance === 0) return 0;
    return Math.min(1, Math.sqrt(2 * this.#variance * Math.log(2 / (1 - probability))) / this.#count);
  }

  /** What is to be kept. */
  toJSON(): QuantileSketchJson {
    const levels = this.#levels.map((values) => [...Float64Array.from(values).sort()]);
    return { count: this.#count, variance: this.#variance, levels };
  }

  /** What was kept. Throws a `RangeError` for anything else. */
  static fromJSON(
    { count, variance, levels }: QuantileSketchJson,
    seed: number,
    where: string,
  ): QuantileSketch {
    const isList = Array.isArray(levels) && levels.every(Array.isArray) && levels.length <= 53;
    const weight = isList ? levels.reduce((sum, values, level) => sum + values.length * 2 ** level, 0) : -1;
    if (weight !== count || !(variance >= 0) || !levels.every((values) => values.every(Number.isFinite)))
      throw wrongValue(where, "levels of values that stand for its count", told("others"));
    const sketch = new QuantileSketch(seed);
    sketch.#levels = levels.map((values) => values.slice());
    if (levels.length === 0) sketch.#levels.push([]);
    sketch.#count = count;
    sketch.#variance = variance;
    return sketch;
  }

  /** Makes room, from the lowest full level up. */
  #compact(): void {
    for (let level = 0; level < this.#levels.length; level++) {
      if (this.#size() <= this.#room()) return;
      const values = this.#levels[level] as number[];
      if (values.length < this.#roomOf(level)) continue;
      const sorted = new Float64Array(values).sort();
      // An odd one stays where it is: the least or the greatest, by the same coin as the others.
      const coin = hashNumbers(sorted, this.#seed + this.#compactions++) % 4;
      const odd = sorted.length % 2 === 1;
      const kept = odd ? [coin < 2 ? sorted[0] : sorted.at(-1)] : [];
      const pairs = odd ? (coin < 2 ? sorted.subarray(1) : sorted.subarray(0, -1)) : sorted;
      const above = (this.#levels[level + 1] ??= []);
      for (let i = coin % 2; i < pairs.length; i += 2) above.push(pairs[i] as number);
      this.#levels[level] = kept as number[];
      this.#variance += 4 ** level;
    }
  }

  #size(): number {
    let size = 0;
    for (const values of this.#levels) size += values.length;
    return size;
  }

  #room(): number {
    let room = 0;
    for (let level = 0; level < this.#levels.length; level++) room += this.#roomOf(level);
    return room;
  }

  #roomOf(level: number): number {
    return Math.max(minRoom, Math.ceil(topRoom * shrink ** (this.#levels.length - 1 - level)));
  }

  /** Values in order, each with what it stands for. */
  get weighted(): readonly (readonly [number, number])[] {
    return this.#levels
      .flatMap((values, level) => values.map((value) => [value, 2 ** level] as const))
      .sort(([a], [b]) => a - b || 0);
  }
}
