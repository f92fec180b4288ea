import { kindOf } from "../../base/errors.ts";
import { systemClock } from "../../base/time/clock.ts";
import { version } from "../../base/version.ts";
import {
  performanceMetricNames,
  type PerformanceThresholds,
} from "../../monitor/performance/windows/performance-measures.ts";
import type { PerformanceWindowsOptions } from "../../monitor/performance/windows/performance-windows-options.ts";
import type { MonitorResult, WindowRule } from "../../monitor/run/monitor-result.ts";
import type { PerformanceResult } from "../../monitor/run/performance-result.ts";
import type { Catalog } from "../../reader/catalog.ts";
import { filesOf } from "../../reader/table.ts";
import {
  type CommandInput,
  type CommandOptions,
  type RunnableCommand,
  timeOption,
  UsageError,
  wholeNumber,
} from "../command.ts";
import { type ExitCode, exitCode } from "../exit-code.ts";
import { type JoinedColumns, joinedPerformance } from "../monitoring/joined-performance.ts";
import { isForPrometheus, outputOptions, writeOutputs } from "../monitoring/output-options.ts";
import { measureOf, performanceSettings } from "../monitoring/performance-settings.ts";
import { performanceLines } from "../monitoring/performance-lines.ts";
import { ruleOf, ruleOptions } from "../options/rule-option.ts";
import { durationOption } from "../options/duration-option.ts";
import { refuseMissing } from "../options/refuse-missing.ts";
import { rangeOptions } from "../options/selection.ts";
import { datasetOptions, withDataset } from "../with-dataset.ts";

const column = (description: string): CommandOptions[string] => ({
  type: "string",
  value: "<column>",
  description,
});

/** `mdc performance`: how good predictions were. */
export const performance: RunnableCommand = {
  name: "performance",
  summary: "say how good predictions were, or are expected to be where labels have not come yet",
  parameters: "--prediction <column> [--label <column>] [--score <column>] [--by <column>] [--window 7d]",
  positionals: [0, 0],
  options: {
    prediction: column("what was predicted, of the outputs"),
    label: column("what turned out to be true, of the labels; default the name of the prediction"),
    score: column("probability or score of the positive class, of the outputs"),
    positive: {
      type: "string",
      value: "<class>",
      description: "that class; default the last of two by name",
    },
    task: {
      type: "string",
      value: "<task>",
      description: "classification or regression; default by the labels",
    },
    by: column("of the inputs: each of its values is measured by itself, too"),
    window: { type: "string", value: "<length>", description: "such as 1d or 7d; default all in one" },
    ...rangeOptions,
    threshold: {
      type: "string",
      multiple: true,
      value: "<bound>",
      description: `such as Accuracy=0.9, of ${performanceMetricNames.join(", ")}; 1 is the exit code beyond one`,
    },
    ...ruleOptions,
    "min-rows": {
      type: "string",
      value: "<rows>",
      description: "with fewer labels nothing is said; default 100",
    },
    inputs: { type: "string", value: "<collection>", description: "default model_inputs" },
    outputs: { type: "string", value: "<collection>", description: "default model_outputs" },
    labels: { type: "string", value: "<collection>", description: "default labels" },
    lateness: {
      type: "string",
      value: "<length>",
      description: "labels that came later do not count; default all do",
    },
    ...outputOptions,
    ...datasetOptions,
  },
  examples: [
    "mdc performance --prediction late --score probability --window 7d --by origin",
    "mdc performance --prediction delay --label delay_minutes --threshold MeanAbsoluteError=12 --json",
  ],
  async run(input): Promise<ExitCode> {
    const { terminal } = input;
    const columns = columnsOf(input);
    const options = optionsOf(input);
    const quiet = isForPrometheus(input);
    terminal.progress("joining …");
    const { root, found } = await withDataset(input, async (data, catalog) => {
      const windows = await windowsOf(input, catalog, columns.outputs);
      const found = await joinedPerformance(data, columns, { ...options, windows });
      if (found.rows.every(({ labelCoverage }) => labelCoverage === null || labelCoverage === 0))
        await refuseUnknown(catalog, columns);
      return { root: data.root, found };
    });
    await writeOutputs(input, resultOf(root, found, options.rule));
    if (input.flag("json")) terminal.json(found);
    else if (!quiet) for (const line of performanceLines(found, terminal)) terminal.out(line);
    return found.verdict === "breach" ? exitCode.breach : exitCode.ok;
  },
};

