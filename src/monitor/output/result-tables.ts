import type { ColumnType } from "../../layout/column-type.ts";
import type { FeatureResult, HistogramPair } from "../run/feature-result.ts";
import type { CollectionResult, MonitorResult, SliceResult, WindowResult } from "../run/monitor-result.ts";
import type { Slice } from "../run/verdict.ts";
import { granularityOf, type MetricRow, type MetricTable, metricTable, windowTypes } from "./metric-table.ts";

const metricTypes: Readonly<Record<string, ColumnType>> = {
  metric_name: "string",
  metric_value: "float64",
  threshold_value: "float64",
  breached: "boolean",
};

const driftTypes: Readonly<Record<string, ColumnType>> = {
  ...windowTypes,
  column_name: "string",
  data_type: "string",
  window_cmp_start: "timestamp",
  window_cmp_end: "timestamp",
  drift_type: "string",
  ...metricTypes,
  method: "string",
  n_base: "int64",
  n_prod: "int64",
  effect_size: "float64",
  verdict: "string",
};

const qualityTypes: Readonly<Record<string, ColumnType>> = {
  ...windowTypes,
  column_name: "string",
  ...metricTypes,
  baseline_value: "float64",
  rows: "int64",
  verdict: "string",
};

const performanceTypes: Readonly<Record<string, ColumnType>> = {
  ...windowTypes,
  ...metricTypes,
  estimated: "boolean",
  rows: "int64",
  label_coverage: "float64",
  verdict: "string",
};

const completenessTypes: Readonly<Record<string, ColumnType>> = {
  ...windowTypes,
  metric_name: "string",
  metric_value: "float64",
  min_value: "float64",
  max_value: "float64",
  breached: "boolean",
  verdict: "string",
  reasons: { list: "string" },
};

const histogramTypes: Readonly<Record<string, ColumnType>> = {
  ...windowTypes,
  feature_bucket: "string",
  bucket_count: "float64",
  baseline_bucket_count: "float64",
  lower_bound: "float64",
  upper_bound: "float64",
  category_bucket: "string",
  data_type: "string",
};

/**
 * What a monitor found as tables in the long form, a row for each number: for dashboards and alerts in SQL.
 * Only tables that have rows.
 *
 * @example
 * ```ts
 * import { type MonitorResult, resultTables } from "model-data-collector/monitor";
 *
 * const result: MonitorResult = JSON.parse(await readFile("result.json", "utf8"));
 * for (const { name, length, schema } of resultTables(result)) console.log(name, length, [...schema.keys()]);
 * ```
 */
export function resultTables(result: MonitorResult): MetricTable[] {
  const slices = result.collections.flatMap(slicesOf);
  const tables = [
    metricTable("completeness_metrics", completenessTypes, result.collections.flatMap(completenessRows)),
    metricTable("quality_metrics", qualityTypes, slices.flatMap(qualityRows)),
    metricTable("drift_metrics", driftTypes, [
      ...slices.flatMap(driftRows),
      ...result.collections.flatMap(attributionRows),
    ]),
    metricTable("performance_metrics", performanceTypes, performanceRows(result)),
    metricTable("histograms", histogramTypes, slices.flatMap(histogramRows)),
  ];
  return tables.filter(({ length }) => length > 0);
}

/** A slice with all that it is a part of. */
interface PlacedSlice {
  readonly collection: CollectionResult;
  readonly window: WindowResult;
  readonly slice: SliceResult;
  /** The beginning of its rows. */
  readonly place: MetricRow;
}

function slicesOf(collection: CollectionResult): PlacedSlice[] {
  return collection.windows.flatMap((window) =>
    window.slices.map((slice) => ({
      ...{ collection, window, slice },
      place: placeOf(window, slice.slice, collection.collection),
    })),
  );
}

function placeOf(
  { start, end }: { readonly start: string; readonly end: string },
  slice: Slice | null,
  collection: string,
): MetricRow {
  return {
    window_start: start,
    window_end: end,
    granularity: granularityOf(start, end),
    slice_key: slice?.column,
    slice_value: slice?.value,
    collection,
  };
}

