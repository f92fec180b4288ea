import { categoryOf, isNull } from "../../../profile/category.ts";
import type { JoinAccount, PerformanceResult, PerformanceRow } from "../../run/performance-result.ts";
import { defaultRule, overWindows } from "../../run/judging/over-windows.ts";
import type { Slice } from "../../run/verdict.ts";
import { ProbabilityCalibration } from "../probability-calibration.ts";
import { type Judging, judgePart } from "./judge-part.ts";
import { parseOptions, type PerformanceWindowsOptions } from "./performance-windows-options.ts";
import { WindowPlaces } from "./window-places.ts";
import { type PredictionRow, WindowRows } from "./window-rows.ts";

/** So many values of the column that parts the rows are told, those with the most rows. */
const maxSlices = 20;

/**
 * How good predictions were, window by window and slice by slice, however late labels come: each number has
 * beside it for which share of the predictions it speaks. All of it breaches when as many of the last windows
 * do as the rule says, slices apart. Of a binary classifier with scores, a window whose
 * labels have not come is estimated (confidence-based performance estimation), and says so.
 *
 * Rows are kept in memory, some 32 bytes each. Equal to the digit whatever the order of the rows.
 *
 * @example
 * ```ts
 * import { PerformanceWindows } from "model-data-collector/monitor";
 *
 * const [monday, tuesday] = [new Date("2026-11-23"), new Date("2026-11-24")];
 * const windows = [
 *   { from: monday, to: tuesday },
 *   { from: tuesday, to: new Date("2026-11-25") },
 * ];
 * const performance = new PerformanceWindows({ windows, by: "origin", minRows: 2 });
 * performance.add({ at: monday, predicted: "late", actual: "late", score: 0.9, slice: "SEA" });
 * performance.add({ at: monday, predicted: "early", actual: "late", score: 0.4, slice: "JFK" });
 * performance.add({ at: tuesday, predicted: "late", score: 0.8, slice: "SEA" }); // its label has not come
 * for (const { start, slice, estimated, labelCoverage, metrics } of performance.result().rows)
 *   console.log(start, slice?.value, estimated, labelCoverage, metrics);
 * ```
 */
export class PerformanceWindows {
  readonly #options: Readonly<Partial<PerformanceWindowsOptions>>;
  readonly #windows: readonly WindowRows[];
  readonly #places: WindowPlaces;
  readonly #classes = new Set<string>();
  #hasTexts = false;
  #hasScores = false;

  /** @throws TypeError or RangeError for options that are none. */
  constructor(options: PerformanceWindowsOptions) {
    this.#options = parseOptions(options);
    this.#windows = (this.#options.windows ?? []).map((window) => new WindowRows(window));
    this.#places = new WindowPlaces(this.#windows);
  }

  /** Adds a prediction to the windows that its time is in; a row without one is none. */
  add(row: PredictionRow): void {
    if (isNull(row.predicted)) return;
    const at = typeof row.at === "number" ? row.at : row.at.getTime();
    const windows = this.#places.at(at);
    for (const window of windows) window.add(row);
    if (windows.length > 0) this.#learn(row);
  }

  /**
   * What was found so far. `join` says what became of rows that could not be joined.
   *
   * @throws TypeError for values that are no classes, and of a regression no numbers.
   */
  result(join: JoinAccount | null = null): PerformanceResult {
    const { actual = "labels", predicted = "predictions" } = this.#options;
    const judging = this.#judging();
    const rows = this.#windows.flatMap((window) =>
      partsOf(window, this.#options.by).map(
        ({ slice, picked }): PerformanceRow => ({
          start: new Date(window.from).toISOString(),
          end: new Date(window.to).toISOString(),
          slice,
          ...judgePart(picked === undefined ? window : window.pick(picked), judging),
        }),
      ),
    );
    const verdicts = rows.flatMap(({ slice, verdict }) => (slice === null ? verdict : []));
    const { rule = defaultRule } = this.#options;
    const verdict = verdicts.length === 0 ? "skipped" : overWindows(verdicts, rule).verdict;
    return { task: judging.task, actual, predicted, verdict, rows, join };
  }

  #learn({ actual, predicted, score }: PredictionRow): void {
    if ([actual, predicted].some((value) => typeof value === "string" || typeof value === "boolean"))
      this.#hasTexts = true;
    if (!isNull(score)) this.#hasScores = true;
    // More than two are as good as many.
    if (this.#classes.size > 2) return;
    for (const value of [actual, predicted]) if (!isNull(value)) this.#classes.add(categoryOf(value) ?? "");
  }

  #judging(): Judging {
    const { thresholds = {}, minRows = 100, positive: named } = this.#options;
    const isClass = this.#hasTexts || this.#hasScores || named !== undefined;
    const { task = isClass ? "classification" : "regression" } = this.#options;
    const last = this.#classes.size === 2 ? [...this.#classes].sort()[1] : undefined;
    const positive = named === undefined ? last : String(named);
    const base = { task, thresholds, minRows };
    if (task === "regression" || !this.#hasScores || positive === undefined) return base;
    return { ...base, positive, calibration: this.#calibration(positive, minRows) };
  }

  /** What scores mean, as the rows with labels tell; undefined when they are too few, or no two classes. */
  #calibration(positive: string, minRows: number): ProbabilityCalibration | undefined {
    const { calibration } = this.#options;
    if (calibration !== undefined || this.#classes.size !== 2) return calibration;
    const [actual, scores]: [unknown[], unknown[]] = [[], []];
    for (const window of this.#windows)
      window.actual.forEach((label, i) => {
        if (isNull(label) || isNull(window.scores[i])) return;
        actual.push(label);
        scores.push(window.scores[i]);
      });
    const known = new Set(actual.map(categoryOf));
    if (actual.length < minRows || known.size !== 2) return undefined;
    return ProbabilityCalibration.fit(actual, scores, positive);
  }
}

/** All rows of a window, then its slices, those with the most rows first. */
function partsOf(
  { slices }: WindowRows,
  column: string | undefined,
): { readonly slice: Slice | null; readonly picked?: readonly number[] }[] {
  if (column === undefined) return [{ slice: null }];
  const byValue = new Map<string | null, number[]>();
  slices.forEach((value, row) => {
    const name = isNull(value) ? null : (categoryOf(value) ?? null);
    const rows = byValue.get(name);
    if (rows === undefined) byValue.set(name, [row]);
    else rows.push(row);
  });
  const sorted = [...byValue].sort(
    ([a, m], [b, n]) => n.length - m.length || (String(a) < String(b) ? -1 : 1),
  );
  const parts = sorted.slice(0, maxSlices).map(([value, picked]) => ({ slice: { column, value }, picked }));
  return [{ slice: null }, ...parts];
}
