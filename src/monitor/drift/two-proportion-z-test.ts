import { told, wrongValue } from "../../base/errors.ts";
import type { MetricColumn } from "../columns/metric-column.ts";
import { normalTails } from "../numbers/gamma-tail.ts";
import { categoryGroups, type Groups } from "./groups.ts";
import type { TestResult } from "./test-result.ts";

/**
 * The Z-test of two proportions, two-sided, of two columns that have at most two categories together: whether
 * the share of one of them has changed. The statistic is `(p - q) / sqrt(P (1 - P) (1 / m + 1 / n))`, `p` and
 * `q` being the shares of the last category by name in baseline and production, `P` in both. What Evidently
 * takes for such columns of at most 1,000 rows.
 *
 * With a single category nothing can have changed: 0, and 1 as p-value. Nulls are left out. Equal to the
 * digit whatever the order of the rows.
 *
 * @throws TypeError or RangeError for a column without values, and for more than two categories.
 * @example
 * ```ts
 * import { twoProportionZTest } from "model-data-collector/monitor";
 *
 * const before = { counts: { true: 30, false: 70 } };
 * const { pValue } = twoProportionZTest(before, { counts: { true: 45, false: 55 } });
 * console.log(pValue);
 * ```
 */
export function twoProportionZTest(baseline: MetricColumn, production: MetricColumn): TestResult {
  const places = { baseline: "twoProportionZTest baseline", production: "twoProportionZTest production" };
  return proportionsTest(categoryGroups({ baseline, production }, places));
}

/** The same of groups. */
export function proportionsTest(groups: Pick<Groups, "baseline" | "production">): TestResult {
  const { baseline: before, production: after } = groups;
  const categories = before.counts.length;
  if (categories > 2)
    throw wrongValue("twoProportionZTest", "columns of at most two categories", told(String(categories)));
  if (categories === 1) return { statistic: 0, pValue: 1, method: "normal" };
  const [a, b] = [before.counts[1] as number, after.counts[1] as number];
  const pooled = (a + b) / (before.rows + after.rows);
  const variance = pooled * (1 - pooled) * (1 / before.rows + 1 / after.rows);
  const statistic = (a / before.rows - b / after.rows) / Math.sqrt(variance);
  return { statistic, pValue: normalTails(statistic), method: "normal" };
}