function completenessRows({ collection, windows }: CollectionResult): MetricRow[] {
  return windows.flatMap((window) =>
    (window.signals ?? []).map(({ signal, value, min, max, verdict, reasons }) => ({
      ...placeOf(window, null, collection),
      ...{ metric_name: signal, metric_value: value, min_value: min, max_value: max },
      ...{ breached: verdict === "breach", verdict, reasons },
    })),
  );
}

function driftRows({ collection: { baseline }, window, slice, place }: PlacedSlice): MetricRow[] {
  const { start, end } = window.comparedWith ?? baseline;
  return slice.features.flatMap(({ feature, type, rows, metrics, effectSize, verdict }) =>
    metrics.map(({ metric, value, threshold, breached, method }) => ({
      ...place,
      column_name: feature,
      data_type: type,
      window_cmp_start: start,
      window_cmp_end: end,
      drift_type: driftTypeOf(baseline),
      ...{ metric_name: metric, metric_value: value, threshold_value: threshold, breached, method },
      n_base: rows.baseline,
      n_prod: rows.production,
      effect_size: effectSize?.value,
      verdict,
    })),
  );
}

/** One row, of no column, of the latest window. */
function attributionRows({ collection, baseline, windows, attribution }: CollectionResult): MetricRow[] {
  const window = windows.at(-1);
  if (attribution === undefined || window === undefined) return [];
  const { metric, value, threshold, breached, verdict } = attribution;
  const { start, end } = window.comparedWith ?? baseline;
  return [
    {
      ...placeOf(window, null, collection),
      window_cmp_start: start,
      window_cmp_end: end,
      drift_type: driftTypeOf(baseline),
      ...{ metric_name: metric, metric_value: value, threshold_value: threshold, breached, method: "exact" },
      verdict,
    },
  ];
}

function driftTypeOf({ from }: CollectionResult["baseline"]): string {
  return from === "previous" ? "CONSECUTIVE" : "BASELINE";
}

function qualityRows({ slice, place }: PlacedSlice): MetricRow[] {
  return slice.quality.flatMap(({ column, rows, rates, verdict }) =>
    rates.map(({ metric, value, baseline, threshold, breached }) => ({
      ...place,
      column_name: column,
      ...{ metric_name: metric, metric_value: value, threshold_value: baseline + threshold, breached },
      baseline_value: baseline,
      ...{ rows, verdict },
    })),
  );
}

function performanceRows({ performance }: MonitorResult): MetricRow[] {
  if (performance === null) return [];
  return performance.rows.flatMap((row) =>
    row.metrics.map(({ metric, value, threshold, breached }) => ({
      ...placeOf(row, row.slice, performance.predicted),
      ...{ metric_name: metric, metric_value: value, threshold_value: threshold, breached },
      estimated: row.estimated,
      rows: row.rows,
      label_coverage: row.labelCoverage,
      verdict: row.verdict,
    })),
  );
}

function histogramRows({ slice, place }: PlacedSlice): MetricRow[] {
  return slice.features.flatMap(({ feature, type, histogram }: FeatureResult) =>
    histogram === null
      ? []
      : bucketsOf(histogram).map((bucket) => ({
          ...place,
          feature_bucket: feature,
          data_type: type,
          ...bucket,
        })),
  );
}

/** What stands for all categories that have no bucket of their own, to Azure ML. */
const others = "Other";

function bucketsOf(pair: HistogramPair): MetricRow[] {
  const { baseline, production } = pair;
  if (pair.kind === "numerical")
    return production.map((count, i) => ({
      bucket_count: count,
      baseline_bucket_count: baseline[i],
      lower_bound: pair.edges[i],
      upper_bound: pair.edges[i + 1],
    }));
  const named = pair.categories.map((category, i) => ({
    category_bucket: category,
    bucket_count: production[i],
    baseline_bucket_count: baseline[i],
  }));
  const rest = pair.others;
  if (rest.baseline + rest.production === 0) return named;
  const other = { category_bucket: others, bucket_count: rest.production };
  return [...named, { ...other, baseline_bucket_count: rest.baseline }];
}
