import { type MetricColumn, sortedNumbersOf } from "../columns/metric-column.ts";
import { kolmogorovTail, oneSampleTail, twoSampleTail } from "../numbers/kolmogorov-tails.ts";
import { type DriftOptions, driftOptions, type DriftProfile } from "./drift-options.ts";
import type { TestResult } from "./test-result.ts";

/** Up to so many rows on either side the p-value is exact: the last takes about half a second. */
const maxExactRows = 10_000;

/**
 * The two-sample Kolmogorov-Smirnov test of two columns of numbers, two-sided: the statistic is `max |F -
 * G|`, the largest difference between the shares of values up to a point, from 0 to 1.
 *
 * Up to 10,000 rows on each side the p-value is exact. Beyond, with profile `azureml` it is Kolmogorov's
 * limit at `sqrt(m n / (m + n)) D`, with `evidently` scipy's `asymp`; `method` says which. Azure ML itself
 * refuses this test from 10,000 rows on. At many rows any difference has a small p-value: the statistic says
 * how large it is.
 *
 * Nulls are left out; infinite values are taken. Equal to the digit whatever the order of the rows. To Azure
 * ML, less than the threshold is a breach. Source: Smirnov 1939; `scipy.stats.ks_2samp`.
 *
 * @throws TypeError or RangeError for a column without values, and values that are no numbers.
 * @example
 * ```ts
 * import { twoSampleKolmogorovSmirnovTest } from "model-data-collector/monitor";
 *
 * const { statistic, pValue, method } = twoSampleKolmogorovSmirnovTest([1, 2, 3, 4], [3, 4, 5, 6]);
 * console.log(statistic, pValue, method);
 * ```
 */
export function twoSampleKolmogorovSmirnovTest(
  baseline: MetricColumn,
  production: MetricColumn,
  options?: DriftOptions,
): TestResult {
  const callee = "twoSampleKolmogorovSmirnovTest";
  const { profile } = driftOptions(options, callee);
  const before = sortedNumbersOf(baseline, `${callee} baseline`).values;
  const after = sortedNumbersOf(production, `${callee} production`).values;
  const [m, n] = [before.length, after.length];
  return kolmogorovSmirnovOf(greatestHeight(before, after), { m, n, profile });
}

/** What `max |F - G|` times `m n`, a whole number, means of so many rows. */
export function kolmogorovSmirnovOf(
  height: number,
  { m, n, profile }: { readonly m: number; readonly n: number; readonly profile: DriftProfile },
): TestResult {
  const statistic = height / (m * n);
  if (Math.max(m, n) <= maxExactRows) {
    // The shorter row is the cheaper one.
    const pValue = twoSampleTail(Math.max(m, n), Math.min(m, n), height);
    return { statistic, pValue, method: "exact" };
  }
  return { statistic, ...tailOf(statistic, (m * n) / (m + n), profile) };
}

/** What a statistic of many rows means, `rows` being `m n / (m + n)`. */
export function tailOf(
  statistic: number,
  rows: number,
  profile: DriftProfile,
): Pick<TestResult, "pValue" | "method"> {
  if (profile === "evidently")
    return { pValue: oneSampleTail(roundHalfToEven(rows), statistic), method: "one-sample" };
  return { pValue: kolmogorovTail(Math.sqrt(rows) * statistic), method: "limit" };
}

/** `max |F - G|` times `a.length * b.length`, a whole number. */
function greatestHeight(a: Float64Array, b: Float64Array): number {
  let i = 0;
  let j = 0;
  let greatest = 0;
  while (i < a.length && j < b.length) {
    const next = Math.min(a[i] as number, b[j] as number);
    while (a[i] === next) i++;
    while (b[j] === next) j++;
    greatest = Math.max(greatest, Math.abs(i * b.length - j * a.length));
  }
  return greatest;
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
