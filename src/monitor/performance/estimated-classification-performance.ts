import { wrongKind, wrongValue } from "../../base/errors.ts";
import { optionsOf, parseFields } from "../../base/fields.ts";
import { type MetricColumn, numbersOf } from "../columns/metric-column.ts";
import { categoryOf } from "../../profile/category.ts";
import { ExactSum } from "../../profile/exact-sum.ts";
import { pairsOf } from "./pairs.ts";
import { type PositiveClass, positiveClassOf } from "./positive-class.ts";
import { ProbabilityCalibration } from "./probability-calibration.ts";

/** How good a binary classifier is expected to be, before labels are there. */
export interface EstimatedClassificationPerformance {
  /** Rows that count. */
  readonly rows: number;
  /** Rows that were left out, because the prediction or the score is null. */
  readonly dropped: number;
  /** The expected share of rows whose prediction is the label. */
  readonly accuracy: number;
  /** The expected share of positive predictions that are right; 0 when there are none. */
  readonly precision: number;
  /** The expected share of positive rows that are found; 0 when there are none. */
  readonly recall: number;
  /** The expected share of negative rows that are found; 0 when there are none. */
  readonly specificity: number;
  /** The harmonic mean of precision and recall; 0 when nothing is positive. */
  readonly f1: number;
  /**
   * The expected area under the ROC curve, ties counting half; `NaN` when all rows are surely of one class.
   */
  readonly areaUnderCurve: number;
  /** Expected numbers of rows, which are not whole. */
  readonly expected: {
    readonly truePositives: number;
    readonly falsePositives: number;
    readonly falseNegatives: number;
    readonly trueNegatives: number;
  };
}

/** What {@link estimatedClassificationPerformance} may be told. */
export interface EstimationOptions {
  /** The positive class, as in `predicted`. By default the last of two by name, so `1`, `true` and `yes`. */
  readonly positive?: PositiveClass;
  /** What scores mean. Without one they must be probabilities that mean what they say. */
  readonly calibration?: ProbabilityCalibration;
}

/**
 * How good a binary classifier is expected to be, from its predictions and scores alone: confidence-based
 * performance estimation (CBPE). A row that is positive with probability `p` counts as `p` of a positive and
 * `1 - p` of a negative one. True as far as the probabilities are: give a `calibration` made of labelled
 * rows. It sees what a change of the inputs does, and not a change of what the inputs mean (concept drift).
 *
 * Rows with a null are left out and counted. Equal to the digit whatever the order of the rows. Source:
 * NannyML's CBPE; its area under the curve takes tied scores in the order in which they come, and rounds to
 * five places.
 *
 * @throws TypeError or RangeError for columns of different lengths, no row without nulls, more than two
 * classes, and probabilities that are not from 0 to 1.
 * @example
 * ```ts
 * import {
 *   estimatedClassificationPerformance,
 *   ProbabilityCalibration,
 * } from "model-data-collector/monitor";
 *
 * const calibration = ProbabilityCalibration.fit([0, 1, 0, 1], [0.1, 0.4, 0.5, 0.9]);
 * const { accuracy } = estimatedClassificationPerformance([0, 1, 1], [0.2, 0.6, 0.8], { calibration });
 * console.log(accuracy);
 * ```
 */
export function estimatedClassificationPerformance(
  predicted: MetricColumn,
  scores: MetricColumn,
  options: EstimationOptions = {},
): EstimatedClassificationPerformance {
  const callee = "estimatedClassificationPerformance";
  const { positive, calibration } = parseFields<EstimationOptions>(options, optionsOf(callee), {
    positive: (value) => value as string,
    calibration: (value, where) => {
      if (value instanceof ProbabilityCalibration) return value;
      throw wrongKind(where, "a ProbabilityCalibration", value);
    },
  });
  const { columns, rows, dropped } = pairsOf(callee, { predicted, scores });
  const classes = (columns[0] ?? []).map((value) => categoryOf(value) ?? "");
  const name = positiveClassOf(classes, positive, `${callee} option positive`);
  const raw = numbersOf(columns[1] ?? [], `${callee} scores`).values;
  const probabilities = calibration === undefined ? raw : calibration.apply(raw);
  const wrong = probabilities.find((p) => !(p >= 0 && p <= 1));
  if (wrong !== undefined)
    throw wrongValue(`${callee} scores`, "probabilities from 0 to 1, or the option calibration", wrong);
  const isPositive = classes.map((one) => one === name);
  return {
    rows,
    dropped,
    ...expectedShares(isPositive, probabilities),
    areaUnderCurve: expectedArea(raw, probabilities),
  };
}

function expectedShares(
  isPositive: readonly boolean[],
  probabilities: Float64Array,
): Omit<EstimatedClassificationPerformance, "rows" | "dropped" | "areaUnderCurve"> {
  const rows = probabilities.length;
  const sum = (of: (p: number, positive: boolean) => number): number => {
    const exact = new ExactSum();
    exact.add(probabilities.map((p, i) => of(p, isPositive[i] === true)));
    return exact.value;
  };
  const truePositives = sum((p, positive) => (positive ? p : 0));
  const falsePositives = sum((p, positive) => (positive ? 1 - p : 0));
  const falseNegatives = sum((p, positive) => (positive ? 0 : p));
  const trueNegatives = sum((p, positive) => (positive ? 0 : 1 - p));
  const share = (part: number, rest: number): number => (part === 0 ? 0 : part / (part + rest));
  return {
    accuracy: (truePositives + trueNegatives) / rows,
    precision: share(truePositives, falsePositives),
    recall: share(truePositives, falseNegatives),
    specificity: share(trueNegatives, falsePositives),
    f1: share(truePositives, (falsePositives + falseNegatives) / 2),
    expected: { truePositives, falsePositives, falseNegatives, trueNegatives },
  };
}

/**
 * The expected share of pairs of a positive and a negative row that the scores put in order, ties counting
 * half.
 */
function expectedArea(scores: Float64Array, probabilities: Float64Array): number {
  const order = Uint32Array.from(scores, (_, i) => i).sort(
    (a, b) =>
      (scores[a] as number) - (scores[b] as number) ||
      (probabilities[a] as number) - (probabilities[b] as number),
  );
  let [negatives, positives, won] = [0, 0, 0];
  for (let at = 0; at < order.length; ) {
    const score = scores[order[at] as number];
    let [tiedNegatives, tiedPositives] = [0, 0];
    for (; at < order.length && scores[order[at] as number] === score; at++) {
      const p = probabilities[order[at] as number] as number;
      tiedPositives += p;
      tiedNegatives += 1 - p;
    }
    won += tiedPositives * (negatives + tiedNegatives / 2);
    negatives += tiedNegatives;
    positives += tiedPositives;
  }
  return won / (positives * negatives);
}
