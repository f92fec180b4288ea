/**
 * What is asked about the rows of a window, before anything is asked about their values.
 *
 * | Signal | Value | Breach |
 * |-|-|-|
 * | `freshness` | milliseconds from the newest row's request to the window's end, or to when it was asked | above a tenth of the window, and above an hour |
 * | `silence` | processes that have not told of themselves for too long | above 0 |
 * | `volume` | rows, as a share of what the reference leads to expect | below 0.5 or above 2 |
 * | `lost` | the share of frames that were dropped or are unaccounted for, or of rows that are in no file any more, whichever is more | above 0 |
 * | `untold` | the share of hours with a ledger of which nobody can say whether all is there | above 0 |
 * | `unreadable` | files that cannot be read | above 0 |
 * | `schema` | columns that are new, gone, or of another type than in the reference | above 0 |
 * | `rejected` | the share of rows of which a value did not fit its column's type | above 0 |
 * | `labels` | the share of requests that have ground truth | below the threshold, if one is given |
 */
export type CompletenessSignalName =
  | "freshness"
  | "silence"
  | "volume"
  | "lost"
  | "untold"
  | "unreadable"
  | "schema"
  | "rejected"
  | "labels";

/** What a signal says. */
export interface CompletenessSignal {
  readonly signal: CompletenessSignalName;
  /** See {@link CompletenessSignalName}; null when there is nothing to measure. */
  readonly value: number | null;
  /** The least value that is no breach; null where there is none. */
  readonly min: number | null;
  /** The greatest value that is no breach; null where there is none. */
  readonly max: number | null;
  /** `given`: by whoever asked. */
  readonly thresholdSource: "default" | "given";
  /**
   * `insufficient data`: there is too little to say; `skipped`: there is nothing to ask, and the reasons say
   * why.
   */
  readonly verdict: "pass" | "breach" | "insufficient data" | "skipped";
  /** What is behind the value, for people. */
  readonly reasons: readonly string[];
}

/** Bounds of signals; a number bounds them on the side on which they breach. */
export interface CompletenessThresholds {
  /** Milliseconds, at most. */
  readonly freshness?: number;
  /** Processes, at most. */
  readonly silence?: number;
  /** Shares of what is expected: the least and the most. */
  readonly volume?: readonly [min: number, max: number];
  /** A share, at most. */
  readonly lost?: number;
  /** A share, at most. */
  readonly untold?: number;
  /** Files, at most. */
  readonly unreadable?: number;
  /** Columns, at most. */
  readonly schema?: number;
  /** A share, at most. */
  readonly rejected?: number;
  /** A share, at least. */
  readonly labels?: number;
}

/** What a window is held against. */
export interface CompletenessReference {
  /** How many rows an hour has. */
  readonly rowsPerHour?: number;
  /** Types of columns by name. */
  readonly columns?: Readonly<Record<string, string>>;
}

/** What {@link completenessSignals} may be told. */
export interface CompletenessSignalOptions {
  /** When it was asked: of a window that is not over, nothing more is expected. Default: its end. */
  readonly asOf?: Date;
  /** What there should be: see {@link completenessReference}. Without one volume and schema are skipped. */
  readonly reference?: CompletenessReference;
  /** Bounds other than the default ones. */
  readonly thresholds?: CompletenessThresholds;
  /** With fewer rows to be expected there is too little to say of freshness and volume. Default 100. */
  readonly minRows?: number;
}
