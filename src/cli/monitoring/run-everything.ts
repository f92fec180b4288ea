import type { MonitorResult } from "../../monitor/run/monitor-result.ts";
import { runMonitor } from "../../monitor/run/run-monitor.ts";
import type { Catalog } from "../../reader/catalog.ts";
import type { Dataset } from "../../reader/dataset.ts";
import type { CommandInput } from "../command.ts";
import { fileOf, planOf, windowsOf } from "../commands/monitor/monitor-plan.ts";
import { joinedPerformance } from "./joined-performance.ts";
import { monitored } from "./monitored.ts";

/**
 * Completeness, drift and quality of all collections, and performance if the file says of what: as of a time,
 * where windows end then, or of all rows that there are.
 */
export async function runEverything(
  input: CommandInput,
  data: Dataset,
  catalog: Catalog,
  at?: Date,
): Promise<MonitorResult> {
  const file = fileOf(input);
  const plan = await planOf(input, catalog, file?.signals, at);
  const result = await runMonitor(data, plan);
  if (file?.performance === undefined) return monitored(result, null);
  const { performance: asked } = file;
  const { positive, task, thresholds } = asked;
  const performance = await joinedPerformance(data, asked, {
    windows: await windowsOf(input, catalog, asked.outputs, file, at),
    minRows: file.minRows ?? 100,
    rule: result.rule,
    ...(positive === undefined ? {} : { positive }),
    ...(task === undefined ? {} : { task }),
    ...(thresholds === undefined ? {} : { thresholds }),
  });
  return monitored(result, performance);
}
