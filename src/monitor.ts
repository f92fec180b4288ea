/**
 * Whether what a model gets and gives has changed: drift, data quality and performance, as pure functions of
 * columns.
 *
 * @module model-data-collector/monitor
 */
import "./base/host/node-version.ts";

export { Baseline, type BaselineJson, type BaselineOptions } from "./monitor/baseline/baseline.ts";
export type {
  BaselineColumn,
  BaselineColumnJson,
  RankCounts,
  SkipReason,
} from "./monitor/baseline/baseline-column.ts";
export type { MetricColumn } from "./monitor/columns/metric-column.ts";
export { completenessReference } from "./monitor/completeness/completeness-reference.ts";
export type {
  CompletenessSignalOptions,
  CompletenessReference,
  CompletenessSignal,
  CompletenessSignalName,
  CompletenessThresholds,
} from "./monitor/completeness/completeness-signal.ts";
export { completenessSignals } from "./monitor/completeness/completeness-signals.ts";
export type { DriftOptions, DriftProfile } from "./monitor/drift/drift-options.ts";
export { normalizedWassersteinDistance } from "./monitor/drift/normalized-wasserstein-distance.ts";
export { type ChiSquaredResult, pearsonsChiSquaredTest } from "./monitor/drift/pearsons-chi-squared-test.ts";
export { populationStabilityIndex } from "./monitor/drift/population-stability-index.ts";
export {
  chebyshevDistance,
  hellingerDistance,
  jensenShannonDistance,
  totalVariationDistance,
} from "./monitor/drift/share-distances.ts";
export type { TestMethod, TestResult } from "./monitor/drift/test-result.ts";
export { twoProportionZTest } from "./monitor/drift/two-proportion-z-test.ts";
export { twoSampleKolmogorovSmirnovTest } from "./monitor/drift/two-sample-kolmogorov-smirnov-test.ts";
export {
  type ClassificationOptions,
  type ClassificationPerformance,
  classificationPerformance,
  type ClassPerformance,
} from "./monitor/performance/classification-performance.ts";
export {
  type FeatureImportances,
  normalizedDiscountedCumulativeGain,
} from "./monitor/performance/normalized-discounted-cumulative-gain.ts";
export {
  type RegressionPerformance,
  regressionPerformance,
} from "./monitor/performance/regression-performance.ts";
export {
  type EstimatedClassificationPerformance,
  estimatedClassificationPerformance,
  type EstimationOptions,
} from "./monitor/performance/estimated-classification-performance.ts";
export {
  ProbabilityCalibration,
  type ProbabilityCalibrationJson,
} from "./monitor/performance/probability-calibration.ts";
export type {
  PerformanceMetricName,
  PerformanceThresholds,
} from "./monitor/performance/windows/performance-measures.ts";
export { PerformanceWindows } from "./monitor/performance/windows/performance-windows.ts";
export type { PerformanceWindowsOptions } from "./monitor/performance/windows/performance-windows-options.ts";
export type { PredictionRow } from "./monitor/performance/windows/window-rows.ts";
export type { PositiveClass } from "./monitor/performance/positive-class.ts";
export type { MetricTable, MetricTableName } from "./monitor/output/metric-table.ts";
export { profileTable } from "./monitor/output/profile-table.ts";
export { resultGauges } from "./monitor/output/result-gauges.ts";
export { resultTables } from "./monitor/output/result-tables.ts";
export type { QualityType } from "./monitor/quality/cast-value.ts";
export {
  type DataQuality,
  dataQuality,
  type QualityConstraints,
  qualityConstraints,
  type QualityOptions,
} from "./monitor/quality/data-quality.ts";
export { type ReportOptions, reportHtml } from "./monitor/report/report-html.ts";
export type { BaselineGroupsJson } from "./profile/baseline-groups.ts";
export type { CategoryCounts } from "./profile/category.ts";
export {
  CollectionProfile,
  type CollectionProfileJson,
  type CollectionProfileOptions,
} from "./profile/collection-profile.ts";
export { ColumnProfile } from "./profile/column-profile.ts";
export type { ColumnProfileJson, ColumnProfileOptions } from "./profile/column-profile-json.ts";
export type { DistinctEstimateJson } from "./profile/distinct-estimate.ts";
export type { FrequentValuesJson } from "./profile/frequent-values.ts";
export type { MomentsJson } from "./profile/moments.ts";
export type { QuantileSketchJson } from "./profile/quantile-sketch.ts";
export type {
  DriftMethod,
  DriftMetricName,
  DriftMetricResult,
  EffectSize,
  FeatureResult,
  FeatureSummary,
  HistogramPair,
  Sides,
  SliceShare,
} from "./monitor/run/feature-result.ts";
export type {
  AttributedFeature,
  AttributionResult,
  BaselineUsed,
  CollectionResult,
  MonitorResult,
  QualityRate,
  QualityResult,
  SkippedColumn,
  SliceResult,
  WindowCompleteness,
  WindowResult,
  WindowRule,
} from "./monitor/run/monitor-result.ts";
export {
  type AttributionMonitor,
  type CollectionMonitor,
  type ColumnMonitor,
  type DriftThresholds,
  type MonitorOptions,
  monitorWindows,
} from "./monitor/run/monitor-options.ts";
export type { QualityThresholds } from "./monitor/run/quality-check.ts";
export { createBaseline, type StoredBaselineOptions } from "./monitor/run/create-baseline.ts";
export { type ProfileMetrics, type ProfileRowsOptions, profileRows } from "./monitor/run/profile-metrics.ts";
export type { MonitorSource, SourceHour, TimeSpan } from "./monitor/run/rows/monitor-source.ts";
export { runMonitor } from "./monitor/run/run-monitor.ts";
export type {
  JoinAccount,
  PerformanceMetric,
  PerformanceResult,
  PerformanceRow,
} from "./monitor/run/performance-result.ts";
export type { MonitorVerdict, Slice, ThresholdSource } from "./monitor/run/verdict.ts";
export { type PrometheusMetric, type PrometheusSample, prometheusText } from "./base/prometheus-text.ts";
export type { ColumnBatch } from "./layout/column-batch.ts";
export type { ColumnType, ListType, ScalarType } from "./layout/column-type.ts";
export type { ColumnKind, GroupsDefinition } from "./layout/columns/column-groups.ts";
export type { LabelFacts, LedgerFacts, WindowFacts } from "./layout/monitoring/window-facts.ts";
