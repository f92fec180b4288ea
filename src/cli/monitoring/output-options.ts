import { join, resolve } from "node:path";
import { makeDirectories } from "../../base/files/files.ts";
import { prometheusText } from "../../base/prometheus-text.ts";
import type { MetricTable } from "../../monitor/output/metric-table.ts";
import { resultGauges } from "../../monitor/output/result-gauges.ts";
import { resultTables } from "../../monitor/output/result-tables.ts";
import type { MonitorResult } from "../../monitor/run/monitor-result.ts";
import { parquetOf } from "../../reader/export/export-rows.ts";
import { type CommandInput, type CommandOptions, UsageError } from "../command.ts";
import { replaceFile } from "./replace-file.ts";

/** The option, for the commands that make tables. */
export const tableOptions: CommandOptions = {
  parquet: {
    type: "string",
    value: "<folder>",
    description: "also write tables there, such as drift_metrics.parquet, over those of before",
  },
};

/** The options, for the commands that judge. */
export const outputOptions: CommandOptions = {
  ...tableOptions,
  prometheus: {
    type: "string",
    value: "<file>",
    description: "also write gauges as Prometheus reads them, over those of before; - writes them alone",
  },
};

/** Whether standard output is for Prometheus, and nothing else may be written there. */
export function isForPrometheus(input: CommandInput): boolean {
  if (input.text("prometheus") !== "-") return false;
  if (input.flag("json")) throw new UsageError("--json, --prometheus -: expected one of them");
  return true;
}

/** Writes a result as the options say. */
export async function writeOutputs(input: CommandInput, result: MonitorResult): Promise<void> {
  await writeTables(input, resultTables(result));
  const file = input.text("prometheus");
  if (file === undefined) return;
  const text = prometheusText(resultGauges(result));
  const bytes = Buffer.from(text);
  if (file === "-" && !Number.isFinite(input.terminal.width)) await input.terminal.bytes(bytes);
  else if (file === "-") for (const line of text.trimEnd().split("\n")) input.terminal.out(line);
  else await replaceFile(file, once(bytes), "prometheus");
}

/** Writes tables, if there is an option that says where. */
export async function writeTables(input: CommandInput, tables: readonly MetricTable[]): Promise<void> {
  const folder = input.text("parquet");
  if (folder === undefined) return;
  const place = resolve(folder);
  await makeDirectories(place);
  for (const table of tables)
    await replaceFile(join(place, `${table.name}.parquet`), parquetOf(table), "parquet");
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
