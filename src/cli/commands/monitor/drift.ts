import { runMonitor } from "../../../monitor/run/run-monitor.ts";
import type { RunnableCommand } from "../../command.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import { isForPrometheus, outputOptions, writeOutputs } from "../../monitoring/output-options.ts";
import { withDataset } from "../../with-dataset.ts";
import { comparisonOptions, rowOptions, windowOptions } from "./monitor-options.ts";
import { planOf } from "./monitor-plan.ts";
import { driftLines } from "./run-table.ts";
import { driftOptions } from "./threshold-option.ts";

/** `mdc drift`: whether the data has changed. */
export const drift: RunnableCommand = {
  name: "drift",
  summary: "say of each column whether it has changed, against a baseline or the windows before",
  parameters:
    "[<collection>] (--baseline <file> | --against <rows> | --config <file>) [--window 7d] [--by <columns>]",
  positionals: [0, 1],
  options: { ...comparisonOptions, ...windowOptions, ...driftOptions, ...rowOptions, ...outputOptions },
  examples: [
    "mdc drift model_inputs --baseline baseline.json --window 7d",
    "mdc drift model_inputs --against previous --window 1d --by origin",
    "mdc drift model_inputs --against 2026-11-01/2026-11-08 --from 2026-11-22 --threshold distance:HellingerDistance=0.1",
    "mdc drift model_inputs --baseline baseline.json --baseline-importances then.json --production-importances now.csv --threshold NormalizedDiscountedCumulativeGain=0.9",
    "mdc drift --config monitor.yml --json",
  ],
  async run(input): Promise<ExitCode> {
    const { terminal } = input;
    const quiet = isForPrometheus(input);
    const result = await withDataset(input, async (data, catalog) =>
      runMonitor(data, await planOf(input, catalog, ["drift", "attribution"])),
    );
    await writeOutputs(input, result);
    if (input.flag("json")) terminal.json(result);
    else if (!quiet) for (const line of driftLines(result, terminal)) terminal.out(line);
    return result.verdict === "breach" ? exitCode.breach : exitCode.ok;
  },
};
