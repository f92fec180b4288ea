import { expect, test } from "vitest";
import {
  profileRows,
  profileTable,
  prometheusText,
  resultGauges,
  resultTables,
} from "../../../src/monitor.ts";
import type { MetricTable } from "../../../src/monitor/output/metric-table.ts";
import { parquetOf } from "../../../src/reader/export/export-rows.ts";
import { day, memorySource } from "../../support/monitor/memory-source.ts";
import { hostile, sampleResult } from "../../support/monitor/sample-result.ts";
import { duckdbQuery, duckdbSql, fileBytes } from "../../support/parquet-engines.ts";
import { samplesOf } from "../../support/prometheus-samples.ts";

async function rowsOf(table: MetricTable | undefined, sql = "FROM FILE"): Promise<Record<string, unknown>[]> {
  if (table === undefined) throw new Error("there is no such table");
  return await duckdbQuery(await fileBytes(parquetOf(table)), sql);
}

const tables = new Map(resultTables(sampleResult).map((table) => [table.name, table]));

test("a result is tables in the long form, which DuckDB reads", async () => {
  expect([...tables.keys()]).toEqual([
    ...["completeness_metrics", "quality_metrics", "drift_metrics", "performance_metrics", "histograms"],
  ]);
  const [drift, other] = await rowsOf(tables.get("drift_metrics"));
  expect(drift).toMatchObject({
    ...{
      granularity: "1 day",
      slice_key: null,
      slice_value: null,
      collection: "model_inputs",
      column_name: hostile,
    },
    ...{ data_type: "float64", drift_type: "BASELINE", metric_name: "NormalizedWassersteinDistance" },
    ...{
      metric_value: 0.2,
      threshold_value: 0.1,
      breached: true,
      method: "exact",
      effect_size: 0.3,
      verdict: "breach",
    },
  });
  expect(other).toMatchObject({ metric_value: null, threshold_value: null, breached: false });
  const typed = "SELECT typeof(window_start) AS at, n_prod, window_cmp_end::VARCHAR AS cmp FROM FILE LIMIT 1";
  expect(await rowsOf(tables.get("drift_metrics"), typed)).toEqual([
    { at: "TIMESTAMP WITH TIME ZONE", n_prod: 240n, cmp: "2026-11-08 00:00:00+00" },
  ]);
  expect(await rowsOf(tables.get("completeness_metrics"))).toMatchObject([
    { metric_name: "volume", metric_value: 0.25, min_value: 0.5, max_value: 2, breached: true },
    { metric_name: "silence", metric_value: null, verdict: "skipped" },
  ]);
  expect(await rowsOf(tables.get("quality_metrics"))).toMatchObject([
    { metric_name: "NullValueRate", threshold_value: 0.01, baseline_value: 0.01, breached: true },
    { metric_name: "OutOfBoundsRate", metric_value: null },
  ]);
  expect(await rowsOf(tables.get("performance_metrics"))).toMatchObject([
    { slice_key: null, metric_value: 0.5, estimated: false, label_coverage: 0.8 },
    { slice_key: "origin", slice_value: "SEA", metric_value: 0.95 },
  ]);
});

test("histograms have bounds or categories, and what is left over", async () => {
  const sql =
    "SELECT category_bucket, lower_bound, upper_bound, bucket_count, baseline_bucket_count FROM FILE";
  const rows = await rowsOf(tables.get("histograms"), sql);
  expect(rows.map((row) => Object.values(row))).toEqual([
    [null, 0, 1, 40, 600],
    [null, 1, 2, 200, 400],
    ["SEA", null, null, 200, 900],
    [hostile, null, null, 45, 90],
    ["Other", null, null, 5, 10],
  ]);
});

test("profiles are a table, of numbers and categories", async () => {
  const distance = Array.from({ length: 100 }, (_, i) => (i === 7 ? null : i));
  const origin = distance.map((i) => (Number(i) % 3 === 0 ? "JFK" : "SEA"));
  const word = distance.map((i) => (i === null ? null : "é😀".repeat(i % 4)));
  const source = memorySource([
    { collection: "model_inputs", at: day(28).from, columns: { distance, origin, word } },
  ]);
  const rows = await profileRows(source, { collection: "model_inputs", windows: [day(28)] });
  const [numbers, texts, words] = await rowsOf(profileTable(rows));
  const known = distance.flatMap((one) => one ?? []);
  expect(numbers).toMatchObject({
    ...{ granularity: "1 day", slice_key: null, column_name: "distance", data_type: "float64" },
    ...{ count: 100n, num_nulls: 1n, num_zeros: 1n, distinct_count: 99n, min: 0, max: 99, percent_null: 1 },
    ...{ avg: known.reduce((sum, one) => sum + one, 0) / 99, frequent_items: null, min_text: null },
  });
  expect(numbers?.["quantiles"]).toHaveLength(9);
  expect(texts).toMatchObject({
    ...{ min: null, quantiles: null, min_text: "JFK", max_text: "SEA" },
    ...{ frequent_items: ["SEA", "JFK"], frequent_counts: [65n, 35n] },
    ...{ min_length: 3n, max_length: 3n, avg_length: 3 },
  });
  const [expected] = await duckdbSql(
    `SELECT min(length(w)) AS min, max(length(w)) AS max, avg(length(w)) AS avg
     FROM (VALUES ${word.map((one) => (one === null ? "(NULL)" : `('${one}')`)).join(",")}) AS t(w)`,
  );
  expect(words).toMatchObject({ column_name: "word", avg_length: expected?.["avg"] });
  expect([words?.["min_length"], words?.["max_length"]]).toEqual([expected?.["min"], expected?.["max"]]);
  expect(numbers).toMatchObject({ min_length: null, avg_length: null });
});

test("gauges are what Prometheus takes, whatever a feature is called, and silent where nothing can be said", () => {
  const gauges = resultGauges(sampleResult);
  const samples = samplesOf(prometheusText(gauges));
  const feature = hostile.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
  const at = `collection="model_inputs",feature="${feature}"`;
  expect(Object.fromEntries(samples)).toMatchObject({
    mdc_monitor_run_timestamp_seconds: Date.parse(sampleResult.ranAt) / 1_000,
    'mdc_monitor_breached{collection="model_inputs"}': 1,
    'mdc_window_rows{collection="model_inputs"}': 250,
    'mdc_completeness{collection="model_inputs",signal="volume"}': 0.25,
    'mdc_completeness_breached{collection="model_inputs",signal="volume"}': 1,
    [`mdc_drift{${at},metric="NormalizedWassersteinDistance"}`]: 0.2,
    [`mdc_drift_breached{${at}}`]: 1,
    'mdc_quality{collection="model_inputs",column="origin",metric="NullValueRate"}': 0.04,
    'mdc_performance{metric="Accuracy",estimated="false"}': 0.5,
    mdc_label_coverage: 0.8,
  });
  const keys = [...samples.keys()].join("\n");
  expect(keys).not.toMatch(/silence|JensenShannon|OutOfBounds|NaN|null/);
  expect(samples.size).toBe(gauges.reduce((sum, one) => sum + one.samples.length, 0));
});