function columnsOf(input: CommandInput): JoinedColumns {
  const prediction = input.text("prediction");
  if (prediction === undefined)
    throw new UsageError("expected --prediction <column>, of the outputs (mdc performance --help)");
  const texts = ["inputs", "outputs", "labels", "label", "score", "by"] as const;
  const given = texts.flatMap((name) => {
    const text = input.text(name);
    return text === undefined ? [] : [[name, text]];
  });
  const lateness = durationOption(input, "lateness");
  return performanceSettings({
    prediction,
    ...(Object.fromEntries(given) as Partial<JoinedColumns>),
    ...(lateness === undefined ? {} : { latenessMs: lateness }),
  });
}

function optionsOf(
  input: CommandInput,
): Omit<PerformanceWindowsOptions, "windows"> & { readonly rule: WindowRule } {
  const [positive, task] = [input.text("positive"), input.text("task")];
  if (task !== undefined && task !== "classification" && task !== "regression")
    throw new UsageError(`--task: expected classification or regression, got ${kindOf(task)}`);
  return {
    minRows: wholeNumber(input, "min-rows", 1, 100),
    rule: ruleOf(input),
    thresholds: thresholdsOf(input),
    ...(positive === undefined ? {} : { positive }),
    ...(task === undefined ? {} : { task }),
  };
}

function thresholdsOf(input: CommandInput): PerformanceThresholds {
  const entries = input.texts("threshold").map((text) => {
    const [, name = "", bound = ""] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    const metric = measureOf(name);
    if (metric === undefined || bound.trim() === "" || !Number.isFinite(Number(bound))) {
      const expected = `one of ${performanceMetricNames.join(", ")}, = and a number`;
      throw new UsageError(`--threshold: expected ${expected}, got ${kindOf(text)}`);
    }
    return [metric, Number(bound)] as const;
  });
  return Object.fromEntries(entries);
}

/**
 * The windows that the options say, of the time that there is data of; they begin at multiples of their
 * length.
 */
async function windowsOf(
  input: CommandInput,
  catalog: Catalog,
  collection: string,
): Promise<PerformanceWindowsOptions["windows"]> {
  const [from, to] = [timeOption(input, "from")?.getTime(), timeOption(input, "to")?.getTime()];
  const range = { from: from ?? Number.NEGATIVE_INFINITY, to: to ?? Number.POSITIVE_INFINITY };
  const files = await filesOf(catalog, collection, range);
  const start = from ?? files.reduce((min, file) => Math.min(min, file.start), Number.POSITIVE_INFINITY);
  const end = to ?? files.reduce((max, file) => Math.max(max, file.end), Number.NEGATIVE_INFINITY);
  if (!(start < end)) return [];
  const ms = durationOption(input, "window");
  if (ms === undefined) return [{ from: new Date(start), to: new Date(end) }];
  const first = from ?? Math.floor(start / ms) * ms;
  const count = Math.ceil((end - first) / ms);
  if (count > maxWindows)
    throw new UsageError(`--window: that makes ${count} windows, and ${maxWindows} may be`);
  return Array.from({ length: count }, (_, i) => ({
    from: new Date(first + i * ms),
    to: new Date(Math.min(to ?? Number.POSITIVE_INFINITY, first + (i + 1) * ms)),
  }));
}

const maxWindows = 1_000;

/** If nothing was found at all, a name is perhaps wrong. */
async function refuseUnknown(
  catalog: Catalog,
  { inputs, outputs, labels, prediction, score, label, by }: JoinedColumns,
): Promise<void> {
  await refuseMissing(catalog, outputs, [prediction], "prediction");
  if (score !== undefined) await refuseMissing(catalog, outputs, [score], "score");
  if (by !== undefined) await refuseMissing(catalog, inputs, [by], "by");
  await refuseMissing(catalog, labels, [label], "label");
}

function resultOf(store: string, performance: PerformanceResult, rule: WindowRule): MonitorResult {
  return {
    format: "model-data-collector monitor result",
    version: 1,
    software: `model-data-collector/${version}`,
    store,
    ranAt: new Date(systemClock.now()).toISOString(),
    profile: "azureml",
    verdict: performance.verdict,
    rule,
    collections: [],
    performance,
  };
}
