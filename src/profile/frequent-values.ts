import { told, wrongValue } from "../base/errors.ts";

/** Frequent values as they are kept. */
export interface FrequentValuesJson {
  /** Pairs of a value and its count, the most frequent first. */
  readonly values: readonly (readonly [string, number])[];
  /** By how much a count may be too low. */
  readonly maxError: number;
}

/** So many values are kept; a few times as many while a batch is added. */
const maxValues = 256;
const maxGathered = 4 * maxValues;

/**
 * The most frequent values, of text. Up to 256 distinct ones their counts are exact, whatever the order and
 * however they were split and merged. Beyond, a count may be too low by up to `maxError`, which is at most
 * 1/257 of all values, and a value that is more frequent than that is there (Misra and Gries 1982; merged as
 * Agarwal et al. 2012).
 */
export class FrequentValues {
  #counts = new Map<string, number>();
  #maxError = 0;

  /** Counts a value. */
  add(value: string, count = 1): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + count);
    if (this.#counts.size > maxGathered) this.#prune();
  }

  /** Adds what another one has counted. */
  merge(other: FrequentValues): void {
    for (const [value, count] of other.#counts)
      this.#counts.set(value, (this.#counts.get(value) ?? 0) + count);
    this.#maxError += other.#maxError;
    this.#prune();
  }

  /** By how much a count may be too low; 0 while all are exact. */
  get maxError(): number {
    this.#prune();
    return this.#maxError;
  }

  /** Values and counts, the most frequent first, and of equal ones by name. */
  top(most: number = maxValues): (readonly [string, number])[] {
    this.#prune();
    return ranked(this.#counts).slice(0, most);
  }

  /** What is to be kept. */
  toJSON(): FrequentValuesJson {
    return { values: this.top(), maxError: this.maxError };
  }

  /** What was kept. Throws a `RangeError` for anything else. */
  static fromJSON({ values, maxError }: FrequentValuesJson, where: string): FrequentValues {
    const isList = Array.isArray(values) && values.every((pair) => Number.isSafeInteger(pair?.[1]));
    if (!isList || !Number.isSafeInteger(maxError))
      throw wrongValue(where, "values with their counts", told("others"));
    const kept = new FrequentValues();
    for (const [value, count] of values) kept.#counts.set(value, count);
    kept.#maxError = maxError;
    return kept;
  }

  /** Leaves the most frequent ones: what the first that has no room was counted is taken off all. */
  #prune(): void {
    if (this.#counts.size <= maxValues) return;
    const all = ranked(this.#counts);
    const off = all[maxValues]?.[1] ?? 0;
    this.#counts = new Map(
      all.map(([value, count]) => [value, count - off] as const).filter(([, count]) => count > 0),
    );
    this.#maxError += off;
  }
}

function ranked(counts: ReadonlyMap<string, number>): (readonly [string, number])[] {
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}
