import { oneOf, type Parser, parseFileFields, text } from "../../base/fields.ts";
import { kindOf, told, wrongKind, wrongValue } from "../../base/errors.ts";
import type { YamlText } from "../../config/file/yaml-text.ts";
import {
  type PerformanceMetricName,
  performanceMetricNames,
  type PerformanceThresholds,
} from "../../monitor/performance/windows/performance-measures.ts";
import type { PositiveClass } from "../../monitor/performance/positive-class.ts";
import { durationText, parseDuration } from "../commands/monitor/duration.ts";
import type { JoinedColumns } from "./joined-performance.ts";

/** What is asked of predictions. */
export interface PerformanceSettings extends JoinedColumns {
  readonly positive?: PositiveClass;
  readonly task?: "classification" | "regression";
  readonly thresholds?: PerformanceThresholds;
}

/** Settings as they are given, in a file or a command line; what is not given has a default. */
export type GivenPerformance = Partial<PerformanceSettings> & Pick<PerformanceSettings, "prediction">;

/** With the defaults. */
export function performanceSettings(given: GivenPerformance): PerformanceSettings {
  return {
    ...{ inputs: "model_inputs", outputs: "model_outputs", labels: "labels", label: given.prediction },
    ...given,
  };
}

/** A measure by its name, however its words are parted. */
export function measureOf(name: string): PerformanceMetricName | undefined {
  const plain = (one: string): string => one.replaceAll(/[^a-z0-9]/gi, "").toLowerCase();
  return performanceMetricNames.find((one) => plain(one) === plain(name));
}

/** The part `performance` of a `monitor.yml`. Throws what names file, line and setting of what is wrong. */
export function parsePerformance(yaml: YamlText, given: unknown): PerformanceSettings {
  interface FileNames extends Omit<PerformanceSettings, "latenessMs"> {
    readonly lateness: number;
  }
  const { lateness, prediction, ...rest } = parseFileFields<FileNames>(given, yaml.place("performance"), {
    ...{ inputs: text(63), outputs: text(63), labels: text(63) },
    ...{ prediction: text(1024), label: text(1024), score: text(1024), by: text(1024) },
    positive: parseClass,
    task: oneOf("classification", "regression"),
    thresholds: parseThresholds,
    lateness: parseLength,
  });
  if (prediction === undefined)
    throw wrongValue(yaml.where("performance", "prediction"), "a column of the outputs", told("none"));
  return performanceSettings({
    prediction,
    ...rest,
    ...(lateness === undefined ? {} : { latenessMs: lateness }),
  });
}

const parseClass: Parser<PositiveClass> = (value, where) => {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  throw wrongKind(where, "a text, number or boolean", value);
};

const parseLength: Parser<number> = (value, where) => {
  const ms = typeof value === "string" ? parseDuration(value) : undefined;
  if (ms === undefined) throw wrongValue(where, durationText, told(kindOf(value)));
  return ms;
};

const parseThresholds: Parser<PerformanceThresholds> = (value, where) => {
  if (typeof value !== "object" || value === null)
    throw wrongKind(where, "measures with their bounds", value);
  return Object.fromEntries(
    Object.entries(value).map(([name, bound]: [string, unknown]) => {
      const measure = measureOf(name);
      if (measure === undefined)
        throw wrongValue(where, performanceMetricNames.join(", "), told("another name"));
      if (typeof bound !== "number" || !Number.isFinite(bound))
        throw wrongKind(`${where}.${name}`, "a number", bound);
      return [measure, bound];
    }),
  );
};
