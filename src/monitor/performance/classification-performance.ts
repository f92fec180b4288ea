import { wrongKind } from "../../base/errors.ts";
import { optionsOf, parseFields } from "../../base/fields.ts";
import { type MetricColumn, numbersOf } from "../columns/metric-column.ts";
import { categoryOf } from "../../profile/category.ts";
import { sumOf } from "../numbers/sum.ts";
import { areaUnderCurve } from "./area-under-curve.ts";
import { pairsOf } from "./pairs.ts";
import { type PositiveClass, positiveClassOf } from "./positive-class.ts";

/** How good a classifier was. */
export interface ClassificationPerformance {
  /** Rows that were compared. */
  readonly rows: number;
  /** Rows that were left out, because the label, the prediction or the score is null. */
  readonly dropped: number;
  /** The share of rows whose prediction is the label. */
  readonly accuracy: number;
  /** The mean of the classes' precision, each counting the same (macro). */
  readonly precision: number;
  /** The mean of the classes' recall, each counting the same (macro). */
  readonly recall: number;
  /** All classes of either side, by name. */
  readonly classes: readonly ClassPerformance[];
  /** How many rows have the label of the line and the prediction of the column, in the order of `classes`. */
  readonly confusionMatrix: readonly (readonly number[])[];
  /**
   * The area under the ROC curve: how probable it is that a positive row has a higher score than a negative
   * one, ties counting half. Only with `scores`; `NaN` when all labels are alike.
   */
  readonly areaUnderCurve?: number;
}

/** How good a classifier was at one class. */
export interface ClassPerformance {
  /** The class as text. */
  readonly name: string;
  /** Rows with this label. */
  readonly actual: number;
  /** Rows with this prediction. */
  readonly predicted: number;
  /** The share of its predictions that are right; 0 when it was never predicted. */
  readonly precision: number;
  /** The share of its labels that were found; 0 when there are none. */
  readonly recall: number;
}

/** What {@link classificationPerformance} may be told. */
export interface ClassificationOptions {
  /** The probability, or any score, of the positive class, row by row. */
  readonly scores?: MetricColumn;
  /** The positive class. By default the last of two by name, so `1`, `true` and `yes`. */
  readonly positive?: PositiveClass;
}

/**
 * How good a classifier was: accuracy, macro precision and recall, each class by itself, the confusion
 * matrix, and with scores the area under the ROC curve. Classes are compared as text, so that 1 and "1" are
 * one.
 *
 * Rows with a null on any side are left out and counted. Equal to the digit whatever the order of the rows.
 * To Azure ML, less than the threshold is a breach. Source: `sklearn.metrics.precision_score` with
 * `average="macro"` and `zero_division=0`.
 *
 * @throws TypeError or RangeError for columns of different lengths, no row without nulls, and values that are
 * no classes.
 * @example
 * ```ts
 * import { classificationPerformance } from "model-data-collector/monitor";
 *
 * const actual = [true, false, false, true];
 * const predicted = [true, true, false, true];
 * const scores = [0.9, 0.6, 0.2, 0.7];
 * const { accuracy, areaUnderCurve } = classificationPerformance(actual, predicted, { scores });
 * console.log(accuracy, areaUnderCurve);
 * ```
 */
export function classificationPerformance(
  actual: MetricColumn,
  predicted: MetricColumn,
  options: ClassificationOptions = {},
): ClassificationPerformance {
  const callee = "classificationPerformance";
  const { scores, positive } = parseFields<ClassificationOptions>(options, optionsOf(callee), {
    scores: (value) => value as MetricColumn,
    positive: (value, where) => classOf(value, where) as string,
  });
  const columns = { actual, predicted, ...(scores === undefined ? {} : { scores }) };
  const { columns: values, rows, dropped } = pairsOf(callee, columns);
  const labels = values[0]?.map((value, row) => classOf(value, `${callee} actual, row ${row}`)) ?? [];
  const predictions = values[1]?.map((value, row) => classOf(value, `${callee} predicted, row ${row}`)) ?? [];
  const names = [...new Set([...labels, ...predictions])].sort();
  const confusionMatrix = confusionOf(names, labels, predictions);
  const classes = names.map((name, i) => classPerformance(name, i, confusionMatrix));
  const mean = (of: (one: ClassPerformance) => number): number => sumOf(classes.map(of)) / classes.length;
  const right = sumOf(confusionMatrix.map((line, i) => line[i] as number));
  const result = {
    rows,
    dropped,
    accuracy: right / rows,
    precision: mean(({ precision }) => precision),
    recall: mean(({ recall }) => recall),
    classes,
    confusionMatrix,
  };
  if (values[2] === undefined) return result;
  const class_ = positiveClassOf(names, positive, `${callee} option positive`);
  const isPositive = labels.map((label) => label === class_);
  return {
    ...result,
    areaUnderCurve: areaUnderCurve(isPositive, numbersOf(values[2], `${callee} scores`).values),
  };
}

function confusionOf(
  names: readonly string[],
  labels: readonly string[],
  predictions: readonly string[],
): number[][] {
  const index = new Map(names.map((name, i) => [name, i]));
  const matrix = names.map(() => new Array<number>(names.length).fill(0));
  labels.forEach((label, row) => {
    const line = matrix[index.get(label) as number] as number[];
    const column = index.get(predictions[row] as string) as number;
    line[column] = (line[column] as number) + 1;
  });
  return matrix;
}

function classPerformance(name: string, i: number, matrix: readonly (readonly number[])[]): ClassPerformance {
  const right = matrix[i]?.[i] as number;
  const actual = sumOf(matrix[i] as readonly number[]);
  const predicted = sumOf(matrix.map((line) => line[i] as number));
  const share = (of: number): number => (of === 0 ? 0 : right / of);
  return { name, actual, predicted, precision: share(predicted), recall: share(actual) };
}

function classOf(value: unknown, where: string): string {
  const name = categoryOf(value);
  if (name === undefined) throw wrongKind(where, "a class: a text, number or boolean", value);
  return name;
}
