import type { ColumnType } from "../../layout/column-type.ts";
import type { ProfileMetrics } from "../run/profile-metrics.ts";
import { granularityOf, type MetricTable, metricTable, windowTypes } from "./metric-table.ts";

const profileTypes: Readonly<Record<string, ColumnType>> = {
  ...windowTypes,
  column_name: "string",
  data_type: "string",
  kind: "string",
  count: "int64",
  num_nulls: "int64",
  num_nan: "int64",
  num_zeros: "int64",
  distinct_count: "int64",
  min: "float64",
  max: "float64",
  min_text: "string",
  max_text: "string",
  avg: "float64",
  stddev: "float64",
  median: "float64",
  quantiles: { list: "float64" },
  frequent_items: { list: "string" },
  frequent_counts: { list: "int64" },
  min_length: "int64",
  max_length: "int64",
  avg_length: "float64",
  percent_null: "float64",
  percent_distinct: "float64",
};

/**
 * Profiles as one table, `profile_metrics`, a row for each window, slice and column, under the names that
 * Databricks' monitoring gives. The bounds of categories are `min_text` and `max_text`.
 *
 * @example
 * ```ts
 * import { profileRows, profileTable } from "model-data-collector/monitor";
 * import { openDataset } from "model-data-collector/reader";
 *
 * await using data = await openDataset("./collected");
 * const windows = [{ from: new Date("2026-11-28"), to: new Date("2026-11-29") }];
 * const { columns } = profileTable(await profileRows(data, { collection: "model_inputs", windows }));
 * console.log(columns.get("column_name"), columns.get("avg"));
 * ```
 */
export function profileTable(rows: readonly ProfileMetrics[]): MetricTable {
  const laid = rows.map(({ min, max, quantiles, frequent_items: frequent, ...row }) => ({
    ...row,
    granularity: granularityOf(row.window_start, row.window_end),
    ...(row.kind === "numerical" ? { min, max, quantiles } : { min_text: min, max_text: max }),
    ...(row.kind === "numerical"
      ? {}
      : {
          frequent_items: frequent.map(([name]) => name),
          frequent_counts: frequent.map(([, count]) => BigInt(count)),
        }),
  }));
  return metricTable("profile_metrics", profileTypes, laid);
}
