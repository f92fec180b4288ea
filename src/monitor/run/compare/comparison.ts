import type { DriftMethod, DriftMetricName, EffectSize, HistogramPair } from "../feature-result.ts";

/** What a metric gives of two sides, before anybody judges it. */
export interface Measured {
  readonly value: number;
  readonly method: DriftMethod;
  readonly maxError: number;
  /** What chance alone reaches; of distances. */
  readonly chance: number | null;
  /** Of tests. */
  readonly statistic: number | null;
}

/** Two sides, compared. */
export interface Comparison {
  readonly metrics: ReadonlyMap<DriftMetricName, Measured>;
  readonly effectSize: EffectSize;
  /** What chance alone reaches as effect size. */
  readonly effectChance: number;
  readonly histogram: HistogramPair;
}

/** The metrics whose value is a p-value: less is more. */
export const tests: ReadonlySet<DriftMetricName> = new Set([
  "TwoSampleKolmogorovSmirnovTest",
  "PearsonsChiSquaredTest",
  "TwoProportionZTest",
]);
