import type {
  FeatureResult,
  FeatureSummary,
  HistogramPair,
} from "../../../src/monitor/run/feature-result.ts";
import type {
  MonitorResult,
  QualityResult,
  SliceResult,
  WindowResult,
} from "../../../src/monitor/run/monitor-result.ts";
import type { MonitorVerdict } from "../../../src/monitor/run/verdict.ts";
import type { PerformanceResult, PerformanceRow } from "../../../src/monitor/run/performance-result.ts";

/** What {@link monitorResult} is to be like. */
export interface ResultShape {
  /** How many features; every fifth is of categories. Default 12. */
  readonly features?: number;
  /** How many windows of a week. Default 6. */
  readonly windows?: number;
  /** What the feature of a number is called. */
  readonly nameOf?: (index: number) => string;
}

const week = 7 * 86_400_000;
const start = Date.UTC(2001, 5, 1);

/**
 * What a monitor found in data that was made up: the first quarter of the features has drifted in the last
 * windows, one column has a quality breach, labels of the last window have not come. The same each time.
 */
export function monitorResult(shape: ResultShape = {}): MonitorResult {
  const { features = 12, windows = 6, nameOf = (index) => `feature_${index}` } = shape;
  const columns = Array.from({ length: features }, (_, index) => ({
    index,
    name: nameOf(index),
    isDrifted: index < features / 4,
  }));
  const results = Array.from({ length: windows }, (_, window) => windowOf(window, windows, columns));
  return {
    format: "model-data-collector monitor result",
    version: 1,
    software: "model-data-collector/0.1.0",
    store: "/data/collected",
    ranAt: "2001-07-13T04:05:06.000Z",
    profile: "azureml",
    verdict: "breach",
    rule: { need: 2, of: 3 },
    collections: [
      {
        collection: "model_inputs",
        baseline: {
          from: "reference",
          collection: "model_inputs",
          start: "2001-02-01T00:00:00.000Z",
          end: "2001-03-01T00:00:00.000Z",
          rows: 41_318,
        },
        windowMs: week,
        verdict: "breach",
        reasons: ["features have drifted"],
        features: columns.map((column) => summaryOf(column, results)),
        skipped: [{ column: "notes", reason: "it has lists or objects" }],
        windows: results,
      },
    ],
    performance: performanceOf(windows),
  };
}

interface Column {
  readonly index: number;
  readonly name: string;
  readonly isDrifted: boolean;
}

function windowOf(window: number, windows: number, columns: readonly Column[]): WindowResult {
  const [from, to] = timesOf(window);
  const isShort = window === windows - 2;
  const verdict = window >= windows - 3 ? "breach" : "pass";
  const offered = 400 + window;
  return {
    start: from,
    end: to,
    comparedWith: { start: "2001-02-01T00:00:00.000Z", end: "2001-03-01T00:00:00.000Z" },
    completeness: {
      verdict: isShort ? "short" : "complete",
      offered,
      sampledOut: 0,
      disabled: 0,
      dropped: isShort ? 3 : 0,
      stored: offered - (isShort ? 3 : 0),
      pending: 0,
      unaccounted: 0,
      reasons: isShort ? ["3 frames were dropped: spool_full"] : [],
    },
    verdict,
    slices: [
      sliceOf(null, window, columns, { windows, verdict }),
      sliceOf("LAX", window, columns.slice(0, 4), { windows, verdict }),
      sliceOf(null, window, columns.slice(0, 2), { windows, verdict: "pass" }, "origin"),
    ],
  };
}

function sliceOf(
  value: string | null,
  window: number,
  columns: readonly Column[],
  { windows, verdict }: { readonly windows: number; readonly verdict: MonitorVerdict },
  column?: string,
): SliceResult {
  const rows = value === null ? 8_000 + window : 700;
  const isAll = value === null && column === undefined;
  return {
    slice: isAll ? null : { column: column ?? "origin", value },
    rows,
    weightedRows: rows * 10,
    baselineRows: 41_318,
    verdict,
    features: columns.map((one) => featureOf(one, window, { windows, rows })),
    quality: isAll ? columns.map((one) => qualityOf(one, rows)) : [],
  };
}

function featureOf(
  { index, name, isDrifted }: Column,
  window: number,
  { windows, rows }: { readonly windows: number; readonly rows: number },
): FeatureResult {
  const isCategorical = index % 5 === 4;
  const shift = isDrifted && window >= windows - 3 ? 0.6 + index / 40 : 0.04;
  const value = shift / 2 + ((index * 7919 + window * 104_729) % 97) / 2_000;
  const breached = value > 0.1;
  return {
    feature: name,
    kind: isCategorical ? "categorical" : "numerical",
    type: isCategorical ? "string" : "float64",
    rows: { baseline: 41_318, production: rows },
    nullsDropped: { baseline: 0, production: index % 3 },
    metrics: [
      {
        metric: isCategorical ? "JensenShannonDistance" : "NormalizedWassersteinDistance",
        value,
        threshold: 0.1,
        thresholdSource: "azure-ai-ml SDK",
        method: "exact",
        maxError: 0,
        chance: 0.021,
        statistic: null,
        adjusted: null,
        breached,
      },
      ...(["PopulationStabilityIndex", "HellingerDistance", "TotalVariationDistance"] as const).map(
        (metric) => ({
          metric,
          value: value / 2,
          threshold: null,
          thresholdSource: null,
          method: "exact" as const,
          maxError: 0,
          chance: 0.011,
          statistic: null,
          adjusted: null,
          breached: false,
        }),
      ),
    ],
    effectSize: {
      measure: isCategorical ? "TotalVariationDistance" : "KolmogorovSmirnovDistance",
      value: shift / 3,
    },
    verdict: breached ? "breach" : "pass",
    reason: null,
    severity: value / 0.1,
    histogram: isCategorical ? categories(index, shift) : bins(index, shift),
    explainedBy: index === 0 ? { column: "origin", value: "LAX", share: 0.41 } : null,
  };
}

