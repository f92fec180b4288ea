import { sumOf } from "./sum.ts";

/**
 * How much of a sample lies below, and up to, some rising numbers. Between these nobody knows where values
 * are, so what is computed from two of them has a bound of its error.
 */
export interface RankSteps {
  readonly at: ArrayLike<number>;
  /** Weight of the values below each. */
  readonly below: ArrayLike<number>;
  /** Weight of the values up to each, itself included. */
  readonly upTo: ArrayLike<number>;
  readonly total: number;
  readonly min: number;
  readonly max: number;
  /** How far the weights at each may be off; 0 everywhere, if undefined. */
  readonly errors?: ArrayLike<number>;
}

/** A value, and how far it may be from the true one. */
export interface Bounded {
  readonly value: number;
  readonly maxError: number;
}

/** Steps of equal rank, and of equal width: the first tell the middle, the others the tails. */
const ranks = 256;
const widths = 64;

/** Where the steps of a sorted sample are: all values of few, else quantiles and equal parts of the range. */
export function stepsOf(sorted: Float64Array): number[] {
  if (sorted.length <= ranks) return [...new Set(sorted.map((value) => value + 0))];
  const [min, max] = [(sorted[0] as number) + 0, (sorted.at(-1) as number) + 0];
  const at = new Set<number>([min, max]);
  for (let i = 1; i < ranks; i++)
    at.add((sorted[Math.min(sorted.length - 1, Math.floor((i * sorted.length) / ranks))] as number) + 0);
  const width = (max - min) / widths;
  if (Number.isFinite(width)) for (let i = 1; i < widths; i++) at.add(min + i * width);
  return [...at].sort((a, b) => a - b);
}

/** How many of the sorted values are below a number. */
export function countBelow(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many of the sorted values are no greater than a number. */
export function countUpTo(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A stretch between two steps, in which both shares rise from one known value to another. */
interface Stretch {
  readonly width: number;
  /** Shares after the step before, of both. */
  readonly from: readonly [number, number];
  /** Shares before the next step. */
  readonly to: readonly [number, number];
  /** How far the difference of shares may be off, at either end. */
  readonly error: number;
}

/** Stretches from the least value of either to the greatest. Both have the same steps. */
function* stretches(a: RankSteps, b: RankSteps): Generator<Stretch> {
  let at = Math.min(a.min, b.min);
  let from: readonly [number, number] = [0, 0];
  let error = 0;
  for (let i = 0; i < a.at.length; i++) {
    const next = a.at[i] as number;
    const to = [(a.below[i] as number) / a.total, (b.below[i] as number) / b.total] as const;
    const errorThere = (a.errors?.[i] ?? 0) / a.total + (b.errors?.[i] ?? 0) / b.total;
    if (next > at || i > 0)
      yield { width: Math.max(0, next - at), from, to, error: Math.max(error, errorThere) };
    at = next;
    error = errorThere;
    from = [(a.upTo[i] as number) / a.total, (b.upTo[i] as number) / b.total];
  }
  yield { width: Math.max(0, Math.max(a.max, b.max) - at), from, to: [1, 1], error };
}

/**
 * The largest difference of cumulated shares. Of exact steps it is no less than this, and no more than the
 * error above: within a stretch one share may rise before the other.
 */
export function greatestDifference(a: RankSteps, b: RankSteps): Bounded {
  let [known, most] = [0, 0];
  for (const { from, to, error } of stretches(a, b)) {
    known = Math.max(known, Math.abs(from[0] - from[1]), Math.abs(to[0] - to[1]));
    most = Math.max(most, to[0] - from[1] + error, to[1] - from[0] + error);
  }
  return { value: known, maxError: Math.max(0, most - known) };
}

/**
 * The integral of the difference of cumulated shares, as if values were spread evenly between steps. Of what
 * rises from one known share to another the integral is within half the rise times the width.
 */
export function areaBetween(a: RankSteps, b: RankSteps): Bounded {
  const areas: number[] = [];
  const errors: number[] = [];
  for (const { width, from, to, error } of stretches(a, b)) {
    if (width === 0) continue;
    const [left, right] = [from[0] - from[1], to[0] - to[1]];
    const [x, y] = [Math.abs(left), Math.abs(right)];
    // Two triangles where it changes its sign, else a trapezium.
    const isCrossing = left * right < 0;
    areas.push((width / 2) * (isCrossing ? (x * x + y * y) / (x + y) : x + y));
    errors.push(width * ((to[0] - from[0] + (to[1] - from[1])) / 2 + error));
  }
  return { value: sumOf(areas), maxError: sumOf(errors) };
}
