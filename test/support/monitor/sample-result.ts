import type { MonitorResult } from "../../../src/monitor/run/monitor-result.ts";

/** A name that means something to every format that it may come to. */
export const hostile = 'a"b\\c\nd,é{}';

const start = "2026-11-28T00:00:00.000Z";
const end = "2026-11-29T00:00:00.000Z";
const own = { thresholdSource: "azure-ai-ml SDK" } as const;

/** A monitor's result with something of everything. */
export const sampleResult: MonitorResult = {
  ...{ format: "model-data-collector monitor result", version: 1, software: "model-data-collector/0.1.0" },
  ...{ store: "./collected", ranAt: "2026-11-29T00:15:00.000Z", profile: "azureml", verdict: "breach" },
  rule: { need: 2, of: 3 },
  collections: [
    {
      collection: "model_inputs",
      baseline: {
        from: "file",
        collection: "model_inputs",
        start: "2026-11-01T00:00:00.000Z",
        end: "2026-11-08T00:00:00.000Z",
        rows: 1_000,
      },
      ...{ windowMs: 86_400_000, verdict: "breach", reasons: [], skipped: [] },
      features: [
        {
          ...{
            feature: hostile,
            kind: "numerical",
            importance: 1,
            verdict: "breach",
            reason: null,
            breachedWindows: 2,
          },
          ...{
            judgedWindows: 3,
            severity: 2,
            metric: "NormalizedWassersteinDistance",
            values: [0.2],
            threshold: 0.1,
          },
        },
      ],
      windows: [
        {
          ...{ start, end, comparedWith: null, completeness: null, verdict: "breach" },
          signals: [
            {
              ...{
                signal: "volume",
                value: 0.25,
                min: 0.5,
                max: 2,
                thresholdSource: "default",
                verdict: "breach",
              },
              reasons: ["250 rows, and 1000 expected"],
            },
            {
              ...{
                signal: "silence",
                value: null,
                min: null,
                max: 0,
                thresholdSource: "default",
                verdict: "skipped",
              },
              reasons: ["no ledger is kept of these rows"],
            },
          ],
          slices: [
            {
              ...{ slice: null, rows: 250, weightedRows: 250, baselineRows: 1_000, verdict: "breach" },
              features: [
                {
                  ...{
                    feature: hostile,
                    kind: "numerical",
                    type: "float64",
                    verdict: "breach",
                    reason: null,
                  },
                  rows: { baseline: 1_000, production: 240 },
                  nullsDropped: { baseline: 0, production: 10 },
                  metrics: [
                    {
                      ...{
                        metric: "NormalizedWassersteinDistance",
                        value: 0.2,
                        threshold: 0.1,
                        ...own,
                        method: "exact",
                      },
                      ...{ maxError: 0, chance: 0.05, statistic: null, adjusted: null, breached: true },
                    },
                    {
                      ...{
                        metric: "JensenShannonDistance",
                        value: null,
                        threshold: null,
                        thresholdSource: null,
                      },
                      ...{
                        method: "binned",
                        maxError: 0,
                        chance: null,
                        statistic: null,
                        adjusted: null,
                        breached: false,
                      },
                    },
                  ],
                  ...{
                    effectSize: { measure: "KolmogorovSmirnovDistance", value: 0.3 },
                    severity: 2,
                    explainedBy: null,
                  },
                  histogram: {
                    kind: "numerical",
                    edges: [0, 1, 2],
                    baseline: [600, 400],
                    production: [40, 200],
                  },
                },
                {
                  ...{
                    feature: "origin",
                    kind: "categorical",
                    type: "string",
                    verdict: "pass",
                    reason: null,
                    metrics: [],
                  },
                  rows: { baseline: 1_000, production: 250 },
                  nullsDropped: { baseline: 0, production: 0 },
                  ...{ effectSize: null, severity: null, explainedBy: null },
                  histogram: {
                    ...{
                      kind: "categorical",
                      categories: ["SEA", hostile],
                      baseline: [900, 90],
                      production: [200, 45],
                    },
                    others: { baseline: 10, production: 5 },
                  },
                },
              ],
              quality: [
                {
                  ...{ column: "origin", kind: "categorical", rows: 250, verdict: "breach", reason: null },
                  rates: [
                    {
                      ...{ metric: "NullValueRate", value: 0.04, baseline: 0.01, threshold: 0, ...own },
                      breached: true,
                    },
                    {
                      ...{ metric: "OutOfBoundsRate", value: null, baseline: 0, threshold: 0, ...own },
                      breached: false,
                    },
                  ],
                },
              ],
            },
          ],
        },
      ],
    },
  ],
  performance: {
    ...{
      task: "classification",
      actual: "labels.late",
      predicted: "model_outputs.late",
      verdict: "breach",
      join: null,
    },
    rows: [
      {
        ...{
          start,
          end,
          slice: null,
          rows: 200,
          labelCoverage: 0.8,
          estimated: false,
          confusion: null,
          verdict: "breach",
        },
        metrics: [{ ...{ metric: "Accuracy", value: 0.5, threshold: 0.9, ...own }, breached: true }],
        reason: null,
      },
      {
        ...{
          start,
          end,
          slice: { column: "origin", value: "SEA" },
          rows: 150,
          labelCoverage: 0.75,
          estimated: false,
        },
        ...{ confusion: null, verdict: "pass", reason: null },
        metrics: [{ ...{ metric: "Accuracy", value: 0.95, threshold: 0.9, ...own }, breached: false }],
      },
    ],
  },
};
