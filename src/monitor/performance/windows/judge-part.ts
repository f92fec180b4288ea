import { countOf } from "../../../base/plural.ts";
import { categoryOf, isNull } from "../../../profile/category.ts";
import type { PerformanceRow } from "../../run/performance-result.ts";
import { classificationPerformance } from "../classification-performance.ts";
import { estimatedClassificationPerformance } from "../estimated-classification-performance.ts";
import type { ProbabilityCalibration } from "../probability-calibration.ts";
import { regressionPerformance } from "../regression-performance.ts";
import {
  classificationValues,
  estimatedValues,
  measured,
  type PerformanceThresholds,
  regressionValues,
  verdictOf,
} from "./performance-measures.ts";
import type { Part } from "./window-rows.ts";

/** How parts are judged. */
export interface Judging {
  readonly task: "classification" | "regression";
  readonly thresholds: PerformanceThresholds;
  /** Fewer rows with labels say nothing. */
  readonly minRows: number;
  /** The class that scores are of; undefined without scores. */
  readonly positive?: string;
  /** What scores mean, if it is known. */
  readonly calibration?: ProbabilityCalibration | undefined;
}

type Judged = Omit<PerformanceRow, "start" | "end" | "slice">;

/**
 * How good the predictions of a window or slice were; if labels have not come, how good they are expected to
 * be.
 */
export function judgePart(part: Part, judging: Judging): Judged {
  const { minRows } = judging;
  const predictions = part.predicted.length;
  const labelled = part.actual.reduce<number>((sum, label) => sum + (isNull(label) ? 0 : 1), 0);
  const labelCoverage = predictions === 0 ? null : labelled / predictions;
  if (labelled >= minRows) {
    const found = measure(part, judging);
    return {
      ...{ rows: labelled, labelCoverage, estimated: false, ...found },
      ...{ verdict: verdictOf(found.metrics), reason: null },
    };
  }
  const reason = `${countOf(labelled, "row")} with labels, and ${minRows} needed`;
  const estimated = predictions < minRows ? undefined : estimate(part, judging);
  if (estimated !== undefined)
    return { ...estimated, labelCoverage, estimated: true, confusion: null, reason: `estimated: ${reason}` };
  const found = labelled === 0 ? { metrics: [], confusion: null } : measure(part, judging);
  const verdict = "insufficient data";
  return { rows: labelled, labelCoverage, estimated: false, ...found, verdict, reason };
}

function measure(
  { actual, predicted, scores }: Part,
  { task, thresholds, positive }: Judging,
): Pick<PerformanceRow, "metrics" | "confusion"> {
  if (task === "regression") {
    const values = regressionValues(regressionPerformance(actual, predicted));
    return { metrics: measured(values, thresholds), confusion: null };
  }
  // A row without a score has no place in their order, and must not be left out of everything else.
  const ranked = positive !== undefined && actual.every((label, i) => isNull(label) || !isNull(scores[i]));
  const performance = classificationPerformance(actual, predicted, ranked ? { scores, positive } : {});
  const classes = performance.classes.map(({ name }) => name);
  return {
    metrics: measured(classificationValues(performance), thresholds),
    confusion: { classes, counts: performance.confusionMatrix },
  };
}

function estimate(
  { predicted, scores }: Part,
  { thresholds, positive, calibration }: Judging,
): Pick<PerformanceRow, "rows" | "metrics" | "verdict"> | undefined {
  if (calibration === undefined || positive === undefined || scores.every(isNull)) return undefined;
  const others = new Set(predicted.map(categoryOf));
  others.delete(positive);
  if (others.size > 1) return undefined;
  const expected = estimatedClassificationPerformance(predicted, scores, { calibration, positive });
  const metrics = measured(estimatedValues(expected), thresholds);
  return { rows: expected.rows, metrics, verdict: verdictOf(metrics) };
}
