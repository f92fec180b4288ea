import { jensenShannonOf } from "../../drift/share-distances.ts";
import type { Sample } from "./compare-window.ts";
import type { HistogramPair, SliceShare } from "../feature-result.ts";
import type { SpanTable } from "../rows/span-table.ts";
import { nullCode } from "../rows/stored-column.ts";
import type { Slicing } from "../rows/strata.ts";

/** So many values of a column are slices. */
const maxSlices = 20;

/** The slices by the values of a column: the most frequent ones among the rows of some tables. */
export function slicingBy(column: string, tables: readonly SpanTable[]): Slicing {
  const counts = new Map<string | null, number>();
  for (const table of tables) {
    const stored = table.slices.get(column);
    if (stored === undefined) continue;
    const byCode = new Map<number, number>();
    for (const code of stored.codes) byCode.set(code, (byCode.get(code) ?? 0) + 1);
    for (const [code, count] of byCode) {
      const value = code === nullCode ? null : (stored.names[code] as string);
      counts.set(value, (counts.get(value) ?? 0) + count);
    }
  }
  const ranked = [...counts].sort(
    ([a, m], [b, n]) => n - m || (a === null ? 1 : b === null ? -1 : a < b ? -1 : 1),
  );
  return { column, values: ranked.slice(0, maxSlices).map(([value]) => value) };
}

/** The values of both sides of each slice of a column; without a baseline's where that has no rows. */
export interface SlicedSamples {
  readonly slicing: Slicing;
  readonly before: readonly Sample[] | undefined;
  readonly after: readonly Sample[];
}

/**
 * The slice without which a change would be least, by the Jensen-Shannon distance of the groups of a
 * histogram; null when it would be none the less without any.
 */
export function explainedBy(histogram: HistogramPair, sliced: readonly SlicedSamples[]): SliceShare | null {
  const all = distanceOf(histogram.baseline, histogram.production);
  let found: SliceShare | null = null;
  for (const { slicing, before, after } of sliced)
    for (const [i, value] of slicing.values.entries()) {
      const production = less(histogram.production, after[i], histogram);
      const baseline =
        before === undefined ? histogram.baseline : less(histogram.baseline, before[i], histogram);
      const without = distanceOf(baseline, production);
      const share = all === 0 ? 0 : 1 - without / all;
      if (share > (found?.share ?? 0)) found = { column: slicing.column, value, share };
    }
  return found;
}

function distanceOf(baseline: ArrayLike<number>, production: ArrayLike<number>): number {
  const side = (counts: ArrayLike<number>) => {
    const all = Float64Array.from(counts);
    return { counts: all, rows: all.reduce((sum, count) => sum + count, 0) };
  };
  const groups = { profile: "azureml" as const, baseline: side(baseline), production: side(production) };
  // A slice that is all of a side leaves nothing to compare.
  if (groups.baseline.rows <= 0 || groups.production.rows <= 0) return Infinity;
  return jensenShannonOf(groups);
}

function less(counts: readonly number[], sample: Sample | undefined, histogram: HistogramPair): number[] {
  if (sample === undefined) return [...counts];
  const own = countsOf(sample, histogram);
  return counts.map((count, i) => Math.max(0, count - (own[i] ?? 0)));
}

function countsOf(sample: Sample, histogram: HistogramPair): ArrayLike<number> {
  if (histogram.kind === "numerical")
    return sample.kind === "numerical" ? sample.numbers.countsIn(histogram.edges) : [];
  if (sample.kind === "numerical") return [];
  return histogram.categories.map((name) => sample.categories.counts.get(name) ?? 0);
}
