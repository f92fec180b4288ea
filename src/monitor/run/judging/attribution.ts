import { within } from "../../../base/fields.ts";
import { told, wrongKind, wrongValue } from "../../../base/errors.ts";
import { normalizedDiscountedCumulativeGain } from "../../performance/normalized-discounted-cumulative-gain.ts";
import type { AttributionMonitor, CollectionMonitor } from "../monitor-options.ts";
import type { AttributedFeature, AttributionResult, CollectionResult } from "../monitor-result.ts";
import { worstVerdict } from "./judge.ts";

/**
 * Whether production ranks the features of a collection by importance as the baseline does; undefined when
 * nobody asked. Throws a `TypeError` or `RangeError` that names the collection for importances that are none,
 * and for sides that do not have the same features.
 */
export function judgeAttribution({
  collection,
  attribution,
}: CollectionMonitor): AttributionResult | undefined {
  if (attribution === undefined) return undefined;
  const place = within(`runMonitor attribution of ${JSON.stringify(collection)}`);
  const { baseline, production, threshold = null } = attribution;
  if (threshold !== null && typeof threshold !== "number")
    throw wrongKind(place.field("threshold"), "a number", threshold);
  if (threshold !== null && !(threshold >= 0 && threshold <= 1))
    throw wrongValue(place.field("threshold"), "a number from 0 to 1", told(String(threshold)));
  const value = normalizedDiscountedCumulativeGain(baseline, production);
  const hasGain = Object.values(baseline).some((importance) => importance > 0);
  const breached = hasGain && threshold !== null && value < threshold;
  return {
    metric: "NormalizedDiscountedCumulativeGain",
    ...{ value, threshold, breached },
    ...verdictOf({ hasGain, threshold, breached }),
    features: rankedFeatures(attribution),
  };
}

function verdictOf({
  hasGain,
  threshold,
  breached,
}: {
  readonly hasGain: boolean;
  readonly threshold: number | null;
  readonly breached: boolean;
}): Pick<AttributionResult, "verdict" | "reason"> {
  if (!hasGain) return { verdict: "insufficient data", reason: "no feature matters in the baseline" };
  if (threshold === null) return { verdict: "skipped", reason: "no threshold was set" };
  return { verdict: breached ? "breach" : "pass", reason: null };
}

/** Those that matter most in the baseline first; of equal ones by name. */
function rankedFeatures({ baseline, production }: AttributionMonitor): AttributedFeature[] {
  const [before, after] = [ranksOf(baseline), ranksOf(production)];
  return Object.keys(baseline)
    .map((feature) => ({
      feature,
      importance: { baseline: baseline[feature] as number, production: production[feature] as number },
      rank: { baseline: before.get(feature) as number, production: after.get(feature) as number },
    }))
    .sort((a, b) => a.rank.baseline - b.rank.baseline || (a.feature < b.feature ? -1 : 1));
}

/** From 1 on; features of equal importance share the first of their ranks. */
function ranksOf(importances: AttributionMonitor["baseline"]): ReadonlyMap<string, number> {
  const sorted = Object.entries(importances).sort(([, a], [, b]) => b - a);
  const first = new Map<number, number>();
  for (const [i, [, importance]] of sorted.entries())
    if (!first.has(importance)) first.set(importance, i + 1);
  return new Map(sorted.map(([feature, importance]) => [feature, first.get(importance) as number]));
}

/** A collection's result with what is said of attributions, which counts for its verdict. */
export function withAttribution(
  result: CollectionResult,
  attribution: AttributionResult | undefined,
): CollectionResult {
  if (attribution === undefined) return result;
  const { value, threshold, verdict } = attribution;
  const worst = worstVerdict([result.verdict, verdict]) ?? result.verdict;
  const shown = Number(value.toPrecision(3));
  const reasons =
    verdict === "breach"
      ? [...result.reasons, `attributions have changed: ${attribution.metric} ${shown} is below ${threshold}`]
      : result.reasons;
  return { ...result, verdict: worst, reasons, attribution };
}
