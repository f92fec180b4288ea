import { told, wrongValue } from "../../../base/errors.ts";
import { parseFileFields, type Parser, plainObject, share } from "../../../base/fields.ts";
import { unquotedNumber } from "../../../config/file/azure-values.ts";
import type { YamlText } from "../../../config/file/yaml-text.ts";
import type { QualityThresholds } from "../../../monitor/run/quality-check.ts";
import { durationText, parseDuration } from "./duration.ts";
import type { FileCollection, MonitorFile } from "./file-settings.ts";
import { parseThreshold, parseThresholds } from "./metric-names.ts";

/**
 * Reads the YAML of an Azure ML monitor, or of its `create_monitor` alone (Microsoft Learn: "CLI (v2)
 * schedule YAML schema for model monitoring"). Of its `monitoring_signals` those count that mean the same:
 * `data_drift` and `data_quality` of `model_inputs`, `prediction_drift` of `model_outputs`; of each the
 * metrics' thresholds, the features that are named, and the windows' lengths; and of
 * `feature_attribution_drift` the threshold, for importances come from whoever explains the model. Everything
 * else is told.
 */
export function readAzureMonitor(yaml: YamlText): MonitorFile {
  const file = plainObject(yaml.data, yaml.where());
  const isWhole = "create_monitor" in file;
  const above = isWhole ? ["create_monitor"] : [];
  const monitor = isWhole ? plainObject(file["create_monitor"], yaml.where("create_monitor")) : file;
  const given = monitor["monitoring_signals"] ?? {};
  const path = [...above, "monitoring_signals"];
  const signals = Object.entries(plainObject(given, yaml.where(...path)));
  const unread = new Unread(yaml);
  for (const key of isWhole ? Object.keys(file) : [])
    if (key !== "create_monitor" && !passedOver.has(key)) unread.add(key);
  for (const key of Object.keys(monitor))
    if (key !== "monitoring_signals" && !passedOver.has(key)) unread.add(...above, key);
  const collections = new Map<string, FileCollection>();
  const kinds = new Set<SignalKind>();
  let windowMs: number | undefined;
  for (const [name, value] of signals) {
    const signal = readSignal(yaml, [...path, name], value, unread);
    if (signal === undefined) continue;
    kinds.add(signal.kind);
    windowMs ??= signal.windowMs;
    const before = collections.get(signal.part.collection);
    collections.set(signal.part.collection, { ...before, ...signal.part });
  }
  if (collections.size === 0)
    throw wrongValue(
      yaml.where(...path),
      `signals of type ${[...known.keys(), attributionType].join(", ")}`,
      told("none"),
    );
  return {
    collections: [...collections.values()],
    signals: [...kinds],
    unread: unread.lines,
    ...(windowMs === undefined ? {} : { windowMs }),
  };
}

/** Whether a document is one. */
export function isAzureMonitor(data: unknown): boolean {
  if (typeof data !== "object" || data === null) return false;
  return "create_monitor" in data || "monitoring_signals" in data;
}

/** What says nothing of data: names, and where and when Azure runs it. */
const passedOver: ReadonlySet<string> = new Set(["$schema", "name", "display_name", "description", "tags"]);

const known: ReadonlyMap<string, { readonly kind: "drift" | "quality"; readonly collection: string }> =
  new Map([
    ["data_drift", { kind: "drift", collection: "model_inputs" }],
    ["prediction_drift", { kind: "drift", collection: "model_outputs" }],
    ["data_quality", { kind: "quality", collection: "model_inputs" }],
  ]);

const attributionType = "feature_attribution_drift";

type SignalKind = "drift" | "quality" | "attribution";

interface Signal {
  readonly kind: SignalKind;
  readonly part: FileCollection;
  readonly windowMs: number | undefined;
}

function readSignal(
  yaml: YamlText,
  path: readonly string[],
  value: unknown,
  unread: Unread,
): Signal | undefined {
  const signal = plainObject(value, yaml.where(...path));
  const type = String(signal["type"]).toLowerCase();
  if (type === attributionType) return readAttribution(yaml, path, signal, unread);
  const meaning = known.get(type);
  if (meaning === undefined) {
    unread.add(...path);
    return undefined;
  }
  const { kind } = meaning;
  const production = dataOf(yaml, [...path, "production_data"], signal["production_data"]);
  const reference = dataOf(yaml, [...path, "reference_data"], signal["reference_data"]);
  const collection = contexts.get(String(production.context ?? "")) ?? meaning.collection;
  const thresholds = thresholdsOf(yaml, [...path, "metric_thresholds"], signal["metric_thresholds"], kind);
  const features = featuresOf(signal["features"]);
  if (signal["features"] !== undefined && features === undefined) unread.add(...path, "features");
  for (const key of Object.keys(signal)) if (!readKeys.has(key)) unread.add(...path, key);
  if (reference.hasPath) unread.add(...path, "reference_data", "input_data");
  const lookback = reference.lookbackMs;
  return {
    kind,
    windowMs: production.lookbackMs,
    part: {
      collection,
      ...(kind === "drift" ? { thresholds } : { quality: thresholds }),
      ...(features === undefined ? {} : { features }),
      ...(lookback === undefined
        ? {}
        : { baseline: { lookbackMs: lookback, offsetMs: reference.offsetMs ?? 0 } }),
    },
  };
}

