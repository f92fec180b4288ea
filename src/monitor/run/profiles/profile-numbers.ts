import type { ColumnProfile } from "../../../profile/column-profile.ts";
import type { RankSteps } from "../../numbers/rank-steps.ts";
import type { KeptNumbers, RankedNumbers } from "../compare/compare-kept.ts";

/** So many values of a sketch are steps at which ranks are compared. */
const maxSteps = 256;

/**
 * What a profile knows of the ranks of numbers: at the edges by which they were counted exactly, elsewhere by
 * the sketch, whose error is no more than its bound and no more than what lies between the next exact edges.
 */
export class ProfileNumbers implements RankedNumbers {
  readonly effectiveRows: number;
  readonly min: number;
  readonly max: number;
  readonly deviation: number;
  /** The edges by which values were counted; none where they were not. */
  readonly edges: readonly number[];
  readonly #edgesText: string;
  /** How many lie below each edge; of the last one up to it. */
  readonly #known: readonly number[];
  /** Below, bins, above. */
  readonly #counts: readonly number[];
  readonly #values: Float64Array;
  /** How many lie up to each value, itself included. */
  readonly #upTo: Float64Array;
  readonly #error: number;

  constructor(profile: ColumnProfile) {
    this.effectiveRows = profile.rows - profile.nulls - profile.nans - profile.infinite;
    this.deviation = profile.standardDeviation;
    const { groups } = profile;
    const counted = profile.counts?.counts;
    // An infinite value is counted beyond the edges, and is none that is compared.
    const isCounted = groups !== undefined && "edges" in groups && counted instanceof Map;
    this.edges = isCounted && profile.infinite === 0 ? groups.edges : [];
    this.#edgesText = JSON.stringify(this.edges);
    this.#counts = isCounted ? [...(counted as ReadonlyMap<string, number>).values()] : [];
    let below = 0;
    this.#known = this.edges.map((_, i) => (below += this.#counts[i] as number));
    const { sample } = profile;
    this.#values = Float64Array.from(sample, ([value]) => value + 0);
    let upTo = 0;
    this.#upTo = Float64Array.from(sample, ([, weight]) => (upTo += weight));
    this.#error = sample.length === 0 ? Infinity : profile.maxRankError(0.99) * upTo;
    this.min = typeof profile.min === "number" ? profile.min : (this.edges[0] ?? Number.NaN);
    this.max = typeof profile.max === "number" ? profile.max : (this.edges.at(-1) ?? Number.NaN);
  }

  /** False of a column whose values are kept out of its profile. */
  get hasValues(): boolean {
    return this.#values.length > 0;
  }

  /** True when they were counted by just these edges. */
  isCountedBy(edges: readonly number[]): boolean {
    return this.edges.length > 0 && this.#edgesText === JSON.stringify(edges);
  }

  /** How far the count up to each edge may be off; undefined when they were counted by these. */
  edgeErrors(edges: readonly number[]): ArrayLike<number> | undefined {
    return this.isCountedBy(edges) ? undefined : this.stepsAt(edges).errors;
  }

  /** How many are in each bin. */
  countsIn(edges: ArrayLike<number>): Float64Array {
    const all = Array.from(edges);
    if (this.isCountedBy(all)) return Float64Array.from(this.#counts.slice(1, -1));
    const { below, upTo } = this.stepsAt(all);
    const last = all.length - 1;
    const at = (i: number): number => (i === last ? upTo : below)[i] as number;
    return Float64Array.from({ length: last }, (_, i) => Math.max(0, at(i + 1) - at(i)));
  }

  /** How many are below an edge, and above another one. */
  outside(first: number, last: number): readonly [number, number] {
    if (this.edges[0] === first && this.edges.at(-1) === last)
      return [this.#counts[0] as number, this.#counts.at(-1) as number];
    const { below, upTo } = this.stepsAt([first, last]);
    return [below[0] as number, Math.max(0, this.effectiveRows - (upTo[1] as number))];
  }

  /** What lies below and up to some rising numbers. */
  stepsAt(at: ArrayLike<number>): RankSteps {
    const below = new Float64Array(at.length);
    const upTo = new Float64Array(at.length);
    const errors = new Float64Array(at.length);
    const total = this.effectiveRows;
    let edge = 0;
    for (let i = 0; i < at.length; i++) {
      const value = at[i] as number;
      while (edge < this.edges.length && (this.edges[edge] as number) <= value) edge++;
      const isAtEdge = edge > 0 && this.edges[edge - 1] === value;
      const isLast = edge === this.edges.length;
      // The last edge is in the bin before it.
      const from = isLast && isAtEdge ? (this.#known[edge - 2] ?? 0) : (this.#known[edge - 1] ?? 0);
      const to = isLast && isAtEdge ? (this.#known[edge - 1] as number) : (this.#known[edge] ?? total);
      const within = (rank: number): number => Math.min(to, Math.max(from, rank));
      below[i] = value <= this.min ? 0 : isAtEdge && !isLast ? from : within(this.#rank(value, false));
      upTo[i] = value >= this.max ? total : isAtEdge && isLast ? to : within(this.#rank(value, true));
      const isOutside = value < this.min || value >= this.max;
      errors[i] = isOutside ? 0 : Math.min(this.#error, to - from);
    }
    const steps = { at, below, upTo, total, min: this.min, max: this.max };
    return this.#error === 0 ? steps : { ...steps, errors };
  }

  /** The side that the other one is compared with, in these bins. */
  keptBy(edges: readonly number[], other: ProfileNumbers): KeptNumbers {
    const [below, above] = this.outside(edges[0] as number, edges.at(-1) as number);
    const at = new Set([...edges, this.min, this.max, ...this.#some(), ...other.#some()]);
    return {
      edges,
      counts: [below, ...this.countsIn(edges), above],
      rows: this.effectiveRows,
      ranks: this.stepsAt([...at].filter(Number.isFinite).sort((a, b) => a - b)),
      edgeErrors: this.edgeErrors(edges),
      deviation: this.deviation,
    };
  }

  /** Values at equal steps of rank. */
  *#some(): Generator<number, void, undefined> {
    const total = this.#upTo.at(-1) ?? 0;
    let step = 0;
    for (let i = 0; i < this.#values.length; i++) {
      if ((this.#upTo[i] as number) * maxSteps < step * total) continue;
      yield this.#values[i] as number;
      step = Math.floor(((this.#upTo[i] as number) * maxSteps) / total) + 1;
    }
  }

  /** How many of the sketch are below a number, or up to it. */
  #rank(value: number, isIncluded: boolean): number {
    let [low, high] = [0, this.#values.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const one = this.#values[middle] as number;
      if (isIncluded ? one <= value : one < value) low = middle + 1;
      else high = middle;
    }
    return this.#upTo[low - 1] ?? 0;
  }
}
