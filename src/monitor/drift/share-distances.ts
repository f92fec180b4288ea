import type { MetricColumn } from "../columns/metric-column.ts";
import { sumOf } from "../numbers/sum.ts";
import type { DriftOptions } from "./drift-options.ts";
import { type Groups, groupsOf, sharesOf } from "./groups.ts";

/**
 * The Jensen-Shannon distance of two columns: `sqrt((KL(p, m) + KL(q, m)) / 2)`, `m = (p + q) / 2`, where `p`
 * and `q` are the shares of bins or categories of baseline and production. With profile `azureml` in base 2,
 * so from 0 (equal) to 1 (nothing in common); with `evidently` in base e, so up to `sqrt(ln 2)`, 0.83.
 * Symmetric.
 *
 * Nulls are left out. Equal to the digit whatever the order of the rows. To Azure ML, more than the threshold
 * (by default 0.1) is a breach. Source: Lin 1991; `scipy.spatial.distance.jensenshannon`.
 *
 * @throws TypeError or RangeError for a column without values, values that are no numbers in a numerical
 * column, and infinite ones.
 * @example
 * ```ts
 * import { jensenShannonDistance } from "model-data-collector/monitor";
 *
 * console.log(jensenShannonDistance(["SEA", "SEA", "JFK"], ["SEA", "JFK", "JFK"]));
 * console.log(jensenShannonDistance({ counts: { SEA: 200, JFK: 100 } }, { counts: { SEA: 92, JFK: 23 } }));
 * ```
 */
export function jensenShannonDistance(
  baseline: MetricColumn,
  production: MetricColumn,
  options?: DriftOptions,
): number {
  return jensenShannonOf(groupsOf("jensenShannonDistance", { baseline, production }, options));
}

/** The same of groups. */
export function jensenShannonOf(groups: Groups): number {
  const base = groups.profile === "azureml" ? Math.LN2 : 1;
  return Math.sqrt(sumOf(overShares(groups, divergenceTerm)) / 2 / base);
}

/**
 * What a group adds to `KL(p, m) + KL(q, m)`. With `d = (p - q) / (p + q)` it is `m` times `(1 + d) ln(1 + d)
 * + (1 - d) ln(1 - d)`, of which the series has no terms that cancel: shares that are nearly equal lose no
 * digits.
 */
function divergenceTerm(p: number, q: number): number {
  if (p === q) return 0;
  const m = (p + q) / 2;
  const d = (p - q) / (p + q);
  if (Math.abs(d) === 1) return m * 2 * Math.LN2;
  if (Math.abs(d) > 0.1) return m * ((1 + d) * Math.log1p(d) + (1 - d) * Math.log1p(-d));
  const square = d * d;
  let sum = 0;
  // The tenth term is below 1e-20 of the first.
  for (let k = 10; k >= 1; k--) sum = (sum + 1 / (k * (2 * k - 1))) * square;
  return m * sum;
}

/**
 * The Hellinger distance of two columns: `sqrt(1 - sum sqrt(p q))`, from 0 (equal) to 1 (nothing in common),
 * computed as `sqrt(sum (sqrt(p) - sqrt(q))^2 / 2)`, which is the same. Symmetric. With profile `evidently` a
 * numerical column's bins are made of its distinct values, as upstream.
 *
 * Nulls are left out. Equal to the digit whatever the order of the rows. Source: Hellinger 1909.
 *
 * @throws TypeError or RangeError, as {@link jensenShannonDistance}.
 * @example
 * ```ts
 * import { hellingerDistance } from "model-data-collector/monitor";
 *
 * console.log(hellingerDistance([1, 2, 2, 3], [2, 3, 3, 4]));
 * ```
 */
export function hellingerDistance(
  baseline: MetricColumn,
  production: MetricColumn,
  options?: DriftOptions,
): number {
  return hellingerOf(groupsOf("hellingerDistance", { baseline, production }, options, "distinct"));
}

/** The same of groups. */
export function hellingerOf(groups: Groups): number {
  return Math.sqrt(sumOf(overShares(groups, (p, q) => (Math.sqrt(p) - Math.sqrt(q)) ** 2)) / 2);
}

/**
 * The total variation distance of two columns: `sum |p - q| / 2`, from 0 (equal) to 1 (nothing in common):
 * the share of rows that would have to change. Symmetric. Evidently's test of this name gives a p-value by
 * permutation instead.
 *
 * Nulls are left out. Equal to the digit whatever the order of the rows.
 *
 * @throws TypeError or RangeError, as {@link jensenShannonDistance}.
 * @example
 * ```ts
 * import { totalVariationDistance } from "model-data-collector/monitor";
 *
 * console.log(totalVariationDistance([true, true, false], [true, false, false]));
 * ```
 */
export function totalVariationDistance(
  baseline: MetricColumn,
  production: MetricColumn,
  options?: DriftOptions,
): number {
  return totalVariationOf(groupsOf("totalVariationDistance", { baseline, production }, options));
}

/** The same of groups. */
export function totalVariationOf(groups: Groups): number {
  return sumOf(overShares(groups, (p, q) => Math.abs(p - q))) / 2;
}

/**
 * The Chebyshev (L-infinity) distance of two columns: `max |p - q|`, from 0 (equal) to 1: how much the share
 * changed that changed most. Symmetric. Vertex AI compares categories so.
 *
 * Nulls are left out. Equal to the digit whatever the order of the rows.
 *
 * @throws TypeError or RangeError, as {@link jensenShannonDistance}.
 * @example
 * ```ts
 * import { chebyshevDistance } from "model-data-collector/monitor";
 *
 * console.log(chebyshevDistance(["a", "b", "c"], ["a", "a", "c"]));
 * ```
 */
export function chebyshevDistance(
  baseline: MetricColumn,
  production: MetricColumn,
  options?: DriftOptions,
): number {
  return chebyshevOf(groupsOf("chebyshevDistance", { baseline, production }, options));
}

/** The same of groups. */
export function chebyshevOf(groups: Groups): number {
  let most = 0;
  for (const difference of overShares(groups, (p, q) => Math.abs(p - q))) most = Math.max(most, difference);
  return most;
}

function* overShares(groups: Groups, term: (p: number, q: number) => number): Generator<number> {
  const p = sharesOf(groups.baseline);
  const q = sharesOf(groups.production);
  for (let i = 0; i < p.length; i++) yield term(p[i] as number, q[i] as number);
}
