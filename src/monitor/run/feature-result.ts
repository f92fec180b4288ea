import type { ColumnKind } from "../../layout/columns/column-groups.ts";
import type { Slice, ThresholdSource, MonitorVerdict } from "./verdict.ts";

/** A metric of a run, as Azure ML spells those that it has. */
export type DriftMetricName =
  | "JensenShannonDistance"
  | "PopulationStabilityIndex"
  | "NormalizedWassersteinDistance"
  | "TwoSampleKolmogorovSmirnovTest"
  | "PearsonsChiSquaredTest"
  | "TwoProportionZTest"
  | "HellingerDistance"
  | "TotalVariationDistance"
  | "ChebyshevDistance";

/** How a value was had. */
export type DriftMethod =
  /** From the rows. */
  | "exact"
  /** From counts of the baseline's groups; `maxError` says how far off it may be. */
  | "binned"
  /**
   * From stored profiles, whose sketches know ranks within an error: `maxError` is that of 99 % of all cases.
   * Of distances of groups too, where profiles were not counted by the same groups.
   */
  | "sketch"
  /** A p-value: see `TestMethod`. */
  | "limit"
  | "one-sample"
  | "goodness-of-fit"
  | "normal";

/** What a metric says of a feature in a window. */
export interface DriftMetricResult {
  readonly metric: DriftMetricName;
  /** A distance, or the p-value of a test; null when it is none. */
  readonly value: number | null;
  /** What it may be at most, of a p-value at least; null when nothing is asked of it. */
  readonly threshold: number | null;
  readonly thresholdSource: ThresholdSource | null;
  readonly method: DriftMethod;
  /** How far `value` may be from that of the rows; 0 when it is exact. Of p-values that of the effect. */
  readonly maxError: number;
  /**
   * Of a distance what chance alone reaches in one of a hundred comparisons of as many rows, when nothing has
   * changed; null for p-values. A value below it says nothing.
   */
  readonly chance: number | null;
  /** Of a test: its statistic. */
  readonly statistic: number | null;
  /** Of a p-value: the same, after correction for the number of features (Benjamini and Hochberg). */
  readonly adjusted: number | null;
  readonly breached: boolean;
}

/** How large a change is, whatever the number of rows. */
export interface EffectSize {
  /**
   * `KolmogorovSmirnovDistance` of numbers, the largest difference of cumulated shares; of categories
   * `TotalVariationDistance`, the share of rows that would have to change. Both from 0 to 1.
   */
  readonly measure: "KolmogorovSmirnovDistance" | "TotalVariationDistance";
  readonly value: number;
}

/** A feature in one window and slice. */
export interface FeatureResult {
  readonly feature: string;
  readonly kind: ColumnKind;
  /** Its type in the files: `float64`, `string`, … */
  readonly type: string;
  /** What counts, without nulls. */
  readonly rows: Sides;
  /** Rows that were left out: without a value here or, with profile `azureml`, in any column. */
  readonly nullsDropped: Sides;
  /** The one that decides comes first. */
  readonly metrics: readonly DriftMetricResult[];
  readonly effectSize: EffectSize | null;
  readonly verdict: MonitorVerdict;
  /** Why there is no pass or breach, for people. */
  readonly reason: string | null;
  /** How far the worst metric is towards its threshold: 1 at it, more beyond. Null without a threshold. */
  readonly severity: number | null;
  /** Both sides in the same groups, for a picture; null when there is nothing to show. */
  readonly histogram: HistogramPair | null;
  /** Of the slices that were asked for, the one without which the change would be least; null without. */
  readonly explainedBy: SliceShare | null;
}

/** A number for the baseline, and one for the window. */
export interface Sides {
  readonly baseline: number;
  readonly production: number;
}

/** How often each group occurs on both sides, weighted by `1 / mdc_sampling_rate`. */
export type HistogramPair =
  | {
      readonly kind: "numerical";
      /**
       * One more than there are bins; a bin holds its lower edge, the last one both. The first and the last
       * bin may reach further than the baseline.
       */
      readonly edges: readonly number[];
      readonly baseline: readonly number[];
      readonly production: readonly number[];
    }
  | {
      readonly kind: "categorical";
      /** The most frequent ones, 100 at most, the most frequent first. */
      readonly categories: readonly string[];
      readonly baseline: readonly number[];
      readonly production: readonly number[];
      /** All others. */
      readonly others: Sides;
    };

/** How much of a change is in one slice. */
export interface SliceShare extends Slice {
  /** By how much the change would be less without it, as a share of all of it, from 0 to 1. */
  readonly share: number;
}

/** A feature over all windows. */
export interface FeatureSummary {
  readonly feature: string;
  readonly kind: ColumnKind;
  /** As it was given; 1 for all when no importances were. */
  readonly importance: number;
  readonly verdict: MonitorVerdict;
  readonly reason: string | null;
  /** Windows in which it breached, of the last ones that the rule looks at. */
  readonly breachedWindows: number;
  /** How many of these had data. */
  readonly judgedWindows: number;
  /** The latest window's, the greatest of those that the rule looks at; null without. */
  readonly severity: number | null;
  /** The metric that decides. */
  readonly metric: DriftMetricName | null;
  /** Its value by window, null where there is none: a time line. */
  readonly values: readonly (number | null)[];
  readonly threshold: number | null;
}
