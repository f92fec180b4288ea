import type { MetricColumn } from "../columns/metric-column.ts";
import { sumOf } from "../numbers/sum.ts";
import type { DriftOptions } from "./drift-options.ts";
import { type Groups, groupsOf, type Side } from "./groups.ts";

/**
 * The population stability index of two columns: `sum (q - p) ln(q / p)` over the shares `p` and `q` of bins
 * or categories of baseline and production. From 0 (equal), without an upper bound. Symmetric when the sides
 * have as many rows.
 *
 * What a side does not have would make it infinite. With profile `azureml` each of the `k` groups is given
 * one row (Laplace): `p = (count + 1) / (n + k)`, `n` being all rows that are not null. With `evidently` a
 * share of 0 is 0.0001, or a millionth of the smallest share when that is no more.
 *
 * Nulls are left out. Equal to the digit whatever the order of the rows. To Azure ML, more than the threshold
 * is a breach; 0.1 and 0.25 are customary. Source: Siddiqi, Credit Risk Scorecards, 2006.
 *
 * @throws TypeError or RangeError for a column without values, values that are no numbers in a numerical
 * column, and infinite ones.
 * @example
 * ```ts
 * import { populationStabilityIndex } from "model-data-collector/monitor";
 *
 * console.log(populationStabilityIndex({ counts: { a: 100, b: 100 } }, { counts: { a: 92, b: 23 } }));
 * ```
 */
export function populationStabilityIndex(
  baseline: MetricColumn,
  production: MetricColumn,
  options?: DriftOptions,
): number {
  return populationStabilityOf(groupsOf("populationStabilityIndex", { baseline, production }, options));
}

/** The same of groups. */
export function populationStabilityOf(groups: Groups): number {
  const shares = groups.profile === "azureml" ? laplaceShares : filledShares;
  const p = shares(groups.baseline);
  const q = shares(groups.production);
  return sumOf(p.map((share, i) => ((q[i] as number) - share) * Math.log((q[i] as number) / share)));
}

function laplaceShares({ counts, rows }: Side): Float64Array {
  return counts.map((count) => (count + 1) / (rows + counts.length));
}

function filledShares({ counts, rows }: Side): Float64Array {
  const shares = counts.map((count) => count / rows);
  const smallest = shares.reduce((least, share) => (share > 0 && share < least ? share : least), Infinity);
  const fill = smallest <= 0.0001 ? smallest / 1e6 : 0.0001;
  return shares.map((share) => (share === 0 ? fill : share));
}
