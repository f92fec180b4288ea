import { wrongKind, wrongValue, told } from "../../base/errors.ts";
import { oneOf } from "../../base/fields.ts";
import { version } from "../../base/version.ts";
import { judgeAttribution, withAttribution } from "./judging/attribution.ts";
import { worstVerdict } from "./judging/judge.ts";
import { checkRule, defaultRule } from "./judging/over-windows.ts";
import type { MonitorOptions } from "./monitor-options.ts";
import type { CollectionResult, MonitorResult } from "./monitor-result.ts";
import type { MonitorSource } from "./rows/monitor-source.ts";
import { runCollection } from "./run-collection.ts";
import type { RunSettings } from "./run-settings.ts";

const defaultMaxBytes = 512 * 2 ** 20;

/**
 * Looks whether collections have changed: compares each window with its baseline, column by column, and
 * says of each whether it breaches, passes, or has too little data to tell; what is wrong with their
 * values; whether the model goes by other features than it did; and of what windows whole data is missing.
 * The answer is plain data, the same whatever the order of files.
 *
 * With rows as baseline, metrics are exact; with profile `azureml` rows that have a null in any compared
 * column are left out first, as in Azure ML. With a baseline that was kept as JSON, distances are those of
 * counts in its own bins, and of ranks within a bound that is told. Rows of one side that were sampled at
 * different rates are weighted by `1 / mdc_sampling_rate`.
 *
 * With `read: "profiles"` the windows are those that deployments keep of all rows, in little room: counts are
 * exact by the baseline's own edges, ranks within a bound.
 *
 * A value above its threshold that chance alone reaches with so few rows (once in a hundred comparisons of
 * unchanged data) is `insufficient data`, and no breach. P-values are corrected for the number of features,
 * and breach only with an effect size above `minEffect`.
 *
 * @throws TypeError or RangeError for options that are none, and what the source throws.
 * @example
 * ```ts
 * import { monitorWindows, runMonitor } from "model-data-collector/monitor";
 * import { openDataset } from "model-data-collector/reader";
 *
 * await using data = await openDataset("./collected");
 * const now = new Date("2026-11-29");
 * const day = 86_400_000;
 * const { verdict, collections } = await runMonitor(data, {
 *   now,
 *   collections: [
 *     {
 *       collection: "model_inputs",
 *       baseline: { from: new Date("2026-11-01"), to: new Date("2026-11-08") },
 *       windows: monitorWindows({ to: now, windowMs: day }),
 *     },
 *   ],
 * });
 * console.log(verdict, collections[0]?.features);
 * ```
 */
export async function runMonitor(source: MonitorSource, options: MonitorOptions): Promise<MonitorResult> {
  const settings = settingsOf(options);
  // Before the rows are read: what is wrong is said at once.
  const attributions = options.collections.map((monitor) =>
    settings.signals.includes("attribution") ? judgeAttribution(monitor) : undefined,
  );
  const collections: CollectionResult[] = [];
  for (const [i, monitor] of options.collections.entries())
    collections.push(withAttribution(await runCollection(source, monitor, settings), attributions[i]));
  return {
    format: "model-data-collector monitor result",
    version: 1,
    software: `model-data-collector/${version}`,
    store: source.root,
    ranAt: options.now.toISOString(),
    profile: settings.profile,
    verdict: worstVerdict(collections.map(({ verdict }) => verdict)) ?? "insufficient data",
    rule: settings.rule,
    collections,
    performance: null,
  };
}

function usualSignals({ collections }: MonitorOptions): RunSettings["signals"] {
  return [
    "drift",
    ...(collections.some(({ quality }) => quality !== undefined) ? (["quality"] as const) : []),
    ...(collections.some(({ attribution }) => attribution !== undefined) ? (["attribution"] as const) : []),
  ];
}

function settingsOf(options: MonitorOptions): RunSettings {
  const where = "runMonitor option";
  if (!Array.isArray(options.collections) || options.collections.length === 0)
    throw wrongValue(`${where} collections`, "at least one", told("none"));
  const { profile = "azureml", rule = defaultRule } = options;
  const { signals = usualSignals(options) } = options;
  const { minRows = 100, minEffect = 0.05, maxBytes = defaultMaxBytes } = options;
  if (!(options.now instanceof Date)) throw wrongKind(`${where} now`, "a Date", options.now);
  oneOf("azureml", "evidently")(profile, `${where} profile`);
  for (const { collection, windows, read = "rows" } of options.collections) {
    oneOf("rows", "profiles")(read, `${where} read of ${JSON.stringify(collection)}`);
    if (windows.length === 0)
      throw wrongValue(`${where} windows of ${JSON.stringify(collection)}`, "at least one", told("none"));
  }
  checkRule(rule, `${where} rule`);
  if (!(minRows >= 0)) throw wrongValue(`${where} minRows`, "a number from 0 on", minRows);
  if (!(minEffect >= 0 && minEffect <= 1))
    throw wrongValue(`${where} minEffect`, "a number from 0 to 1", minEffect);
  const onProgress = options.onProgress ?? (() => {});
  return { now: options.now, profile, rule, signals, minRows, minEffect, maxBytes, onProgress };
}
