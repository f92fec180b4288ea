import { kindOfColumn } from "../columns/column-kind.ts";
import {
  categoriesOf,
  type Categories,
  finiteNumbersOf,
  type MetricColumn,
} from "../columns/metric-column.ts";
import { azuremlEdges, binCounts, jointRange, sturgesEdges } from "./bins.ts";
import { sumOf } from "../numbers/sum.ts";
import { type DriftOptions, driftOptions, type DriftProfile } from "./drift-options.ts";

/** Two columns as counts of the same groups: bins, or categories in the order of their names. */
export interface Groups {
  readonly profile: DriftProfile;
  readonly baseline: Side;
  readonly production: Side;
  /** Of bins. */
  readonly edges?: Float64Array;
}

/** One column. */
export interface Side {
  readonly counts: Float64Array;
  /** Rows that are not null. The sum of the counts may be less: see {@link azuremlEdges}. */
  readonly rows: number;
}

/** To Evidently, a numerical reference with no more distinct values is binned by its values. */
const maxValuesAsCategories = 20;

/** The two columns that a metric was given, as groups. */
export function groupsOf(
  callee: string,
  columns: { readonly baseline: MetricColumn; readonly production: MetricColumn },
  options: DriftOptions | undefined,
  evidentlyBins: EvidentlyBins = "combined",
): Groups {
  const { profile, kind } = driftOptions(options, callee);
  const places = { baseline: `${callee} baseline`, production: `${callee} production` };
  const integers = profile === "azureml" ? "by share" : "numerical";
  const decided = kind ?? kindOfColumn(columns.baseline, { integers, where: places.baseline });
  if (decided === "categorical") return { profile, ...categoryGroups(columns, places) };
  const baseline = finiteNumbersOf(columns.baseline, places.baseline);
  const production = finiteNumbersOf(columns.production, places.production);
  const [a, b] = [baseline.values, production.values];
  if (profile === "azureml") return { profile, ...azuremlGroups(a, b) };
  const together = baseline.integers && production.integers;
  return { profile, ...evidentlyGroups(a, b, together, evidentlyBins) };
}

/** Two sorted samples in Evidently's bins, or by their values. `integers` says that both are such. */
export function evidentlyGroups(
  a: Float64Array,
  b: Float64Array,
  integers: boolean,
  bins: EvidentlyBins = "combined",
): Omit<Groups, "profile"> {
  if (bins === "distinct") {
    const size = distinctOf(a, b);
    return binned(a, b, sturgesEdges(jointRange(a, b), size, integers));
  }
  if (distinctOf(a) <= maxValuesAsCategories)
    return categoryGroups({ baseline: a, production: b }, { baseline: "baseline", production: "production" });
  return binned(a, b, sturgesEdges(jointRange(a, b), a.length + b.length, integers));
}

/** How many values of sorted samples are distinct. */
export function distinctOf(a: Float64Array, b: Float64Array = new Float64Array()): number {
  let [i, j, distinct] = [0, 0, 0];
  while (i < a.length || j < b.length) {
    const next = Math.min(a[i] ?? Infinity, b[j] ?? Infinity);
    while (a[i] === next) i++;
    while (b[j] === next) j++;
    distinct++;
  }
  return distinct;
}

/** Of what Evidently makes its bins: of all values, or of the distinct ones. */
type EvidentlyBins = "combined" | "distinct";

/** Two sorted samples in Azure ML's bins. */
export function azuremlGroups(a: Float64Array, b: Float64Array): Omit<Groups, "profile"> {
  const edges = azuremlEdges(a, b);
  const groups = binned(a, b, edges);
  const isEmpty = ({ counts }: Side): boolean => counts.every((count) => count === 0);
  if (!isEmpty(groups.baseline) && !isEmpty(groups.production)) return groups;
  // All values of a side are the maximum, and it fell off the last edge. Azure ML has no answer then (0 / 0).
  edges[edges.length - 1] = jointRange(a, b).hi;
  return binned(a, b, edges);
}

function binned(
  baseline: Float64Array,
  production: Float64Array,
  edges: Float64Array,
): Omit<Groups, "profile"> {
  const side = (sorted: Float64Array): Side => ({ counts: binCounts(sorted, edges), rows: sorted.length });
  return { baseline: side(baseline), production: side(production), edges };
}

/** Two columns as counts of their categories, those of either side, in the order of their names. */
export function categoryGroups(
  columns: { readonly baseline: MetricColumn; readonly production: MetricColumn },
  places: { readonly baseline: string; readonly production: string },
): Omit<Groups, "profile"> {
  const baseline = categoriesOf(columns.baseline, places.baseline);
  const production = categoriesOf(columns.production, places.production);
  const names = [...new Set([...baseline.keys(), ...production.keys()])]
    .filter((name) => (baseline.get(name) ?? 0) > 0 || (production.get(name) ?? 0) > 0)
    .sort();
  const side = (categories: Categories): Side => {
    const counts = Float64Array.from(names, (name) => categories.get(name) ?? 0);
    return { counts, rows: sumOf(counts) };
  };
  return { baseline: side(baseline), production: side(production) };
}

/** What each group is of all that are in one. */
export function sharesOf({ counts }: Side): Float64Array {
  const total = sumOf(counts);
  return counts.map((count) => count / total);
}
