import type { BaselineColumn } from "../../baseline/baseline-column.ts";
import type { DriftProfile } from "../../drift/drift-options.ts";
import type { Groups, Side } from "../../drift/groups.ts";
import { minDeviation } from "../../drift/normalized-wasserstein-distance.ts";
import { tailOf } from "../../drift/two-sample-kolmogorov-smirnov-test.ts";
import { areaBetween, greatestDifference, type RankSteps } from "../../numbers/rank-steps.ts";
import { sumOf } from "../../numbers/sum.ts";
import type { DriftMetricName, HistogramPair } from "../feature-result.ts";
import { areaChance, differenceChance, groupsChance } from "./chance.ts";
import type { CategorySample } from "./compare-categories.ts";
import type { Comparison } from "./comparison.ts";
import { type Move, neighbours, sketchedMetrics } from "./sketched-metrics.ts";
import type { NumberSample } from "./number-sample.ts";

/** How sides are compared. */
export interface KeptComparison {
  readonly profile: DriftProfile;
  readonly wanted: ReadonlySet<DriftMetricName>;
}

/** The counts of a baseline's groups: below, bins, above; or categories, others. */
function countsOf({ profile }: BaselineColumn): number[] {
  const counts = profile.counts?.counts;
  return counts instanceof Map ? [...(counts as ReadonlyMap<string, number>).values()] : [];
}

/** How many values a kept column has that count: without nulls, and of numbers without infinite ones. */
export function keptRows({ profile }: BaselineColumn): number {
  return profile.rows - profile.nulls - profile.nans - profile.infinite;
}

/** The numbers of a side whose rows are gone. */
export interface KeptNumbers {
  /** Of its bins. */
  readonly edges: readonly number[];
  /** Below the first edge, in each bin, above the last one. */
  readonly counts: readonly number[];
  /** How many, of finite ones. */
  readonly rows: number;
  readonly ranks: RankSteps;
  /** How far the count up to each edge may be off; undefined when counts are exact. */
  readonly edgeErrors?: ArrayLike<number> | undefined;
  /** The standard deviation, of a sample. */
  readonly deviation: number;
}

/** The other side: numbers in order, or what is known of them. */
export type RankedNumbers = Pick<
  NumberSample,
  "effectiveRows" | "min" | "max" | "outside" | "countsIn" | "stepsAt"
> & {
  /** How far the count up to each edge may be off; undefined, or absent, when counts are exact. */
  edgeErrors?(edges: readonly number[]): ArrayLike<number> | undefined;
};

/**
 * Compares numbers with a baseline whose rows are gone: distances of groups by the baseline's own bins, those
 * of ranks within a bound.
 */
export function compareWithKeptNumbers(
  column: BaselineColumn,
  after: RankedNumbers,
  options: KeptComparison,
): Comparison {
  return compareRanked(keptNumbers(column), after, options);
}

/** What a baseline knows of numbers. */
export function keptNumbers(column: BaselineColumn): KeptNumbers {
  const { groups, standardDeviation: deviation } = column.profile;
  const edges = groups !== undefined && "edges" in groups ? groups.edges : [];
  const rows = keptRows(column);
  return { edges, counts: countsOf(column), rows, ranks: ranksOf(column, rows), deviation };
}

/** Compares numbers of two sides, by the bins of the first one. */
export function compareRanked(
  { edges: inner, counts: before, rows: rowsBefore, ranks, edgeErrors, deviation }: KeptNumbers,
  after: RankedNumbers,
  { profile, wanted }: KeptComparison,
): Comparison {
  const [first, last] = [inner[0] as number, inner.at(-1) as number];
  const [below, above] = after.outside(first, last);
  const now = [below, ...after.countsIn(inner), above];
  const isEmpty = (i: number): boolean => before[i] === 0 && now[i] === 0;
  const isShown = (_: number, i: number): boolean => !((i === 0 || i === now.length - 1) && isEmpty(i));
  const side = (counts: readonly number[]): Side => {
    const shown = Float64Array.from(counts.filter(isShown));
    return { counts: shown, rows: sumOf(shown) };
  };
  const groups: Groups = { profile, baseline: side(before), production: side(now) };
  const edges = [Math.min(first, after.min), ...inner, Math.max(last, after.max)].filter(
    (_, i, all) => !((i === 0 && isEmpty(0)) || (i === all.length - 1 && isEmpty(now.length - 1))),
  );
  const histogram: HistogramPair = {
    ...{ kind: "numerical", edges },
    baseline: [...groups.baseline.counts],
    production: [...groups.production.counts],
  };
  const rows = { baseline: rowsBefore, production: after.effectiveRows };
  const errors = { baseline: edgeErrors, production: after.edgeErrors?.(inner) };
  const metrics = sketchedMetrics(groups, rows, neighbours(errors, isShown(0, 0) ? 0 : 1));
  const stepped = after.stepsAt(ranks.at);
  const method = ranks.errors === undefined && stepped.errors === undefined ? "binned" : "sketch";
  const area = areaBetween(ranks, stepped);
  const height = greatestDifference(ranks, stepped);
  const scale = scaleOf(deviation, rowsBefore, profile);
  metrics.set("NormalizedWassersteinDistance", {
    value: area.value / scale,
    method,
    maxError: area.maxError / scale,
    chance: areaChance(quantilesOf(ranks), rows.baseline, rows.production) / scale,
    statistic: null,
  });
  if (wanted.has("TwoSampleKolmogorovSmirnovTest")) {
    const tail = tailOf(height.value, 1 / (1 / rows.baseline + 1 / rows.production), profile);
    metrics.set("TwoSampleKolmogorovSmirnovTest", {
      ...{ value: tail.pValue, method: method === "sketch" ? method : tail.method },
      ...{ maxError: height.maxError, chance: null, statistic: height.value },
    });
  }
  return {
    metrics,
    effectSize: { measure: "KolmogorovSmirnovDistance", value: height.value },
    effectChance: differenceChance(rows.baseline, rows.production),
    histogram,
  };
}

