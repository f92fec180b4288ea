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

type Numbers = ArrayLike<number>;

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
  /** What has come since the lowest level was last put in order. */
  #new: number[] = [];
  /** Each in order. */
  #levels: Numbers[] = [[]];
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
      // Not spread: that makes an iterator's object of each value.
      const to = Math.min(values.length, from + topRoom);
      for (let i = from; i < to; i++) this.#new.push(values[i] as number);
      this.#compact();
    }
    this.#count += values.length;
  }

  /** Adds what another one has seen. */
  merge(other: QuantileSketch): void {
    for (let level = 0; level < other.#levels.length; level++) {
      const values = level === 0 ? other.#lowest() : (other.#levels[level] as Numbers);
      const own = level === 0 ? this.#lowest() : this.#levels[level];
      this.#levels[level] = own === undefined || own.length === 0 ? values : mergedInOrder(own, values);
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
    this.#inOrder().forEach((values, level) => {
      for (let i = 0; i < values.length && (values[i] as number) <= value; i++) below += 2 ** level;
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
    const levels = this.#inOrder().map((values) => Array.from(values));
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
    if (!isList || weight !== count || !(variance >= 0) || !levels.every(isFiniteList))
      throw wrongValue(where, "levels of values that stand for its count", told("others"));
    const sketch = new QuantileSketch(seed);
    sketch.#levels = levels.map((values) => {
      const own = new Float64Array(values);
      // As this package writes them they are in order.
      return isRising(own) ? own : own.sort();
    });
    if (levels.length === 0) sketch.#levels.push([]);
    sketch.#count = count;
    sketch.#variance = variance;
    return sketch;
  }

  /** Makes room, from the lowest full level up. */
  #compact(): void {
    let size = this.#new.length;
    for (const values of this.#levels) size += values.length;
    for (let level = 0; level < this.#levels.length; level++) {
      const rooms = roomsOf(this.#levels.length);
      if (size <= rooms.all) return;
      const length = (this.#levels[level] as Numbers).length + (level === 0 ? this.#new.length : 0);
      if (length < (rooms.of[level] as number)) continue;
      const values = level === 0 ? this.#lowest() : (this.#levels[level] as Numbers);
      // An odd one stays where it is: the least or the greatest, by the same coin as the others.
      const coin = hashNumbers(values, this.#seed + this.#compactions++) % 4;
      const odd = length % 2;
      const isLeast = coin < 2;
      const pairs = new Float64Array((length - odd) / 2);
      const first = (odd === 1 && isLeast ? 1 : 0) + (coin % 2);
      for (let i = 0; i < pairs.length; i++) pairs[i] = values[first + 2 * i] as number;
      const above = this.#levels[level + 1] ?? [];
      this.#levels[level + 1] = above.length === 0 ? pairs : mergedInOrder(above, pairs);
      this.#levels[level] = odd === 0 ? [] : [values[isLeast ? 0 : length - 1] as number];
      this.#variance += 4 ** level;
      size -= pairs.length;
    }
  }

  /** The lowest level, in order. */
  #lowest(): Numbers {
    const lowest = this.#levels[0] as Numbers;
    if (this.#new.length === 0) return lowest;
    const added = new Float64Array(this.#new).sort();
    this.#new = [];
    return (this.#levels[0] = lowest.length === 0 ? added : mergedInOrder(lowest, added));
  }

  #inOrder(): readonly Numbers[] {
    this.#lowest();
    return this.#levels;
  }

  /** Values in order, each with what it stands for. */
  get weighted(): readonly (readonly [number, number])[] {
    return this.#inOrder()
      .flatMap((values, level) => Array.from(values, (value) => [value, 2 ** level] as const))
      .sort(([a], [b]) => a - b || 0);
  }
}

/** How many values each of so many levels has room for, and all together. */
interface Rooms {
  readonly of: readonly number[];
  readonly all: number;
}

const known: Rooms[] = [];

function roomsOf(levels: number): Rooms {
  let rooms = known[levels];
  if (rooms === undefined) {
    const of = Array.from({ length: levels }, (_, level) =>
      Math.max(minRoom, Math.ceil(topRoom * shrink ** (levels - 1 - level))),
    );
    known[levels] = rooms = { of, all: of.reduce((sum, room) => sum + room, 0) };
  }
  return rooms;
}

function isFiniteList(values: readonly unknown[]): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}

/** True when no number is less than the one before. */
function isRising(values: ArrayLike<number>): boolean {
  for (let i = 1; i < values.length; i++)
    if (!((values[i - 1] as number) <= (values[i] as number))) return false;
  return true;
}

/** The numbers of two lists that are in order, in order. */
function mergedInOrder(one: ArrayLike<number>, other: ArrayLike<number>): Float64Array {
  const merged = new Float64Array(one.length + other.length);
  let [i, j] = [0, 0];
  for (let at = 0; at < merged.length; at++) {
    const isOne = j === other.length || (i < one.length && (one[i] as number) <= (other[j] as number));
    merged[at] = (isOne ? one[i++] : other[j++]) as number;
  }
  return merged;
}
