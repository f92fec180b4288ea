import type { DriftProfile } from "../../drift/drift-options.ts";
import { edgesOver } from "../../drift/bins.ts";
import { azuremlGroups, distinctOf, evidentlyGroups, type Groups } from "../../drift/groups.ts";
import { differenceOf, minDeviation } from "../../drift/normalized-wasserstein-distance.ts";
import { hellingerDistance } from "../../drift/share-distances.ts";
import { kolmogorovSmirnovOf, tailOf } from "../../drift/two-sample-kolmogorov-smirnov-test.ts";
import type { DriftMetricName, HistogramPair } from "../feature-result.ts";
import { areaChance, differenceChance } from "./chance.ts";
import type { Comparison, Measured } from "./comparison.ts";
import { groupMetrics } from "./group-metrics.ts";
import { type NumberSample, weightedDifference } from "./number-sample.ts";

/** How numbers are compared. */
export interface NumberComparison {
  readonly profile: DriftProfile;
  /** True when both sides are integers in their files. */
  readonly integers: boolean;
  /** The tests that are asked for; distances are always given. */
  readonly wanted: ReadonlySet<DriftMetricName>;
}

/** To Evidently, a column with no more distinct values is one of categories. */
const maxEvidentlyCategories = 5;

/** Whether Evidently takes numbers for categories: by the distinct values of both sides. */
export function areCategoriesToEvidently(before: NumberSample, after: NumberSample): boolean {
  const distinct = new Set<number>();
  for (const { values } of [...before.parts, ...after.parts])
    for (let i = 0; i < values.length; i++) {
      if (values[i] === values[i - 1]) continue;
      distinct.add(values[i] as number);
      if (distinct.size > maxEvidentlyCategories) return false;
    }
  return true;
}

/** Compares the numbers of two sides, neither of which is empty or has infinite ones. */
export function compareNumbers(
  before: NumberSample,
  after: NumberSample,
  { profile, integers, wanted }: NumberComparison,
): Comparison {
  const rows = { baseline: before.effectiveRows, production: after.effectiveRows };
  const [a, b] = [before.even, after.even];
  const isEven = a !== undefined && b !== undefined;
  const groups = isEven
    ? { profile, ...(profile === "azureml" ? azuremlGroups(a, b) : evidentlyGroups(a, b, integers)) }
    : weightedGroups(before, after, profile);
  const metrics = groupMetrics(groups, rows, { tests: new Set() });
  if (isEven && profile === "evidently")
    metrics.set("HellingerDistance", {
      ...(metrics.get("HellingerDistance") as Measured),
      value: hellingerDistance(a, b, { profile, kind: "numerical" }),
    });
  const even = isEven ? differenceOf(a, b) : undefined;
  const { area, height } =
    isEven && even !== undefined
      ? { area: even.area, height: even.greatest / (a.length * b.length) }
      : weightedDifference(before, after);
  const deviation = before.deviation(profile === "azureml" ? 1 : 0);
  const scale = deviation > minDeviation ? deviation : minDeviation;
  const exact = { method: "exact", maxError: 0, statistic: null } as const;
  metrics.set("NormalizedWassersteinDistance", {
    ...exact,
    value: area / scale,
    chance: areaChance(quantilesOf(before), rows.baseline, rows.production) / scale,
  });
  if (wanted.has("TwoSampleKolmogorovSmirnovTest")) {
    const { pValue, method } =
      isEven && even !== undefined
        ? kolmogorovSmirnovOf(even.greatest, { m: a.length, n: b.length, profile })
        : tailOf(height, 1 / (1 / rows.baseline + 1 / rows.production), profile);
    metrics.set("TwoSampleKolmogorovSmirnovTest", {
      ...{ value: pValue, method, maxError: 0, chance: null },
      statistic: height,
    });
  }
  return {
    metrics,
    effectSize: { measure: "KolmogorovSmirnovDistance", value: height },
    effectChance: differenceChance(rows.baseline, rows.production),
    histogram: histogramOf(before, after, groups.edges),
  };
}

/** Of rows that weigh differently: weights in bins, of which there are as many as for as many rows. */
function weightedGroups(before: NumberSample, after: NumberSample, profile: DriftProfile): Groups {
  const edges = evenEdges(before, after);
  const side = (sample: NumberSample) => ({ counts: sample.countsIn(edges), rows: sample.total });
  return { profile, baseline: side(before), production: side(after), edges };
}

/** Azure ML's edges, the last one being the maximum, so that no value is outside. */
function evenEdges(before: NumberSample, after: NumberSample): Float64Array {
  const [lo, hi] = [Math.min(before.min, after.min), Math.max(before.max, after.max)];
  const edges = edgesOver({ lo, hi }, Math.min(before.rows, after.rows));
  if (lo !== hi) edges[edges.length - 1] = hi;
  return edges;
}

/** In as many groups as metrics are computed in; by values where Evidently has them so. */
function histogramOf(
  before: NumberSample,
  after: NumberSample,
  given: Float64Array | undefined,
): HistogramPair {
  const edges = given ?? evenEdges(before, after);
  return {
    kind: "numerical",
    edges: [...edges],
    baseline: [...before.countsIn(edges)],
    production: [...after.countsIn(edges)],
  };
}

/** Values at equal steps of rank, of the largest part. */
function quantilesOf(sample: NumberSample): Float64Array {
  const [{ values } = { values: new Float64Array(1) }] = sample.parts.toSorted(
    (a, b) => b.values.length - a.values.length,
  );
  const steps = Math.min(1000, values.length);
  return Float64Array.from(
    { length: steps + 1 },
    (_, i) => values[Math.min(values.length - 1, Math.floor((i * values.length) / steps))] as number,
  );
}

/** Numbers as categories: how often each occurs. */
export function categoriesOfNumbers(sample: NumberSample): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { values, weight } of sample.parts) {
    const scale = sample.even === undefined ? weight : 1;
    for (let from = 0; from < values.length; ) {
      let to = from + 1;
      while (to < values.length && values[to] === values[from]) to++;
      const name = String((values[from] as number) + 0);
      counts.set(name, (counts.get(name) ?? 0) + (to - from) * scale);
      from = to;
    }
  }
  return counts;
}

/** How many numbers of a sample are distinct. */
export function distinctNumbers(sample: NumberSample): number {
  if (sample.even !== undefined) return distinctOf(sample.even);
  return new Set(sample.parts.flatMap(({ values }) => [...values])).size;
}
