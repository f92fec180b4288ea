import { finiteNumbersOf, type MetricColumn } from "../columns/metric-column.ts";
import { CompensatedSum, standardDeviation } from "../numbers/sum.ts";
import { type DriftOptions, driftOptions } from "./drift-options.ts";

/** A deviation that is less, or of a single value, counts as this, to Azure ML and Evidently alike. */
export const minDeviation = 0.001;

/**
 * The Wasserstein distance of two columns of numbers in standard deviations of the baseline: `W1 / max(s,
 * 0.001)`, where `W1` is the integral of `|F - G|`, `F` and `G` being the shares of values up to a point: how
 * far a value has moved on average. Exact, on the values themselves. From 0 (equal), without an upper bound.
 * With profile `azureml` `s` is the sample deviation (`n - 1`), with `evidently` the population's (`n`).
 *
 * Nulls are left out. Equal to the digit whatever the order of the rows. To Azure ML, more than the threshold
 * (by default 0.1) is a breach. Source: Vallender 1974; `scipy.stats.wasserstein_distance`.
 *
 * @throws TypeError or RangeError for a column without values, values that are no numbers, and infinite ones.
 * @example
 * ```ts
 * import { normalizedWassersteinDistance } from "model-data-collector/monitor";
 *
 * const winter = new Float64Array([404, 712, 2475]);
 * console.log(normalizedWassersteinDistance(winter, [404, 2475, 2475]));
 * ```
 */
export function normalizedWassersteinDistance(
  baseline: MetricColumn,
  production: MetricColumn,
  options?: DriftOptions,
): number {
  const callee = "normalizedWassersteinDistance";
  const { profile } = driftOptions(options, callee);
  const { values: before } = finiteNumbersOf(baseline, `${callee} baseline`);
  const { values: after } = finiteNumbersOf(production, `${callee} production`);
  const deviation = standardDeviation(before, profile === "azureml" ? 1 : 0);
  // A deviation of NaN is no more than the least one either.
  return wassersteinDistance(before, after) / (deviation > minDeviation ? deviation : minDeviation);
}

/** The integral of `|F - G|` of two sorted samples. */
export function wassersteinDistance(a: Float64Array, b: Float64Array): number {
  return differenceOf(a, b).area;
}

/**
 * How cumulated shares of two sorted samples differ: the integral of `|F - G|`, summed up from what lies
 * between one value and the next, and `max |F - G|` times `a.length * b.length`, a whole number.
 */
export function differenceOf(
  a: Float64Array,
  b: Float64Array,
): { readonly area: number; readonly greatest: number } {
  // Differences of shares are whole numbers of `1 / (a.length * b.length)`.
  const [m, n] = [a.length, b.length];
  const whole = m * n;
  const area = new CompensatedSum();
  let [i, j, at, greatest] = [0, 0, 0, 0];
  let x = m > 0 ? (a[0] as number) : Infinity;
  let y = n > 0 ? (b[0] as number) : Infinity;
  while (i < m || j < n) {
    const next = x < y ? x : y;
    const height = Math.abs(i * n - j * m);
    if (height > 0) area.add((height / whole) * (next - at));
    if (height > greatest) greatest = height;
    at = next;
    while (x === next && i < m) x = ++i < m ? (a[i] as number) : Infinity;
    while (y === next && j < n) y = ++j < n ? (b[j] as number) : Infinity;
  }
  return { area: area.value, greatest };
}
