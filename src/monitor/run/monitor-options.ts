import { told, wrongValue } from "../../base/errors.ts";
import type { Baseline } from "../baseline/baseline.ts";
import type { ColumnKind } from "../../layout/columns/column-groups.ts";
import type { CompletenessThresholds } from "../completeness/completeness-signal.ts";
import type { DriftProfile } from "../drift/drift-options.ts";
import type { DriftMetricName } from "./feature-result.ts";
import type { WindowRule } from "./monitor-result.ts";
import type { QualityThresholds } from "./quality-check.ts";
import type { TimeSpan } from "./rows/monitor-source.ts";

/** What each metric may be at most, or a p-value at least. */
export type DriftThresholds = Readonly<Partial<Record<DriftMetricName, number>>>;

/** What a monitor looks at. */
export interface MonitorOptions {
  /** When it is run: it looks at no clock itself. */
  readonly now: Date;
  /** The collections, each with its baseline and windows. */
  readonly collections: readonly CollectionMonitor[];
  /** Whose choices of metrics, bins and thresholds are followed. Default `"azureml"`. */
  readonly profile?: DriftProfile;
  /**
   * In how many of the last windows a feature must breach. Default 2 of 3; of fewer windows than `need` in
   * all of them.
   */
  readonly rule?: WindowRule;
  /**
   * What is looked at. Default drift, quality when thresholds of it are set, and attribution when importances
   * are given.
   */
  readonly signals?: readonly ("drift" | "quality" | "attribution")[];
  /** Fewer rows with a value on either side say nothing: `insufficient data`. Default 100. */
  readonly minRows?: number;
  /**
   * A small p-value is no breach while the effect size is no more than this: of many rows any difference has
   * one. From 0 to 1, default 0.05.
   */
  readonly minEffect?: number;
  /**
   * Bytes of values that are in memory at once; what does not fit is read by groups of columns. Default
   * 512 MiB.
   */
  readonly maxBytes?: number;
  /** Called now and then with what is being done, for people. */
  readonly onProgress?: (what: string) => void;
}

/** One collection, and what it is compared with. */
export interface CollectionMonitor {
  /** Its name. */
  readonly collection: string;
  /**
   * A baseline that was kept; or rows of a span of time, of this collection or another one; or `"previous"`:
   * each window is compared with the span of the same length before it.
   */
  readonly baseline: Baseline | (TimeSpan & { readonly collection?: string }) | "previous";
  /** The windows, in time order: see {@link monitorWindows}. */
  readonly windows: readonly TimeSpan[];
  /**
   * What is read: the stored rows, or the profiles that deployments with `profiles` keep of all rows, sampled
   * out ones too, whatever their number. Profiles know no slices; each result says by which `method` it was
   * had, and its `maxError`. Default `"rows"`.
   */
  readonly read?: "rows" | "profiles";
  /** Only these columns. Default: all but system columns and those of `by` alone. */
  readonly features?: readonly string[];
  /** What is said of columns one by one. */
  readonly columns?: Readonly<Record<string, ColumnMonitor>>;
  /**
   * Bounds of what makes a window whole, other than the default ones; with one for `labels` ground truth is
   * looked for, too.
   */
  readonly completeness?: CompletenessThresholds;
  /** Also by the values of these columns: the 20 most frequent ones each. */
  readonly by?: readonly string[];
  /** Thresholds that replace those of the profile. */
  readonly thresholds?: {
    readonly all?: DriftThresholds;
    readonly numerical?: DriftThresholds;
    readonly categorical?: DriftThresholds;
  };
  /** How much worse than the baseline's own rates may be. Default 0 each, as in Azure ML's SDK. */
  readonly quality?: {
    readonly numerical?: Partial<QualityThresholds>;
    readonly categorical?: Partial<QualityThresholds>;
  };
  /** How much features matter to the model, then and now: whether it goes by other ones than it did. */
  readonly attribution?: AttributionMonitor;
}

/**
 * How much each feature matters to the model, as whoever explains it has found on either side, such as mean
 * absolute SHAP values: by name, the same features on both sides, numbers from 0 on.
 */
export interface AttributionMonitor {
  readonly baseline: Readonly<Record<string, number>>;
  readonly production: Readonly<Record<string, number>>;
  /**
   * The normalised discounted cumulative gain below which it is a breach, from 0 to 1. Default none: then the
   * value is told, and not judged.
   */
  readonly threshold?: number;
}

/** What is said of one column. */
export interface ColumnMonitor {
  /** How it is compared. Default: by its type. */
  readonly kind?: ColumnKind;
  /** How much it matters: features are ranked by drift times importance. Default 1. */
  readonly importance?: number;
  /** Thresholds of its own, instead of all others. */
  readonly thresholds?: DriftThresholds;
}

/**
 * Windows of one length that end at an instant, in time order.
 *
 * @throws RangeError for a length that is not positive, and a count below 1.
 * @example
 * ```ts
 * import { monitorWindows } from "model-data-collector/monitor";
 *
 * const week = 7 * 86_400_000;
 * console.log(monitorWindows({ to: new Date("2026-11-29"), windowMs: week, count: 3 }).length);
 * ```
 */
export function monitorWindows({
  to,
  windowMs,
  count = 3,
}: {
  /** The first instant after the last window. */
  readonly to: Date;
  /** The length of each, in milliseconds. */
  readonly windowMs: number;
  /** How many; default 3. */
  readonly count?: number;
}): TimeSpan[] {
  if (!(windowMs > 0) || !(count >= 1) || Number.isNaN(to.getTime()))
    throw wrongValue("monitorWindows", "an instant, a positive length and a count from 1 on", told("others"));
  return Array.from({ length: count }, (_, i) => ({
    from: new Date(to.getTime() - (count - i) * windowMs),
    to: new Date(to.getTime() - (count - i - 1) * windowMs),
  }));
}
