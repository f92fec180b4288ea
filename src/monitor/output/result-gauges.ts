import type { PrometheusMetric } from "../../base/prometheus-text.ts";
import type { CollectionResult, MonitorResult } from "../run/monitor-result.ts";
import type { MonitorVerdict } from "../run/verdict.ts";

/** All gauges, with what each of them tells. */
export const gaugeMeanings = {
  mdc_monitor_run_timestamp_seconds: "When the monitor ran last",
  mdc_monitor_breached: "Whether a collection breached, over its last windows",
  mdc_window_end_timestamp_seconds: "The end of the latest window",
  mdc_window_rows: "Rows stored in the latest window",
  mdc_completeness: "What a signal of completeness says of the latest window",
  mdc_completeness_breached: "Whether that is beyond its threshold",
  mdc_quality: "The share of rows of a column that are not as they must be",
  mdc_quality_breached: "Whether that is more than the baseline's own share and the threshold",
  mdc_drift: "What a metric says of a feature in the latest window",
  mdc_drift_threshold: "The threshold of that metric",
  mdc_drift_breached: "Whether a feature breached, over the last windows",
  mdc_attribution: "Whether production ranks features by importance as the baseline does, 1 being alike",
  mdc_attribution_breached: "Whether that is below its threshold",
  mdc_performance: "How good predictions were in the latest window with labels, or are expected to be",
  mdc_performance_breached: "Whether that is beyond its threshold",
  mdc_label_coverage: "The share of predictions of that window that have labels",
} as const;

type GaugeName = keyof typeof gaugeMeanings;
type Labels = Readonly<Record<string, string>>;
type Reading = readonly [name: GaugeName, labels: Labels, value: number | null];

/**
 * What a monitor found last as gauges: of each collection its latest window, all rows and no slices; of
 * performance the latest window that has something to say. `…_breached` is 1 or 0, and has no sample where
 * there is too little data to say. `prometheusText` writes them as Prometheus reads them; OpenTelemetry takes
 * them as they are: see docs/monitoring.md.
 *
 * @example
 * ```ts
 * import { type MonitorResult, prometheusText, resultGauges } from "model-data-collector/monitor";
 *
 * const result: MonitorResult = JSON.parse(await readFile("result.json", "utf8"));
 * console.log(prometheusText(resultGauges(result)));
 * ```
 */
export function resultGauges(result: MonitorResult): PrometheusMetric[] {
  const readings: readonly Reading[] = [
    ["mdc_monitor_run_timestamp_seconds", {}, secondsOf(result.ranAt)],
    ...result.collections.flatMap((collection) => [...collectionReadings(collection)]),
    ...performanceReadings(result),
  ];
  return Object.entries(gaugeMeanings).flatMap(([name, help]) => {
    const samples = readings.flatMap(([of, labels, value]) =>
      of === name && value !== null ? [{ labels, value }] : [],
    );
    return samples.length === 0 ? [] : [{ name, kind: "gauge" as const, help, samples }];
  });
}

function* collectionReadings({
  collection,
  verdict,
  features,
  windows,
  attribution,
}: CollectionResult): Generator<Reading> {
  yield ["mdc_monitor_breached", { collection }, breachOf(verdict)];
  for (const { feature, verdict: one } of features)
    yield ["mdc_drift_breached", { collection, feature }, breachOf(one)];
  if (attribution !== undefined) {
    yield ["mdc_attribution", { collection, metric: attribution.metric }, attribution.value];
    yield ["mdc_attribution_breached", { collection }, breachOf(attribution.verdict)];
  }
  const window = windows.at(-1);
  if (window === undefined) return;
  yield ["mdc_window_end_timestamp_seconds", { collection }, secondsOf(window.end)];
  for (const { signal, value, verdict: one } of window.signals ?? []) {
    yield ["mdc_completeness", { collection, signal }, value];
    yield ["mdc_completeness_breached", { collection, signal }, breachOf(one)];
  }
  const whole = window.slices.find(({ slice }) => slice === null);
  if (whole === undefined) return;
  yield ["mdc_window_rows", { collection }, whole.rows];
  for (const { column, rates } of whole.quality)
    for (const { metric, value, breached } of rates) {
      yield ["mdc_quality", { collection, column, metric }, value];
      if (value !== null) yield ["mdc_quality_breached", { collection, column, metric }, breached ? 1 : 0];
    }
  for (const { feature, metrics } of whole.features)
    for (const { metric, value, threshold } of metrics) {
      yield ["mdc_drift", { collection, feature, metric }, value];
      yield ["mdc_drift_threshold", { collection, feature, metric }, threshold];
    }
}

function* performanceReadings({ performance }: MonitorResult): Generator<Reading> {
  const told = performance?.rows.filter(({ slice, metrics }) => slice === null && metrics.length > 0);
  const row = told?.at(-1);
  if (row === undefined) return;
  const estimated = String(row.estimated);
  for (const { metric, value, threshold, breached } of row.metrics) {
    yield ["mdc_performance", { metric, estimated }, value];
    const judged = threshold !== null && row.verdict !== "insufficient data";
    if (judged) yield ["mdc_performance_breached", { metric, estimated }, breached ? 1 : 0];
  }
  yield ["mdc_label_coverage", {}, row.labelCoverage];
}

function breachOf(verdict: MonitorVerdict): number | null {
  return verdict === "breach" ? 1 : verdict === "pass" ? 0 : null;
}

function secondsOf(time: string): number {
  return Date.parse(time) / 1_000;
}
