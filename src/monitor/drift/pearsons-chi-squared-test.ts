import type { MetricColumn } from "../columns/metric-column.ts";
import { chiSquaredTail } from "../numbers/gamma-tail.ts";
import { sumOf } from "../numbers/sum.ts";
import { type DriftOptions, driftOptions } from "./drift-options.ts";
import { categoryGroups, type Groups } from "./groups.ts";
import type { TestResult } from "./test-result.ts";

/** The answer of {@link pearsonsChiSquaredTest}. */
export interface ChiSquaredResult extends TestResult {
  /** One less than there are categories. */
  readonly degreesOfFreedom: number;
}

/**
 * Pearson's chi-squared test of goodness of fit of two columns of categories: the statistic is `sum (observed
 * - expected)^2 / expected`, where production's counts are observed and the baseline's shares of as many rows
 * expected. The baseline is taken for exact, as Azure ML and Evidently do; the test of a contingency table,
 * which others mean, gives p-values that differ by orders of magnitude.
 *
 * A category that the baseline does not have makes the statistic infinite and the p-value 0. With a single
 * category there is nothing to test: 0, and `NaN` as p-value. Numbers are categories by their value. At many
 * rows any difference has a small p-value: look at {@link jensenShannonDistance} beside it.
 *
 * Nulls are left out. Equal to the digit whatever the order of the rows. To Azure ML, less than the threshold
 * is a breach. Source: Pearson 1900; `scipy.stats.chisquare`.
 *
 * @throws TypeError or RangeError for a column without values.
 * @example
 * ```ts
 * import { pearsonsChiSquaredTest } from "model-data-collector/monitor";
 *
 * const { pValue } = pearsonsChiSquaredTest({ counts: { a: 100, b: 100 } }, { counts: { a: 92, b: 23 } });
 * console.log(pValue < 0.05);
 * ```
 */
export function pearsonsChiSquaredTest(
  baseline: MetricColumn,
  production: MetricColumn,
  options?: DriftOptions,
): ChiSquaredResult {
  const callee = "pearsonsChiSquaredTest";
  driftOptions(options, callee);
  const groups = categoryGroups(
    { baseline, production },
    { baseline: `${callee} baseline`, production: `${callee} production` },
  );
  return goodnessOfFit(groups);
}

/** The same of groups. */
export function goodnessOfFit(groups: Pick<Groups, "baseline" | "production">): ChiSquaredResult {
  const { counts } = groups.baseline;
  const ratio = groups.production.rows / groups.baseline.rows;
  const terms = counts.map((count, i) => {
    const observed = groups.production.counts[i] as number;
    const expected = count * ratio;
    return (observed - expected) ** 2 / expected;
  });
  const statistic = terms.includes(Infinity) ? Infinity : sumOf(terms);
  const degreesOfFreedom = counts.length - 1;
  const pValue = degreesOfFreedom === 0 ? Number.NaN : chiSquaredTail(statistic, degreesOfFreedom);
  return { statistic, pValue, method: "goodness-of-fit", degreesOfFreedom };
}