function bins(index: number, shift: number): HistogramPair {
  const edges = Array.from({ length: 18 }, (_, i) => i * 50);
  const counts = (mean: number, rows: number): number[] =>
    Array.from({ length: 17 }, (_, i) => Math.round(rows * Math.exp(-(((i - mean) / 3) ** 2))));
  const mean = 5 + (index % 4);
  return {
    kind: "numerical",
    edges,
    baseline: counts(mean, 9_000),
    production: counts(mean + shift * 6, 1_700),
  };
}

function categories(index: number, shift: number): HistogramPair {
  const names = ["ATL", "ORD", "DFW", "LAX", "PHX", "DEN", "LAS", "IAH", "MSP", "DTW"];
  return {
    kind: "categorical",
    categories: names,
    baseline: names.map((_, i) => 5_000 - 400 * i),
    production: names.map((_, i) => Math.round((900 - 70 * i) * (1 + shift * ((i + index) % 3)))),
    others: { baseline: 2_100, production: 800 },
  };
}

function summaryOf({ index, name }: Column, windows: readonly WindowResult[]): FeatureSummary {
  const results = windows.map(({ slices }) => slices[0]?.features[index] as FeatureResult);
  const last = results.slice(-3);
  const breachedWindows = last.filter(({ verdict }) => verdict === "breach").length;
  const latest = last.at(-1) as FeatureResult;
  return {
    feature: name,
    kind: latest.kind,
    importance: 1,
    verdict: breachedWindows >= 2 ? "breach" : "pass",
    reason: null,
    breachedWindows,
    judgedWindows: last.length,
    severity: latest.severity,
    metric: latest.metrics[0]?.metric ?? null,
    values: results.map(({ metrics }) => metrics[0]?.value ?? null),
    threshold: 0.1,
  };
}

function qualityOf({ index, name }: Column, rows: number): QualityResult {
  const breached = index === 1;
  const rates = [
    ["NullValueRate", breached ? 0.231 : 0],
    ["DataTypeErrorRate", 0],
    ["OutOfBoundsRate", index % 6 === 2 ? 0.004 : 0],
  ] as const;
  return {
    column: name,
    kind: index % 5 === 4 ? "categorical" : "numerical",
    rows,
    rates: rates.map(([metric, value]) => ({
      metric,
      value,
      baseline: 0.005,
      threshold: 0,
      thresholdSource: "azure-ai-ml SDK",
      breached: value > 0.005,
    })),
    verdict: breached ? "breach" : "pass",
    reason: null,
  };
}

function performanceOf(windows: number): PerformanceResult {
  const rows = Array.from({ length: windows }, (_, window): PerformanceRow => {
    const [from, to] = timesOf(window);
    const isLast = window === windows - 1;
    const accuracy = 0.78 - window * 0.03;
    return {
      start: from,
      end: to,
      slice: null,
      rows: isLast ? 0 : 7_800,
      labelCoverage: isLast ? 0 : 0.97,
      estimated: isLast,
      metrics: [
        {
          metric: "Accuracy",
          value: accuracy,
          threshold: 0.7,
          thresholdSource: "set for all",
          breached: accuracy < 0.7,
        },
        {
          metric: "Precision",
          value: accuracy - 0.05,
          threshold: null,
          thresholdSource: null,
          breached: false,
        },
        { metric: "Recall", value: accuracy - 0.08, threshold: null, thresholdSource: null, breached: false },
      ],
      confusion: isLast
        ? null
        : {
            classes: ["false", "true"],
            counts: [
              [5_100, 900],
              [640, 1_160],
            ],
          },
      verdict: accuracy < 0.7 ? "breach" : "pass",
      reason: null,
    };
  });
  return {
    task: "classification",
    actual: "labels.late",
    predicted: "model_outputs.late",
    verdict: "breach",
    rows,
    join: {
      inputs: "model_inputs",
      outputs: "model_outputs",
      labels: "labels",
      counts: { matched: 46_310, inputsOnly: 0, outputsOnly: 0, unlabelled: 1_740, duplicates: 2 },
    },
  };
}

function timesOf(window: number): [string, string] {
  const from = start + window * week;
  return [new Date(from).toISOString(), new Date(from + week).toISOString()];
}
