import type { Slice, ThresholdSource, MonitorVerdict } from "./verdict.ts";

/** How good predictions were. */
export interface PerformanceResult {
  readonly task: "classification" | "regression";
  /** What was held against what: collections and columns, for people. */
  readonly actual: string;
  readonly predicted: string;
  /** What the last windows say together, as the rule has it; slices decide nothing. */
  readonly verdict: MonitorVerdict;
  readonly rows: readonly PerformanceRow[];
  /** What became of the rows that could not be joined. */
  readonly join: JoinAccount | null;
}

/** Performance in one window and slice. */
export interface PerformanceRow {
  readonly start: string;
  readonly end: string;
  /** Null for all rows. */
  readonly slice: Slice | null;
  /** Pairs of a prediction and a label. */
  readonly rows: number;
  /** Labels per request of the window, from 0 to 1; null when nobody knows how many there were. */
  readonly labelCoverage: number | null;
  /** True when labels have not come and it is expected (confidence-based performance estimation). */
  readonly estimated: boolean;
  readonly metrics: readonly PerformanceMetric[];
  /** Rows of labels, columns of predictions; null for regressions and estimates. */
  readonly confusion: {
    readonly classes: readonly string[];
    readonly counts: readonly (readonly number[])[];
  } | null;
  readonly verdict: MonitorVerdict;
  readonly reason: string | null;
}

/** One measure. */
export interface PerformanceMetric {
  /**
   * `Accuracy`, `Precision`, `Recall`, `F1`, `AreaUnderCurve`, `RootMeanSquaredError`, `MeanAbsoluteError`.
   */
  readonly metric: string;
  readonly value: number | null;
  readonly threshold: number | null;
  readonly thresholdSource: ThresholdSource | null;
  readonly breached: boolean;
}

/** What a join of inputs, outputs and labels did with all rows. */
export interface JoinAccount {
  readonly inputs: string;
  readonly outputs: string;
  readonly labels: string | null;
  /** Rows by what became of them: `matched`, `inputsOnly`, `outputsOnly`, `duplicates`, … */
  readonly counts: Readonly<Record<string, number>>;
}
