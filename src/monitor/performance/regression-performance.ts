import { finiteNumbersOf, type MetricColumn, numbersOf } from "../columns/metric-column.ts";
import { ExactSum } from "../../profile/exact-sum.ts";
import { pairsOf } from "./pairs.ts";

/** How good a model of a number was. */
export interface RegressionPerformance {
  /** Rows that were compared. */
  readonly rows: number;
  /** Rows that were left out, because the label or the prediction is null. */
  readonly dropped: number;
  /** The root of the mean squared error, `sqrt(mean((predicted - actual)^2))`, in the label's unit. */
  readonly rootMeanSquaredError: number;
  /** The mean absolute error, `mean(|predicted - actual|)`, in the label's unit. */
  readonly meanAbsoluteError: number;
  /** The mean error, `mean(predicted - actual)`: above 0 when predictions are too high. */
  readonly meanError: number;
}

/**
 * How good a model of a number was: root mean squared error (RMSE), mean absolute error (MAE) and mean error.
 *
 * Rows with a null on either side are left out and counted. Errors are summed without rounding: equal to the
 * digit whatever the order of the rows. To Azure ML, an RMSE or MAE above the threshold is a breach. Source:
 * `sklearn.metrics.root_mean_squared_error`, `mean_absolute_error`.
 *
 * @throws TypeError or RangeError for columns of different lengths, no row without nulls, and values that are
 * no finite numbers.
 * @example
 * ```ts
 * import { regressionPerformance } from "model-data-collector/monitor";
 *
 * const { rootMeanSquaredError } = regressionPerformance([12, 0, 45], [10, 3, 40]);
 * console.log(rootMeanSquaredError);
 * ```
 */
export function regressionPerformance(actual: MetricColumn, predicted: MetricColumn): RegressionPerformance {
  const callee = "regressionPerformance";
  const { columns, rows, dropped } = pairsOf(callee, { actual, predicted });
  const [labels, predictions] = [
    finite(columns[0], `${callee} actual`),
    finite(columns[1], `${callee} predicted`),
  ];
  const errors = predictions.map((prediction, i) => prediction - (labels[i] as number));
  const [sum, absolute, squares] = [new ExactSum(), new ExactSum(), new ExactSum()];
  sum.add(errors);
  absolute.add(errors.map(Math.abs));
  squares.addSquares(errors);
  return {
    rows,
    dropped,
    rootMeanSquaredError: Math.sqrt(squares.value / rows),
    meanAbsoluteError: absolute.value / rows,
    meanError: sum.value / rows,
  };
}

function finite(values: readonly unknown[] | undefined, where: string): Float64Array {
  finiteNumbersOf(values ?? [], where);
  return numbersOf(values ?? [], where).values;
}
