import { utcTime } from "../../../base/time/utc-time.ts";
import { basename, dirname, resolve } from "node:path";
import { wrongKind, wrongValue } from "../../../base/errors.ts";
import {
  integer,
  oneOf,
  type Parser,
  parseFileFields,
  plainObject,
  share,
  text,
} from "../../../base/fields.ts";
import { readYaml, type YamlText } from "../../../config/file/yaml-text.ts";
import { parseNamed } from "../../../config/settings.ts";
import type { CompletenessThresholds } from "../../../monitor/completeness/completeness-signal.ts";
import { completenessParsers } from "../../../monitor/completeness/completeness-signals.ts";
import type { ColumnMonitor } from "../../../monitor/run/monitor-options.ts";
import type { QualityThresholds } from "../../../monitor/run/quality-check.ts";
import { parseAttribution } from "../../monitoring/importances.ts";
import { parsePerformance } from "../../monitoring/performance-settings.ts";
import { isAzureMonitor, readAzureMonitor } from "./azure-monitor-file.ts";
import { durationText, parseDuration } from "./duration.ts";
import type { FileBaseline, FileCollection, MonitorFile } from "./file-settings.ts";
import { parseThreshold, parseThresholds } from "./metric-names.ts";

/**
 * Reads a `monitor.yml`, of this form:
 *
 *     window: 7d
 *     windows: 3
 *     need: 2
 *     collections:
 *       model_inputs:
 *         baseline: baseline.json
 *         by: [country]
 *         thresholds: { numerical: { normalized_wasserstein_distance: 0.2 } }
 *         columns: { distance: { importance: 3 } }
 *         completeness: { freshness: 2h, volume: [0.8, 1.5] }
 *         attribution: { baseline: then.json, production: now.json, threshold: 0.9 }
 *     performance: { prediction: late, label: was_late, score: probability }
 *
 * or the YAML of an Azure ML monitor (`azure-monitor-file.ts`). A value that is wrong throws a `TypeError` or
 * `RangeError` that names file, line and setting.
 */
export function readMonitorFile(content: string, path: string): MonitorFile {
  const yaml = readYaml(content, basename(path));
  if (isAzureMonitor(yaml.data)) return readAzureMonitor(yaml);
  const { window, collections, ...rest } = parseFileFields<OwnSettings>(yaml.data ?? {}, yaml.place(), {
    profile: oneOf("azureml", "evidently"),
    minRows: integer(0, Number.MAX_SAFE_INTEGER),
    minEffect: share,
    signals: listOf(oneOf("drift", "quality", "attribution")),
    need: integer(1, 1000),
    of: integer(1, 1000),
    window: parseLength,
    windows: integer(1, 1000),
    collections: (given) => parseCollections(yaml, given, dirname(path)),
    performance: (given) => parsePerformance(yaml, given),
  });
  if (collections === undefined || collections.length === 0)
    throw wrongValue(yaml.where("collections"), "at least one collection", undefined);
  return { ...rest, collections, unread: [], ...(window === undefined ? {} : { windowMs: window }) };
}

interface OwnSettings extends Omit<MonitorFile, "unread" | "windowMs"> {
  readonly window?: number;
}

function parseCollections(yaml: YamlText, given: unknown, folder: string): readonly FileCollection[] {
  const place = yaml.place("collections");
  const parsed = parseNamed(given, place, (one, _where, name) => {
    const path = ["collections", name] as const;
    const { columns, ...rest } = parseFileFields<Omit<FileCollection, "collection">>(
      one ?? {},
      yaml.place(...path),
      {
        baseline: (value, where) => parseBaseline(value, where, folder),
        read: oneOf("rows", "profiles"),
        features: listOf(text(1024)),
        by: listOf(text(1024)),
        completeness: (value) =>
          parseFileFields<CompletenessThresholds>(value, yaml.place(...path, "completeness"), {
            ...completenessParsers,
            freshness: parseLength,
          }),
        thresholds: (value) =>
          parseFileFields(value, yaml.place(...path, "thresholds"), {
            ...{ all: parseThresholds, numerical: parseThresholds, categorical: parseThresholds },
          }),
        quality: (value) =>
          parseFileFields(value, yaml.place(...path, "quality"), {
            ...{ numerical: parseQuality, categorical: parseQuality },
          }),
        columns: (value) => parseColumns(yaml, [...path, "columns"], value),
        attribution: (value) => parseAttribution(value, yaml.place(...path, "attribution"), folder),
      },
    );
    return { collection: name, ...rest, ...(columns === undefined ? {} : { columns }) };
  });
  return [...parsed.values()];
}

function parseColumns(
  yaml: YamlText,
  path: readonly string[],
  given: unknown,
): Readonly<Record<string, ColumnMonitor>> {
  const columns = Object.entries(plainObject(given, yaml.where(...path))).map(
    ([name, one]) =>
      [
        name,
        parseFileFields<ColumnMonitor>(one, yaml.place(...path, name), {
          kind: oneOf("numerical", "categorical"),
          importance: parseThreshold,
          thresholds: parseThresholds,
        }),
      ] as const,
  );
  return Object.fromEntries(columns);
}

const parseQuality: Parser<Partial<QualityThresholds>> = (value, where) =>
  parseFileFields<QualityThresholds>(
    value,
    { whole: where, field: (name) => `${where}.${name}` },
    { nullValueRate: share, dataTypeErrorRate: share, outOfBoundsRate: share },
  );

/** The path of a file, `previous`, or a span of time. */
function parseBaseline(value: unknown, where: string, folder: string): FileBaseline {
  if (value === "previous") return "previous";
  if (typeof value === "string") return { file: resolve(folder, text(4096)(value, where)) };
  const { from, to, collection } = parseFileFields<{ from: Date; to: Date; collection: string }>(
    value,
    { whole: where, field: (name) => `${where}.${name}` },
    { from: parseTime, to: parseTime, collection: text(63) },
  );
  if (from === undefined || to === undefined || !(from < to))
    throw wrongValue(where, "a file, previous, or from and to in order", value);
  return { from, to, ...(collection === undefined ? {} : { collection }) };
}

const parseTime: Parser<Date> = (value, where) => {
  const expected = "a UTC time such as 2026-11-22 or 2026-11-22T05:30";
  if (typeof value !== "string") throw wrongKind(where, expected, value);
  const time = utcTime(value);
  if (Number.isNaN(time)) throw wrongValue(where, expected, value);
  return new Date(time);
};

const parseLength: Parser<number> = (value, where) => {
  if (typeof value !== "string") throw wrongKind(where, durationText, value);
  const ms = parseDuration(value);
  if (ms === undefined) throw wrongValue(where, durationText, value);
  return ms;
};

/** A list, or one thing alone. */
function listOf<T>(parse: Parser<T>): Parser<readonly T[]> {
  return (value, where) =>
    (Array.isArray(value) ? value : [value]).map((one, i) => parse(one, `${where}[${i}]`));
}
