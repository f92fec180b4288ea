import { kindOf } from "../../../base/errors.ts";
import type { DriftMetricName } from "../../../monitor/run/feature-result.ts";
import type { ColumnMonitor, DriftThresholds } from "../../../monitor/run/monitor-options.ts";
import { attributionMetric, attributionOptions } from "../../monitoring/importances.ts";
import { type CommandInput, type CommandOptions, UsageError } from "../../command.ts";
import { metricNames, metricOf } from "./metric-names.ts";

/** The options, for the commands that judge drift. */
export const driftOptions: CommandOptions = {
  threshold: {
    type: "string",
    multiple: true,
    value: "<threshold>",
    description: "JensenShannonDistance=0.2 for all, distance:JensenShannonDistance=0.2 for a column",
  },
  importance: {
    type: "string",
    multiple: true,
    value: "<column=number>",
    description: "how much a column matters; features are ranked by drift times importance",
  },
  ...attributionOptions,
};

/** What they say. */
export function thresholdsOption(input: CommandInput): {
  readonly all?: DriftThresholds;
  readonly columns?: Readonly<Record<string, ColumnMonitor>>;
  /** That of importances. */
  readonly attribution?: number;
} {
  const all: Partial<Record<DriftMetricName, number>> = {};
  const columns: Record<string, ColumnMonitor> = {};
  let attribution: number | undefined;
  for (const text of input.texts("threshold")) {
    const [, column, name = "", amount = ""] = /^(?:(.+):)?(\w+)=([\d.eE+-]+)$/.exec(text) ?? [];
    const [metric, value] = [metricOf(name), Number(amount)];
    if (name === attributionMetric && column === undefined && value >= 0 && value <= 1) {
      attribution = value;
      continue;
    }
    if (metric === undefined || !(value >= 0) || amount === "")
      throw new UsageError(
        `--threshold: expected [column:]metric=number with one of ${metricNames.join(", ")}, got ${kindOf(text)}`,
      );
    if (column === undefined) all[metric] = value;
    else
      columns[column] = {
        ...columns[column],
        thresholds: { ...columns[column]?.thresholds, [metric]: value },
      };
  }
  for (const text of input.texts("importance")) {
    const at = text.lastIndexOf("=");
    const value = Number(text.slice(at + 1));
    if (at < 1 || !(value >= 0))
      throw new UsageError(`--importance: expected column=number, got ${kindOf(text)}`);
    const column = text.slice(0, at);
    columns[column] = { ...columns[column], importance: value };
  }
  return {
    ...(Object.keys(all).length === 0 ? {} : { all }),
    ...(Object.keys(columns).length === 0 ? {} : { columns }),
    ...(attribution === undefined ? {} : { attribution }),
  };
}
