import type { DriftProfile } from "../../drift/drift-options.ts";
import { type Comparison, type Measured, tests } from "../compare/comparison.ts";
import { adjustedForMany } from "./false-discovery.ts";
import type {
  DriftMetricName,
  DriftMetricResult,
  FeatureResult,
  Sides,
  SliceShare,
} from "../feature-result.ts";
import type { FeatureThresholds } from "./thresholds.ts";
import type { MonitorVerdict } from "../verdict.ts";

/** A feature of one window and slice, measured and not yet judged. */
export interface MeasuredFeature extends Pick<FeatureResult, "feature" | "kind" | "type"> {
  readonly rows: Sides;
  readonly nullsDropped: Sides;
  /** Undefined when there was too little to compare; `reason` then says what. */
  readonly comparison: Comparison | undefined;
  readonly reason: string | null;
  readonly asked: FeatureThresholds;
  readonly explainedBy: SliceShare | null;
}

/** How features are judged. */
export interface JudgeOptions {
  readonly profile: DriftProfile;
  readonly minEffect: number;
}

/** Judges the features of one window and slice together: p-values are corrected for how many there are. */
export function judgeFeatures(features: readonly MeasuredFeature[], options: JudgeOptions): FeatureResult[] {
  const adjusted = new Map<DriftMetricName, Map<string, number>>();
  for (const metric of tests) {
    const found = features.flatMap(({ feature, comparison }) => {
      const value = comparison?.metrics.get(metric)?.value;
      return value === undefined || Number.isNaN(value) ? [] : [{ feature, value }];
    });
    const values = adjustedForMany(found.map(({ value }) => value));
    adjusted.set(metric, new Map(found.map(({ feature }, i) => [feature, values[i] as number])));
  }
  return features.map((feature) => judgeFeature(feature, adjusted, options));
}

function judgeFeature(
  measured: MeasuredFeature,
  adjusted: ReadonlyMap<DriftMetricName, ReadonlyMap<string, number>>,
  options: JudgeOptions,
): FeatureResult {
  const { feature, kind, type, rows, nullsDropped, comparison, asked } = measured;
  const told = { feature, kind, type, rows, nullsDropped };
  if (comparison === undefined) {
    const nothing = { metrics: [], effectSize: null, severity: null, histogram: null, explainedBy: null };
    return { ...told, ...nothing, verdict: "insufficient data", reason: measured.reason };
  }
  const judged = [...comparison.metrics].map(([metric, value]) =>
    judgeMetric(metric, value, { comparison, asked, options, adjusted: adjusted.get(metric)?.get(feature) }),
  );
  // What decides first, the nearest to its threshold, then the others by name.
  const metrics = judged
    .toSorted(
      (a, b) => (b.severity ?? -1) - (a.severity ?? -1) || (a.result.metric < b.result.metric ? -1 : 1),
    )
    .map(({ result }) => result);
  const deciding = judged.filter(({ verdict }) => verdict !== undefined);
  const worst = worstVerdict(deciding.map(({ verdict }) => verdict as MonitorVerdict));
  const verdict = worst ?? "insufficient data";
  const severity = deciding.reduce((most, one) => Math.max(most, one.severity ?? 0), 0);
  const { measure, value } = comparison.effectSize;
  return {
    ...told,
    metrics,
    effectSize: { measure, value: finiteOrNull(value) ?? 0 },
    verdict,
    reason:
      verdict === "insufficient data"
        ? (deciding.find((one) => one.reason !== null)?.reason ?? "no metric that is asked for has a value")
        : null,
    severity: deciding.length === 0 ? null : severity,
    histogram: comparison.histogram,
    explainedBy: verdict === "breach" ? measured.explainedBy : null,
  };
}

interface JudgedMetric {
  readonly result: DriftMetricResult;
  /** Undefined for a metric that nobody asked for. */
  readonly verdict: MonitorVerdict | undefined;
  readonly severity: number | null;
  readonly reason: string | null;
}

function judgeMetric(
  metric: DriftMetricName,
  { value, method, maxError, chance, statistic }: Measured,
  context: {
    readonly comparison: Comparison;
    readonly asked: FeatureThresholds;
    readonly options: JudgeOptions;
    readonly adjusted: number | undefined;
  },
): JudgedMetric {
  const threshold = context.asked.thresholds.get(metric) ?? null;
  const adjusted = context.adjusted ?? null;
  const isTest = tests.has(metric);
  const outcome =
    threshold === null
      ? { verdict: undefined, severity: null, reason: null }
      : isTest
        ? judgeTest(metric, adjusted, threshold, context)
        : judgeDistance(value, chance ?? 0, threshold, context.options.profile);
  const result: DriftMetricResult = {
    metric,
    value: finiteOrNull(value),
    threshold,
    thresholdSource: threshold === null ? null : context.asked.source,
    ...{ method, maxError, chance: chance === null ? null : finiteOrNull(chance) },
    ...{ statistic: statistic === null ? null : finiteOrNull(statistic), adjusted },
    breached: outcome.verdict === "breach",
  };
  return { result, ...outcome };
}

type Outcome = Pick<JudgedMetric, "verdict" | "severity" | "reason">;

/** Azure ML breaches above the threshold, Evidently from it on. */
function judgeDistance(value: number, chance: number, threshold: number, profile: DriftProfile): Outcome {
  const isOver = profile === "azureml" ? value > threshold : value >= threshold;
  const severity = threshold > 0 ? value / threshold : value > 0 ? Number.MAX_VALUE : 0;
  if (!isOver) return { verdict: "pass", severity, reason: null };
  if (value > chance) return { verdict: "breach", severity, reason: null };
  const reason = `${shown(value)}, and chance alone reaches ${shown(chance)} with so few rows`;
  return { verdict: "insufficient data", severity: Math.min(1, severity), reason };
}

/** A difference that is no chance, and large enough to matter. */
function judgeTest(
  metric: DriftMetricName,
  adjusted: number | null,
  threshold: number,
  {
    comparison: { effectSize, effectChance },
    options: { minEffect, profile },
  }: { readonly comparison: Comparison; readonly options: JudgeOptions },
): Outcome {
  if (adjusted === null)
    return {
      verdict: "insufficient data",
      severity: null,
      reason: "there is nothing to test in one category",
    };
  const upTo = profile === "evidently" && metric === "TwoSampleKolmogorovSmirnovTest";
  const isSmall = upTo ? adjusted <= threshold : adjusted < threshold;
  const isLarge = effectSize.value > minEffect && effectSize.value > effectChance;
  // From 0 (certainly alike) over 1 (at the threshold) on, by orders of magnitude.
  const severity =
    threshold > 0 && threshold < 1
      ? Math.min(Number.MAX_VALUE, Math.log(Math.max(adjusted, Number.MIN_VALUE)) / Math.log(threshold))
      : 0;
  if (!isSmall) return { verdict: "pass", severity: Math.min(1, severity), reason: null };
  if (!isLarge) return { verdict: "pass", severity: Math.min(1, severity), reason: null };
  return { verdict: "breach", severity, reason: null };
}

/** The worst of several; undefined of none. */
export function worstVerdict(verdicts: readonly MonitorVerdict[]): MonitorVerdict | undefined {
  for (const verdict of ["breach", "pass", "insufficient data", "skipped"] as const)
    if (verdicts.includes(verdict)) return verdict;
  return undefined;
}

/** A number that JSON can carry. */
export function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function shown(value: number): string {
  return String(Number(value.toPrecision(3)));
}
