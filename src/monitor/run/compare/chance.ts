import type { Groups } from "../../drift/groups.ts";
import { sumOf } from "../../numbers/sum.ts";

/*
 * What distances two samples of one distribution have by chance: values that are exceeded in one of a
 * hundred comparisons. A distance is never 0, and of few rows in many groups it is large though nothing has
 * changed.
 */

/** The normal quantile of 99 %. */
const z = 2.3263;

/** How many rows tell how much of both sides together: `1 / m + 1 / n`. */
export function spread(m: number, n: number): number {
  return 1 / m + 1 / n;
}

/** Of groups: the quantile of chi-squared with one less than there are (Wilson and Hilferty 1931). */
function chiSquared(groups: Pick<Groups, "baseline" | "production">): number {
  const { baseline, production } = groups;
  let filled = 0;
  for (let i = 0; i < baseline.counts.length; i++)
    if ((baseline.counts[i] as number) > 0 || (production.counts[i] as number) > 0) filled++;
  const freedom = filled - 1;
  if (freedom <= 0) return 0;
  const part = 2 / (9 * freedom);
  return freedom * (1 - part + z * Math.sqrt(part)) ** 3;
}

/** Chance of the distances of groups, from their expansion for small changes. */
export function groupsChance(
  groups: Groups,
  rows: { readonly baseline: number; readonly production: number },
): {
  readonly jensenShannon: number;
  readonly stability: number;
  readonly hellinger: number;
  readonly totalVariation: number;
  readonly chebyshev: number;
} {
  const width = spread(rows.baseline, rows.production);
  const scaled = chiSquared(groups) * width;
  const base = groups.profile === "azureml" ? Math.LN2 : 1;
  const deviations = Float64Array.from(groups.baseline.counts, (count, i) => {
    const both =
      count / groups.baseline.rows + (groups.production.counts[i] as number) / groups.production.rows;
    return Math.sqrt(Math.max(0, (both / 2) * (1 - both / 2)) * width);
  });
  // The mean of |x| of a normal x, and its deviation, if groups were independent.
  const mean = Math.sqrt(2 / Math.PI) * sumOf(deviations);
  const deviation = Math.sqrt((1 - 2 / Math.PI) * sumOf(deviations.map((one) => one * one)));
  return {
    jensenShannon: Math.min(1, Math.sqrt(scaled / 8 / base)),
    stability: scaled,
    hellinger: Math.min(1, Math.sqrt(scaled / 8)),
    totalVariation: Math.min(1, (mean + z * deviation) / 2),
    chebyshev: Math.min(1, (z + 0.5) * deviations.reduce((most, one) => Math.max(most, one), 0)),
  };
}

/** Of `max |F - G|`: Kolmogorov's limit. */
export function differenceChance(m: number, n: number): number {
  return Math.min(1, 1.6276 * Math.sqrt(spread(m, n)));
}

/**
 * Of the integral of `|F - G|`: 2.4 times its mean under a Brownian bridge, `sqrt(2 / pi)` times the integral
 * of `sqrt(F (1 - F))`, from values at equal steps of rank.
 */
export function areaChance(quantiles: ArrayLike<number>, m: number, n: number): number {
  const steps = quantiles.length - 1;
  let integral = 0;
  for (let i = 0; i < steps; i++) {
    const share = (i + 0.5) / steps;
    integral += Math.sqrt(share * (1 - share)) * ((quantiles[i + 1] as number) - (quantiles[i] as number));
  }
  return 2.4 * Math.sqrt(2 / Math.PI) * integral * Math.sqrt(spread(m, n));
}
