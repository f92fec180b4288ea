import { told, wrongKind, wrongValue } from "../../../base/errors.ts";
import { integer, oneOf, optionsOf, type Parser, parseFields, plainObject } from "../../../base/fields.ts";
import { checkRule } from "../../run/judging/over-windows.ts";
import type { WindowRule } from "../../run/monitor-result.ts";
import type { PositiveClass } from "../positive-class.ts";
import { ProbabilityCalibration } from "../probability-calibration.ts";
import { performanceMetricNames, type PerformanceThresholds } from "./performance-measures.ts";

/** What a `PerformanceWindows` is to find out. */
export interface PerformanceWindowsOptions {
  /** The spans of time, of requests; an end is not in its window. They may overlap. */
  readonly windows: readonly { readonly from: Date; readonly to: Date }[];
  /**
   * What is predicted. Default: a class if a label is a text or a boolean, or if scores or a positive class
   * are given, else a number.
   */
  readonly task?: "classification" | "regression";
  /** The class that scores are of. Default: the last of two by name, so `1`, `true` and `yes`. */
  readonly positive?: PositiveClass;
  /** The column whose values part the rows, for the result; see `slice` of a row. */
  readonly by?: string;
  /** Bounds. Default: Azure ML's, an accuracy of 0.9. */
  readonly thresholds?: PerformanceThresholds;
  /**
   * In how many of the last windows a threshold must be breached. Default 2 of 3; of fewer windows than
   * `need` in all of them.
   */
  readonly rule?: WindowRule;
  /** Fewer rows with labels say nothing. Default 100. */
  readonly minRows?: number;
  /** What scores mean. Default: learnt from the rows that have labels, of all windows. */
  readonly calibration?: ProbabilityCalibration;
  /** What is held against what, for people: `labels.late`. */
  readonly actual?: string;
  /** The same of predictions: `model_outputs.late`. */
  readonly predicted?: string;
}

const text: Parser<string> = (value, where) => {
  if (typeof value !== "string") throw wrongKind(where, "a text", value);
  return value;
};

/** Throws a `TypeError` or `RangeError` for options that are none. */
export function parseOptions(options: PerformanceWindowsOptions): Partial<PerformanceWindowsOptions> {
  return parseFields<PerformanceWindowsOptions>(options, optionsOf("PerformanceWindows"), {
    windows: windowsOf,
    task: oneOf("classification", "regression"),
    positive: (value) => value as string,
    by: text,
    thresholds: thresholdsOf,
    rule: ruleOf,
    minRows: integer(1, Number.MAX_SAFE_INTEGER),
    calibration: (value, where) => {
      if (value instanceof ProbabilityCalibration) return value;
      throw wrongKind(where, "a ProbabilityCalibration", value);
    },
    actual: text,
    predicted: text,
  });
}

const ruleOf: Parser<WindowRule> = (value, where) => {
  const rule = plainObject(value, where) as unknown as WindowRule;
  checkRule(rule, where);
  return { need: rule.need, of: rule.of };
};

function windowsOf(value: unknown, where: string): PerformanceWindowsOptions["windows"] {
  if (!Array.isArray(value)) throw wrongKind(where, "a list of windows", value);
  return value.map((window: { readonly from: Date; readonly to: Date }) => {
    if (window?.from instanceof Date && window.to instanceof Date && window.from < window.to) return window;
    throw wrongValue(where, "windows from one Date to a later one", told("others"));
  });
}

function thresholdsOf(value: unknown, where: string): PerformanceThresholds {
  for (const [name, threshold] of Object.entries(plainObject(value, where))) {
    oneOf(...performanceMetricNames)(name, `${where}: the name of a measure`);
    if (typeof threshold !== "number" || !Number.isFinite(threshold))
      throw wrongKind(`${where}.${name}`, "a number", threshold);
  }
  return value as PerformanceThresholds;
}
