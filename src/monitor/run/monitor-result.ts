import type { ColumnKind } from "../../layout/columns/column-groups.ts";
import type { CompletenessSignal } from "../completeness/completeness-signal.ts";
import type { DriftProfile } from "../drift/drift-options.ts";
import type { FeatureResult, FeatureSummary, Sides } from "./feature-result.ts";
import type { PerformanceResult } from "./performance-result.ts";
import type { Slice, ThresholdSource, MonitorVerdict } from "./verdict.ts";

/**
 * What a monitor found: plain data, which JSON carries as it stands. Times are ISO 8601 in UTC; a number that
 * there is not (`NaN`, infinite) is null. Equal data and options give an equal result, whatever the order of
 * files.
 */
export interface MonitorResult {
  /** What this is. */
  readonly format: "model-data-collector monitor result";
  /** Which form it has. */
  readonly version: 1;
  /** The software that made it: `model-data-collector/0.1.0`. */
  readonly software: string;
  /** Where the data is, for people: holds no secret. */
  readonly store: string;
  /** When it was made, as the caller said. */
  readonly ranAt: string;
  /** Whose choices of metrics, bins and thresholds were followed. */
  readonly profile: DriftProfile;
  /** The worst of all collections and of performance. */
  readonly verdict: MonitorVerdict;
  /** How many windows must breach before a feature does, or performance. */
  readonly rule: WindowRule;
  /** What was looked at, in the order in which it was asked for. */
  readonly collections: readonly CollectionResult[];
  /** How good predictions were, by window and slice; null when nobody asked. */
  readonly performance: PerformanceResult | null;
}

/** A feature, or performance, breaches when it does so in at least `need` of the last `of` windows. */
export interface WindowRule {
  readonly need: number;
  readonly of: number;
}

/** What was found in one collection. */
export interface CollectionResult {
  readonly collection: string;
  /** Present when stored profiles were read, and no rows. */
  readonly read?: "profiles";
  /** What it was compared with. */
  readonly baseline: BaselineUsed;
  /** The length of a window in milliseconds; null for a single one of any length. */
  readonly windowMs: number | null;
  readonly verdict: MonitorVerdict;
  /** For people, when the verdict is not `pass`: what breached, or what is missing. */
  readonly reasons: readonly string[];
  /**
   * The features over all windows and all rows, those that matter most first: breaches, then by severity
   * times importance.
   */
  readonly features: readonly FeatureSummary[];
  /** Columns that could not be compared. */
  readonly skipped: readonly SkippedColumn[];
  /** In time order. */
  readonly windows: readonly WindowResult[];
  /** Whether the model goes by other features than it did; absent when nobody asked. */
  readonly attribution?: AttributionResult;
}

/** How production ranks the features by importance, held against the baseline. */
export interface AttributionResult {
  /** Azure ML's name. */
  readonly metric: "NormalizedDiscountedCumulativeGain";
  /** From 0 to 1; 1 when both rank them alike. */
  readonly value: number;
  /** What it must be at least; null when none was set. */
  readonly threshold: number | null;
  /** Whether `value` is less. */
  readonly breached: boolean;
  readonly verdict: MonitorVerdict;
  /** Why there is no pass or breach. */
  readonly reason: string | null;
  /** Those that matter most in the baseline first. */
  readonly features: readonly AttributedFeature[];
}

/** How much a feature matters, then and now. */
export interface AttributedFeature {
  readonly feature: string;
  /** As it was given. */
  readonly importance: Sides;
  /** From 1 on; features that matter as much share a rank. */
  readonly rank: Sides;
}

/** What was the baseline. */
export interface BaselineUsed {
  /**
   * `file`: a baseline that was kept as JSON, without its rows. `reference`: rows of a span of time.
   * `previous`: each window is compared with the one before it.
   */
  readonly from: "file" | "reference" | "previous";
  /** The collection whose rows they are. */
  readonly collection: string;
  /** The first instant; null with `previous`, where each window says its own. */
  readonly start: string | null;
  /** The first instant after it. */
  readonly end: string | null;
  /** Rows, nulls included; null with `previous`. */
  readonly rows: number | null;
}

/** A column that was not compared, and why. */
export interface SkippedColumn {
  readonly column: string;
  /** For people: `only nulls`, `not in the baseline`, `float64 there, string here`, … */
  readonly reason: string;
}

/** One window. */
export interface WindowResult {
  /** The first instant. */
  readonly start: string;
  /** The first instant after it. */
  readonly end: string;
  /** The window that it was compared with; that of the baseline, or the one before. Null: a kept baseline. */
  readonly comparedWith: { readonly start: string; readonly end: string } | null;
  /** Whether the data is whole: look here first. Null when there is no ledger to say it. */
  readonly completeness: WindowCompleteness | null;
  /** The same signal by signal, held against thresholds; absent when nobody asked. */
  readonly signals?: readonly CompletenessSignal[];
  readonly verdict: MonitorVerdict;
  /** All rows first, then each slice, the largest first. */
  readonly slices: readonly SliceResult[];
}

/** What became of the frames of a window, of those that its hours tell of. */
export interface WindowCompleteness {
  /** The worst verdict of its hours. */
  readonly verdict: "complete" | "purged" | "waiting" | "unknown" | "short";
  readonly offered: number;
  readonly sampledOut: number;
  readonly disabled: number;
  readonly dropped: number;
  readonly stored: number;
  readonly pending: number;
  readonly unaccounted: number;
  /** Why it is not complete, for people, each once. */
  readonly reasons: readonly string[];
}

/** A window's rows, or those of a slice of it. */
export interface SliceResult {
  /** Null for all rows. */
  readonly slice: Slice | null;
  /** Stored rows, nulls included. */
  readonly rows: number;
  /** How many rows they stand for, each counted `1 / mdc_sampling_rate` times. */
  readonly weightedRows: number;
  /** Rows of the baseline's side; of a kept baseline all its rows, which it cannot part by slice. */
  readonly baselineRows: number;
  readonly verdict: MonitorVerdict;
  /** By name. */
  readonly features: readonly FeatureResult[];
  /** By name; none without a baseline that says what values must be. */
  readonly quality: readonly QualityResult[];
}

/** What is wrong with a column's values, held against the baseline. */
export interface QualityResult {
  readonly column: string;
  readonly kind: ColumnKind;
  /** Stored rows that were looked at. */
  readonly rows: number;
  readonly rates: readonly QualityRate[];
  readonly verdict: MonitorVerdict;
  /** Why there is no pass or breach. */
  readonly reason: string | null;
}

/** One rate of a column. */
export interface QualityRate {
  /** Azure ML's name. */
  readonly metric: "NullValueRate" | "DataTypeErrorRate" | "OutOfBoundsRate";
  /** The share of rows, from 0 to 1, rounded to five places; null for types without bounds. */
  readonly value: number | null;
  /** The baseline's own rate. */
  readonly baseline: number;
  /** How much more is allowed. */
  readonly threshold: number;
  readonly thresholdSource: ThresholdSource;
  /** Whether `value` is greater than `baseline + threshold`. */
  readonly breached: boolean;
}
