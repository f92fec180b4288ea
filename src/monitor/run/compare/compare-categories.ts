import type { DriftProfile } from "../../drift/drift-options.ts";
import { categoryGroups } from "../../drift/groups.ts";
import type { DriftMetricName, HistogramPair } from "../feature-result.ts";
import type { Comparison } from "./comparison.ts";
import { groupsChance } from "./chance.ts";
import { groupMetrics } from "./group-metrics.ts";

/** The categories of one side. */
export interface CategorySample {
  /** The weight of each; of rows that all weigh the same their number. */
  readonly counts: ReadonlyMap<string, number>;
  /** How many values. */
  readonly rows: number;
  /** How many of equal weight would tell as much. */
  readonly effectiveRows: number;
}

/** So many categories are shown by themselves, as in Azure ML's histograms. */
const maxShown = 100;

/** Compares the categories of two sides, neither of which is empty. */
export function compareCategories(
  before: CategorySample,
  after: CategorySample,
  { profile, wanted }: { readonly profile: DriftProfile; readonly wanted: ReadonlySet<DriftMetricName> },
): Comparison {
  const places = { baseline: "baseline", production: "production" };
  const groups = {
    profile,
    ...categoryGroups({ baseline: { counts: before.counts }, production: { counts: after.counts } }, places),
  };
  const rows = { baseline: before.effectiveRows, production: after.effectiveRows };
  // A test takes as many rows as tell as much.
  const scaled = { ...groups, production: scaledTo(groups.production, rows.production) };
  const metrics = groupMetrics(scaled, rows, { tests: wanted });
  const value = metrics.get("TotalVariationDistance")?.value ?? 0;
  return {
    metrics,
    effectSize: { measure: "TotalVariationDistance", value },
    effectChance: groupsChance(groups, rows).totalVariation,
    histogram: histogramOf(before.counts, after.counts),
  };
}

function scaledTo(
  side: { readonly counts: Float64Array; readonly rows: number },
  rows: number,
): { readonly counts: Float64Array; readonly rows: number } {
  if (rows === side.rows) return side;
  return { counts: side.counts.map((count) => (count * rows) / side.rows), rows };
}

function histogramOf(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): HistogramPair {
  const totals = new Map(before);
  for (const [name, count] of after) totals.set(name, (totals.get(name) ?? 0) + count);
  const ranked = [...totals].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([name]) => name);
  const shown = ranked.slice(0, maxShown);
  const counts = (side: ReadonlyMap<string, number>): number[] => shown.map((name) => side.get(name) ?? 0);
  const rest = (side: ReadonlyMap<string, number>): number =>
    ranked.slice(maxShown).reduce((sum, name) => sum + (side.get(name) ?? 0), 0);
  return {
    kind: "categorical",
    categories: shown,
    baseline: counts(before),
    production: counts(after),
    others: { baseline: rest(before), production: rest(after) },
  };
}
