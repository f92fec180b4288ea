import type { ThresholdSource, MonitorVerdict } from "../../run/verdict.ts";
import type { PerformanceMetric } from "../../run/performance-result.ts";
import type { ClassificationPerformance } from "../classification-performance.ts";
import type { EstimatedClassificationPerformance } from "../estimated-classification-performance.ts";
import type { RegressionPerformance } from "../regression-performance.ts";

/** What can be asked of predictions. */
export type PerformanceMetricName =
  | "Accuracy"
  | "Precision"
  | "Recall"
  | "F1"
  | "AreaUnderCurve"
  | "RootMeanSquaredError"
  | "MeanAbsoluteError"
  | "MeanError";

/** Bounds by measure: of errors the most, of all others the least; the mean error's in either direction. */
export type PerformanceThresholds = Readonly<Partial<Record<PerformanceMetricName, number>>>;

/** How a measure is held against its threshold. */
const breaches: Readonly<Record<PerformanceMetricName, (value: number, threshold: number) => boolean>> = {
  Accuracy: below,
  Precision: below,
  Recall: below,
  F1: below,
  AreaUnderCurve: below,
  RootMeanSquaredError: above,
  MeanAbsoluteError: above,
  MeanError: (value, threshold) => Math.abs(value) > threshold,
};

/** All measures, in the order in which they are told. */
export const performanceMetricNames = Object.keys(breaches) as readonly PerformanceMetricName[];

function below(value: number, threshold: number): boolean {
  return value < threshold;
}

function above(value: number, threshold: number): boolean {
  return value > threshold;
}

/** What Azure ML's SDK asks of classifiers. */
const defaultAccuracy = 0.9;

type Values = readonly (readonly [PerformanceMetricName, number])[];

/** What there is to say of a classifier; F1 is the mean of the classes', as precision and recall are. */
export function classificationValues({
  accuracy,
  precision,
  recall,
  classes,
  areaUnderCurve,
}: ClassificationPerformance): Values {
  const f1 = classes.map((one) => harmonicMean(one.precision, one.recall));
  return [
    ["Accuracy", accuracy],
    ["Precision", precision],
    ["Recall", recall],
    ["F1", f1.reduce((sum, one) => sum + one, 0) / f1.length],
    ...(areaUnderCurve === undefined ? [] : ([["AreaUnderCurve", areaUnderCurve]] as const)),
  ];
}

/**
 * The same before labels come, so that it can be held against what they say: precision and recall are means
 * of both classes, and not of the positive one alone.
 */
export function estimatedValues({
  accuracy,
  areaUnderCurve,
  expected: { truePositives, falsePositives, falseNegatives, trueNegatives },
}: EstimatedClassificationPerformance): Values {
  const share = (part: number, rest: number): number => (part === 0 ? 0 : part / (part + rest));
  const precision = [share(truePositives, falsePositives), share(trueNegatives, falseNegatives)] as const;
  const recall = [share(truePositives, falseNegatives), share(trueNegatives, falsePositives)] as const;
  const f1 = [harmonicMean(precision[0], recall[0]), harmonicMean(precision[1], recall[1])] as const;
  const mean = ([a, b]: readonly [number, number]): number => (a + b) / 2;
  return [
    ["Accuracy", accuracy],
    ["Precision", mean(precision)],
    ["Recall", mean(recall)],
    ["F1", mean(f1)],
    ["AreaUnderCurve", areaUnderCurve],
  ];
}

/** What there is to say of a regression. */
export function regressionValues(performance: RegressionPerformance): Values {
  return [
    ["RootMeanSquaredError", performance.rootMeanSquaredError],
    ["MeanAbsoluteError", performance.meanAbsoluteError],
    ["MeanError", performance.meanError],
  ];
}

/** Values held against thresholds: those that were set, else Azure ML's own. */
export function measured(values: Values, thresholds: PerformanceThresholds): PerformanceMetric[] {
  return values.map(([metric, value]) => {
    const set = thresholds[metric];
    const threshold = set ?? (metric === "Accuracy" ? defaultAccuracy : null);
    const source: ThresholdSource | null =
      set !== undefined ? "set for all" : threshold === null ? null : "azure-ai-ml SDK";
    return {
      metric,
      value: Number.isFinite(value) ? value : null,
      threshold,
      thresholdSource: source,
      breached: threshold !== null && Number.isFinite(value) && breaches[metric](value, threshold),
    };
  });
}

/** What measures say together. */
export function verdictOf(metrics: readonly PerformanceMetric[]): MonitorVerdict {
  return metrics.some(({ breached }) => breached) ? "breach" : "pass";
}

function harmonicMean(a: number, b: number): number {
  return a + b === 0 ? 0 : (2 * a * b) / (a + b);
}
