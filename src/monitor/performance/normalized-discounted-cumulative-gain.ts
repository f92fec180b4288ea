import { told, wrongKind, wrongValue } from "../../base/errors.ts";
import { sumOf } from "../numbers/sum.ts";

/** How important each feature is: by name, or as a list in an order that both sides have in common. */
export type FeatureImportances =
  | Readonly<Record<string, number>>
  | ReadonlyMap<string, number>
  | ArrayLike<number>;

/**
 * How well production ranks the features that matter in the baseline: the normalised discounted cumulative
 * gain, 1 when both rank them alike. A feature's gain is its importance in the baseline, its rank that of its
 * importance in production, the discount `1 / log2(rank + 1)`, and features of equal importance in production
 * share their mean gain; the sum is divided by the same sum when the baseline ranks itself. 0 when nothing
 * has a gain.
 *
 * Importances are matched by name when both sides have names. To Azure ML, less than the threshold is a
 * breach. Source: Järvelin and Kekäläinen 2002; `sklearn.metrics.ndcg_score`.
 *
 * @throws TypeError or RangeError for importances that are negative or no finite numbers, for none, and for
 * sides that do not have the same features.
 * @example
 * ```ts
 * import { normalizedDiscountedCumulativeGain } from "model-data-collector/monitor";
 *
 * const baseline = { distance: 3, origin: 1.2, hour: 0.1 };
 * console.log(normalizedDiscountedCumulativeGain(baseline, { origin: 3.7, distance: 0.1, hour: 3 }));
 * ```
 */
export function normalizedDiscountedCumulativeGain(
  baselineImportances: FeatureImportances,
  productionImportances: FeatureImportances,
): number {
  const callee = "normalizedDiscountedCumulativeGain";
  const baseline = importancesOf(baselineImportances, `${callee} baselineImportances`);
  const production = importancesOf(productionImportances, `${callee} productionImportances`);
  if (baseline.size === 0)
    throw wrongValue(`${callee} baselineImportances`, "at least one feature", told("none"));
  const strays = [...baseline.keys(), ...production.keys()].filter(
    (name) => !baseline.has(name) || !production.has(name),
  );
  if (strays.length > 0) {
    const names = strays
      .slice(0, 3)
      .map((name) => JSON.stringify(name))
      .join(", ");
    throw wrongValue(callee, "the same features on both sides", told(`${names} on one side only`));
  }
  const features = [...baseline].map(([name, gain]) => ({ gain, score: production.get(name) as number }));
  const ideal = cumulativeGain(features.map(({ gain }) => ({ gain, score: gain })));
  return ideal === 0 ? 0 : cumulativeGain(features) / ideal;
}

interface Ranked {
  readonly gain: number;
  readonly score: number;
}

function cumulativeGain(features: readonly Ranked[]): number {
  const groups = new Map<number, number[]>();
  for (const { gain, score } of features) {
    const group = groups.get(score);
    if (group === undefined) groups.set(score, [gain]);
    else group.push(gain);
  }
  let rank = 1;
  const terms = [...groups.keys()]
    .sort((a, b) => b - a)
    .map((score) => {
      const gains = (groups.get(score) as number[]).sort((a, b) => a - b);
      const discounts = gains.map(() => 1 / Math.log2(++rank));
      return (sumOf(gains) / gains.length) * sumOf(discounts);
    });
  return sumOf(terms);
}

function importancesOf(given: FeatureImportances, where: string): ReadonlyMap<string, number> {
  if (typeof given !== "object" || given === null)
    throw wrongKind(where, "importances by name, or a list of them", given);
  const isList = Array.isArray(given) || ArrayBuffer.isView(given);
  const entries: [string, number][] =
    given instanceof Map
      ? [...(given as ReadonlyMap<string, number>)]
      : isList
        ? Array.from(given as ArrayLike<number>, (value, i) => [String(i), value])
        : Object.entries(given as Readonly<Record<string, number>>);
  for (const [name, value] of entries) {
    const place = `${where}, ${isList ? `feature ${name}` : JSON.stringify(name)}`;
    if (typeof value !== "number") throw wrongKind(place, "a number", value);
    if (!(value >= 0 && value < Infinity)) throw wrongValue(place, "a finite number from 0 on", value);
  }
  return new Map(entries);
}