/** Where the baseline's values lie. */
function ranksOf({ steps }: BaselineColumn, total: number): RankSteps {
  const { at, below, upTo } = steps ?? { at: [0], below: [0], upTo: [total] };
  return { at, below, upTo, total, min: at[0] as number, max: at.at(-1) as number };
}

function scaleOf(sample: number, rows: number, choices: DriftProfile): number {
  const deviation = choices === "azureml" ? sample : sample * Math.sqrt((rows - 1) / rows);
  return deviation > minDeviation ? deviation : minDeviation;
}

/** Values at equal steps of rank. */
function quantilesOf({ at, upTo, total }: RankSteps): Float64Array {
  const steps = 128;
  let i = 0;
  return Float64Array.from({ length: steps + 1 }, (_, step) => {
    while (i < at.length - 1 && (upTo[i] as number) < (step / steps) * total) i++;
    return at[i] as number;
  });
}

/** Compares categories with a baseline whose rows are gone: those that it does not know are others. */
export function compareWithKeptCategories(
  column: BaselineColumn,
  after: CategorySample,
  options: KeptComparison,
): Comparison {
  const definition = column.profile.groups;
  const names = definition !== undefined && "categories" in definition ? definition.categories : [];
  const now = countsBy(names, after.counts);
  const rows = { baseline: keptRows(column), production: after.effectiveRows };
  return compareNamed(names, { baseline: countsOf(column), production: now }, rows, options);
}

/** How often each of some categories occurs, and then all others together. */
export function countsBy(names: readonly string[], counts: ReadonlyMap<string, number>): number[] {
  const places = new Map(names.map((name, i) => [name, i]));
  const by = new Array<number>(names.length + 1).fill(0);
  for (const [name, count] of counts) {
    const place = places.get(name) ?? names.length;
    by[place] = (by[place] as number) + count;
  }
  return by;
}

/** Compares two sides that were counted by the same categories, and others. */
export function compareNamed(
  names: readonly string[],
  { baseline: before, production: now }: Record<"baseline" | "production", readonly number[]>,
  rows: Readonly<Record<"baseline" | "production", number>>,
  { profile, wanted, moves = [] }: KeptComparison & { readonly moves?: readonly Move[] },
): Comparison {
  const isShown = (_: number, i: number): boolean => before[i] !== 0 || now[i] !== 0;
  const side = (counts: readonly number[]): Side => {
    const shown = Float64Array.from(counts.filter(isShown));
    return { counts: shown, rows: sumOf(shown) };
  };
  const groups: Groups = { profile, baseline: side(before), production: side(now) };
  const metrics = sketchedMetrics(groups, rows, moves, wanted);
  const ranked = names
    .map((name, i) => ({ name, i, both: (before[i] as number) + (now[i] as number) }))
    .sort((a, b) => b.both - a.both || (a.name < b.name ? -1 : 1))
    .slice(0, 100);
  const shown = (counts: readonly number[]): number[] => ranked.map(({ i }) => counts[i] as number);
  const rest = (counts: readonly number[]): number => sumOf(counts) - sumOf(shown(counts));
  return {
    metrics,
    effectSize: {
      measure: "TotalVariationDistance",
      value: metrics.get("TotalVariationDistance")?.value ?? 0,
    },
    effectChance: groupsChance(groups, rows).totalVariation,
    histogram: {
      kind: "categorical",
      categories: ranked.map(({ name }) => name),
      baseline: shown(before),
      production: shown(now),
      others: { baseline: rest(before), production: rest(now) },
    },
  };
}
