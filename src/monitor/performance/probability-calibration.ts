import { told, wrongValue } from "../../base/errors.ts";
import { finiteNumbersOf, type MetricColumn, numbersOf } from "../columns/metric-column.ts";
import { categoryOf } from "../../profile/category.ts";
import { pairsOf } from "./pairs.ts";
import { type PositiveClass, positiveClassOf } from "./positive-class.ts";

/** A calibration as it is kept: the share of positive rows at these scores, both rising. */
export interface ProbabilityCalibrationJson {
  readonly scores: readonly number[];
  readonly probabilities: readonly number[];
}

/**
 * What a classifier's scores mean: the probability of the positive class at each score, learnt from rows with
 * labels by isotonic regression (pool adjacent violators, linear in between, clipped at both ends). Scores
 * need not be probabilities, only higher ones must mean more. Make one of rows that the model was not trained
 * on.
 *
 * Equal to the digit whatever the order of the rows. Source: Zadrozny and Elkan 2002; `sklearn.isotonic`.
 *
 * @example
 * ```ts
 * import { ProbabilityCalibration } from "model-data-collector/monitor";
 *
 * const calibration = ProbabilityCalibration.fit([false, true, false, true], [0.1, 0.4, 0.5, 0.9]);
 * console.log(calibration.apply([0.3, 0.95]));
 * const again = ProbabilityCalibration.fromJSON(JSON.parse(JSON.stringify(calibration)));
 * console.log(again.apply([0.3]));
 * ```
 */
export class ProbabilityCalibration {
  readonly #scores: Float64Array;
  readonly #probabilities: Float64Array;

  private constructor(scores: Float64Array, probabilities: Float64Array) {
    this.#scores = scores;
    this.#probabilities = probabilities;
  }

  /**
   * Learns from labels and scores, row by row. Rows with a null in either are left out. `positive` is the
   * class that the scores are of, by default the last of two by name: `1`, `true`, `yes`.
   *
   * @throws TypeError or RangeError for columns of different lengths, no row without nulls, more than two
   * classes without `positive`, and scores that are no finite numbers.
   */
  static fit(actual: MetricColumn, scores: MetricColumn, positive?: PositiveClass): ProbabilityCalibration {
    const callee = "ProbabilityCalibration.fit";
    const { columns } = pairsOf(callee, { actual, scores });
    const labels = (columns[0] ?? []).map((value) => categoryOf(value) ?? "");
    const name = positiveClassOf(labels, positive, `${callee} positive`);
    finiteNumbersOf(columns[1] ?? [], `${callee} scores`);
    const values = numbersOf(columns[1] ?? [], `${callee} scores`).values;
    const isPositive = labels.map((label) => label === name);
    const points = isotonic(isPositive, values);
    return new ProbabilityCalibration(
      Float64Array.from(points, ([score]) => score),
      Float64Array.from(points, ([, share]) => share),
    );
  }

  /** A calibration as it was kept. Throws a `RangeError` for what no calibration is kept as. */
  static fromJSON({ scores, probabilities }: ProbabilityCalibrationJson): ProbabilityCalibration {
    const where = "ProbabilityCalibration.fromJSON";
    const x = finiteList(scores, `${where} scores`);
    const y = finiteList(probabilities, `${where} probabilities`);
    if (x.length !== y.length) throw wrongValue(where, `${x.length} probabilities`, told(String(y.length)));
    if (x.some((score, i) => i > 0 && !(score > (x[i - 1] as number))))
      throw wrongValue(`${where} scores`, "rising scores", told("others"));
    return new ProbabilityCalibration(x, y);
  }

  /**
   * The probability of the positive class at each score.
   *
   * @throws TypeError or RangeError for scores that are no numbers.
   */
  apply(scores: MetricColumn): Float64Array {
    return numbersOf(scores, "ProbabilityCalibration.apply scores").values.map((score) => this.#at(score));
  }

  /** What is to be kept; `fromJSON` reads it. */
  toJSON(): ProbabilityCalibrationJson {
    return { scores: [...this.#scores], probabilities: [...this.#probabilities] };
  }

  #at(score: number): number {
    const [x, y] = [this.#scores, this.#probabilities];
    let low = 0;
    let high = x.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((x[middle] as number) < score) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return y[0] as number;
    if (low === x.length) return y[low - 1] as number;
    const [left, right] = [x[low - 1] as number, x[low] as number];
    const [from, to] = [y[low - 1] as number, y[low] as number];
    return from + ((score - left) / (right - left)) * (to - from);
  }
}

interface Block {
  /** The first and last of its scores. */
  readonly from: number;
  to: number;
  positive: number;
  rows: number;
}

/**
 * The points of the rising line that is nearest to the labels: scores, and the share of positive rows there.
 */
function isotonic(isPositive: readonly boolean[], scores: Float64Array): (readonly [number, number])[] {
  const order = Uint32Array.from(isPositive, (_, i) => i).sort(
    (a, b) => (scores[a] as number) - (scores[b] as number),
  );
  const blocks: Block[] = [];
  for (const row of order) {
    const score = scores[row] as number;
    const positive = isPositive[row] === true ? 1 : 0;
    const last = blocks.at(-1);
    // Rows of one score are one point, whatever their labels.
    if (last?.from === score) {
      last.positive += positive;
      last.rows++;
      continue;
    }
    merge(blocks);
    blocks.push({ from: score, to: score, positive, rows: 1 });
  }
  merge(blocks);
  return blocks.flatMap(({ from, to, positive, rows }) =>
    (from === to ? [from] : [from, to]).map((score) => [score, positive / rows] as const),
  );
}

/** Makes one block of the last ones, as long as a higher score has a lower share. */
function merge(blocks: Block[]): void {
  for (;;) {
    const [before, last] = [blocks.at(-2), blocks.at(-1)];
    if (before === undefined || last === undefined) return;
    if (before.positive * last.rows < last.positive * before.rows) return;
    before.to = last.to;
    before.positive += last.positive;
    before.rows += last.rows;
    blocks.pop();
  }
}

function finiteList(values: readonly number[], where: string): Float64Array {
  finiteNumbersOf(values, where);
  return numbersOf(values, where).values;
}
