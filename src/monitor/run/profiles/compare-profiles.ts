import type { ColumnProfile } from "../../../profile/column-profile.ts";
import type { BaselineColumn } from "../../baseline/baseline-column.ts";
import { edgesOver } from "../../drift/bins.ts";
import {
  compareNamed,
  compareRanked,
  countsBy,
  type KeptComparison,
  keptNumbers,
  type KeptNumbers,
  keptRows,
} from "../compare/compare-kept.ts";
import { compareCategories } from "../compare/compare-categories.ts";
import type { Comparison } from "../compare/comparison.ts";
import type { Move } from "../compare/sketched-metrics.ts";
import { ProfileNumbers } from "./profile-numbers.ts";

/** Compares a profile with what a baseline knows, or with another profile of its kind; both have values. */
export function compareProfiles(
  before: BaselineColumn | ColumnProfile,
  after: ColumnProfile,
  options: KeptComparison,
): Comparison {
  return after.kind === "numerical"
    ? compareNumbers(before, after, options)
    : compareCategoryProfiles(before, after, options);
}

/** How many values count: without nulls, and of numbers without infinite ones. */
export function knownRows(of: BaselineColumn | ColumnProfile): number {
  if ("profile" in of) return keptRows(of);
  return of.rows - of.nulls - of.nans - of.infinite;
}

function compareNumbers(
  before: BaselineColumn | ColumnProfile,
  after: ColumnProfile,
  options: KeptComparison,
): Comparison {
  const now = new ProfileNumbers(after);
  if ("profile" in before) return withoutRanks(compareRanked(keptNumbers(before), now, options), [now]);
  const then = new ProfileNumbers(before);
  return withoutRanks(compareRanked(pairOf(then, now), now, options), [then, now]);
}

/** In the bins of both where they were counted by the same, else in Azure ML's, over both. */
function pairOf(before: ProfileNumbers, after: ProfileNumbers): KeptNumbers {
  if (after.isCountedBy(before.edges)) return before.keptBy(before.edges, after);
  const [lo, hi] = [Math.min(before.min, after.min), Math.max(before.max, after.max)];
  const edges = edgesOver({ lo, hi }, Math.min(before.effectiveRows, after.effectiveRows));
  if (lo !== hi) edges[edges.length - 1] = hi;
  return before.keptBy([...new Set(edges)], after);
}

/** Of values that are kept out of their profiles nobody can say how far they have moved. */
function withoutRanks(comparison: Comparison, sides: readonly ProfileNumbers[]): Comparison {
  if (sides.every(({ hasValues }) => hasValues)) return comparison;
  const metrics = new Map(comparison.metrics);
  metrics.delete("NormalizedWassersteinDistance");
  metrics.delete("TwoSampleKolmogorovSmirnovTest");
  return { ...comparison, metrics };
}

function compareCategoryProfiles(
  before: BaselineColumn | ColumnProfile,
  after: ColumnProfile,
  options: KeptComparison,
): Comparison {
  const rows = { baseline: knownRows(before), production: knownRows(after) };
  const old = "profile" in before ? before.profile : before;
  const given = namesOf(old);
  if (given !== undefined) {
    const now = namesOf(after);
    const isSame = now !== undefined && JSON.stringify(now) === JSON.stringify(given);
    if (isSame || "profile" in before) {
      const [counted, moves] = isSame ? [countsOf(after), []] : frequentBy(given, after, "production");
      const sides = { baseline: countsOf(old), production: counted };
      return compareNamed(given, sides, rows, { ...options, moves });
    }
  }
  const [then, now] = [old.frequent(Infinity), after.frequent(Infinity)];
  if (old.maxFrequentError === 0 && after.maxFrequentError === 0) {
    const sample = (counts: typeof then, values: number) => ({
      ...{ counts: new Map(counts), rows: values, effectiveRows: values },
    });
    return compareCategories(sample(then, rows.baseline), sample(now, rows.production), options);
  }
  const names = [...new Set([...then, ...now].map(([name]) => name))].sort();
  const [a, left] = frequentBy(names, old, "baseline");
  const [b, right] = frequentBy(names, after, "production");
  return compareNamed(names, { baseline: a, production: b }, rows, {
    ...options,
    moves: [...left, ...right],
  });
}

function namesOf({ groups }: ColumnProfile): readonly string[] | undefined {
  return groups !== undefined && "categories" in groups ? groups.categories : undefined;
}

function countsOf({ counts }: ColumnProfile): number[] {
  return counts?.counts instanceof Map ? [...(counts.counts as ReadonlyMap<string, number>).values()] : [];
}

/** Counts of frequent values, the rest being others, and how many of these may belong to each. */
function frequentBy(
  names: readonly string[],
  profile: ColumnProfile,
  side: Move["side"],
): readonly [number[], Move[]] {
  const counts = countsBy(names, new Map(profile.frequent(Infinity)));
  const others = names.length;
  const rest = knownRows(profile) - counts.reduce((sum, count) => sum + count, 0);
  counts[others] = (counts[others] as number) + rest;
  const rows = profile.maxFrequentError;
  if (rows === 0) return [counts, []];
  return [counts, names.map((_, to) => ({ side, from: others, to, rows }))];
}