/**
 * Azure ML explains a model that it trains of the data; here importances are given, and rows are not asked.
 */
function readAttribution(
  yaml: YamlText,
  path: readonly string[],
  signal: Readonly<Record<string, unknown>>,
  unread: Unread,
): Signal {
  for (const key of Object.keys(signal))
    if (key !== "type" && key !== "metric_thresholds") unread.add(...path, key);
  const given = signal["metric_thresholds"];
  const where = [...path, "metric_thresholds"];
  const threshold =
    given === undefined
      ? undefined
      : parseFileFields<{ readonly normalizedDiscountedCumulativeGain: number }>(
          given,
          yaml.place(...where),
          {
            normalizedDiscountedCumulativeGain: (value, at) => share(unquotedNumber(value), at),
          },
        ).normalizedDiscountedCumulativeGain;
  const attribution = threshold === undefined ? {} : { threshold };
  return { kind: "attribution", windowMs: undefined, part: { collection: "model_inputs", attribution } };
}

const readKeys: ReadonlySet<string> = new Set([
  ...["type", "production_data", "reference_data", "metric_thresholds", "features"],
]);
const contexts: ReadonlyMap<string, string> = new Map([
  ["model_inputs", "model_inputs"],
  ["model_outputs", "model_outputs"],
]);

function dataOf(
  yaml: YamlText,
  path: readonly string[],
  value: unknown,
): {
  readonly context: unknown;
  readonly hasPath: boolean;
  readonly lookbackMs: number | undefined;
  readonly offsetMs: number | undefined;
} {
  if (value === undefined)
    return { context: undefined, hasPath: false, lookbackMs: undefined, offsetMs: undefined };
  const data = plainObject(value, yaml.where(...path));
  const window =
    data["data_window"] === undefined
      ? {}
      : plainObject(data["data_window"], yaml.where(...path, "data_window"));
  const length = (key: string): number | undefined => {
    const given = window[key];
    if (given === undefined || given === "default") return undefined;
    const ms = typeof given === "string" ? parseDuration(given) : undefined;
    if (ms !== undefined) return ms;
    if (typeof given === "string" && /^P(T?0[A-Z])+$/.test(given)) return 0;
    throw wrongValue(yaml.where(...path, "data_window", key), durationText, given);
  };
  return {
    context: data["data_context"],
    hasPath: data["input_data"] !== undefined,
    lookbackMs: length("lookback_window_size"),
    offsetMs: length("lookback_window_offset"),
  };
}

type KindThresholds = NonNullable<FileCollection["thresholds"]> & NonNullable<FileCollection["quality"]>;

function thresholdsOf(
  yaml: YamlText,
  path: readonly string[],
  value: unknown,
  signal: "drift" | "quality",
): KindThresholds {
  if (value === undefined) return {};
  const given = plainObject(value, yaml.where(...path));
  const parsed: Record<string, unknown> = {};
  for (const [kind, some] of Object.entries(given)) {
    const where = yaml.where(...path, kind);
    if (kind !== "numerical" && kind !== "categorical")
      throw wrongValue(yaml.where(...path), "numerical or categorical", told("another name"));
    parsed[kind] = signal === "drift" ? parseThresholds(some, where) : parseRates(some, where);
  }
  return parsed as KindThresholds;
}

const rates: ReadonlyMap<string, keyof QualityThresholds> = new Map([
  ["null_value_rate", "nullValueRate"],
  ["data_type_error_rate", "dataTypeErrorRate"],
  ["out_of_bounds_rate", "outOfBoundsRate"],
]);

const parseRates: Parser<Partial<QualityThresholds>> = (value, where) => {
  const parsed: Partial<Record<keyof QualityThresholds, number>> = {};
  for (const [name, given] of Object.entries(plainObject(value, where))) {
    const rate = rates.get(name);
    if (rate === undefined) throw wrongValue(where, [...rates.keys()].join(", "), told("another name"));
    parsed[rate] = parseThreshold(given, `${where}.${name}`);
  }
  return parsed;
};

function featuresOf(value: unknown): readonly string[] | undefined {
  const isList = Array.isArray(value) && value.every((one) => typeof one === "string");
  return isList ? (value as string[]) : undefined;
}

/** What is not read, with its line. */
class Unread {
  readonly #yaml: YamlText;
  readonly lines: string[] = [];

  constructor(yaml: YamlText) {
    this.#yaml = yaml;
  }

  add(...path: readonly string[]): void {
    this.lines.push(`${this.#yaml.where(...path)} is not read`);
  }
}
