import { countBelow, countUpTo, type RankSteps } from "../../numbers/rank-steps.ts";
import { standardDeviation, sumOf, sumOfSquares } from "../../numbers/sum.ts";

/** Numbers of one weight: rows that were sampled at one rate. */
export interface NumberPart {
  /** Sorted, without `NaN`. */
  readonly values: Float64Array;
  /** How many rows each stands for. */
  readonly weight: number;
}

/**
 * The numbers of one side. Where all rows were sampled at one rate there is one part, and weights do not
 * matter: what is computed is then what the metrics give of the rows.
 */
export class NumberSample {
  readonly parts: readonly NumberPart[];
  /** How many numbers. */
  readonly rows: number;

  constructor(parts: readonly NumberPart[]) {
    this.parts = parts.filter(({ values }) => values.length > 0);
    this.rows = this.parts.reduce((sum, { values }) => sum + values.length, 0);
  }

  /** The sorted values when all weigh the same; undefined otherwise. */
  get even(): Float64Array | undefined {
    return this.parts.length === 1 ? this.parts[0]?.values : undefined;
  }

  /** How many rows they stand for; when all weigh the same, as many as there are. */
  get total(): number {
    if (this.even !== undefined) return this.rows;
    return sumOf(this.parts.map(({ values, weight }) => values.length * weight));
  }

  /**
   * How many rows of equal weight would tell as much: `(sum w)^2 / sum w^2` (Kish 1965). Tests take so many.
   */
  get effectiveRows(): number {
    if (this.even !== undefined) return this.rows;
    return this.total ** 2 / sumOf(this.parts.map(({ values, weight }) => values.length * weight ** 2));
  }

  /** The least; there is one. */
  get min(): number {
    return Math.min(...this.parts.map(({ values }) => values[0] as number)) + 0;
  }

  /** The greatest; there is one. */
  get max(): number {
    return Math.max(...this.parts.map(({ values }) => values.at(-1) as number)) + 0;
  }

  /** The standard deviation, of a sample (1) or a population (0). */
  deviation(ddof: 0 | 1): number {
    if (this.even !== undefined) return standardDeviation(this.even, ddof);
    const { total } = this;
    const mean = sumOf(this.parts.map(({ values, weight }) => weight * sumOf(values))) / total;
    const squares = this.parts.map(({ values, weight }) => weight * sumOfSquares(values, mean));
    return Math.sqrt((sumOf(squares) / total) * (this.rows / (this.rows - ddof)));
  }

  /** The weight in each bin; a bin holds its lower edge, the last one both. What is outside is in none. */
  countsIn(edges: ArrayLike<number>): Float64Array {
    const counts = new Float64Array(edges.length - 1);
    for (const { values, weight } of this.parts) {
      const scale = this.even === undefined ? weight : 1;
      let from = countBelow(values, edges[0] as number);
      for (let bin = 0; bin < counts.length; bin++) {
        const edge = edges[bin + 1] as number;
        const to = bin === counts.length - 1 ? countUpTo(values, edge) : countBelow(values, edge);
        counts[bin] = (counts[bin] as number) + (to - from) * scale;
        from = to;
      }
    }
    return counts;
  }

  /** The weight below an edge, and above another. */
  outside(first: number, last: number): readonly [number, number] {
    const scaled = (count: number, weight: number): number =>
      this.even === undefined ? count * weight : count;
    const sum = (count: (values: Float64Array) => number): number =>
      sumOf(this.parts.map(({ values, weight }) => scaled(count(values), weight)));
    return [
      sum((values) => countBelow(values, first)),
      sum((values) => values.length - countUpTo(values, last)),
    ];
  }

  /** What lies below and up to some numbers. */
  stepsAt(at: ArrayLike<number>): RankSteps {
    const below = new Float64Array(at.length);
    const upTo = new Float64Array(at.length);
    for (const { values, weight } of this.parts) {
      const scale = this.even === undefined ? weight : 1;
      for (let i = 0; i < at.length; i++) {
        const value = at[i] as number;
        below[i] = (below[i] as number) + countBelow(values, value) * scale;
        upTo[i] = (upTo[i] as number) + countUpTo(values, value) * scale;
      }
    }
    return { at, below, upTo, total: this.total, min: this.min, max: this.max };
  }
}

/**
 * The integral of the difference of cumulated shares, and the largest difference, of samples whose values do
 * not all weigh the same.
 */
export function weightedDifference(
  a: NumberSample,
  b: NumberSample,
): { readonly area: number; readonly height: number } {
  const sides = [a, b].map((sample, side) =>
    sample.parts.map(({ values, weight }) => ({
      values,
      share: ((sample.even === undefined ? weight : 1) / sample.total) * (side === 0 ? 1 : -1),
      at: 0,
    })),
  );
  const runs = sides.flat();
  const areas: number[] = [];
  let [height, at, difference] = [0, 0, 0];
  for (;;) {
    let next = Infinity;
    for (const run of runs) next = Math.min(next, run.values[run.at] ?? Infinity);
    if (next === Infinity) return { area: sumOf(areas), height };
    if (difference !== 0) areas.push(Math.abs(difference) * (next - at));
    at = next;
    for (const run of runs) while (run.values[run.at] === next) run.at++;
    // From counts, not added up: equal whatever the order, and exactly 0 at the end.
    difference = sumOf(runs.map(({ share, at: passed }) => share * passed));
    height = Math.max(height, Math.abs(difference));
  }
}
