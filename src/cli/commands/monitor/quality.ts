import { runMonitor } from "../../../monitor/run/run-monitor.ts";
import type { RunnableCommand } from "../../command.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import { isForPrometheus, outputOptions, writeOutputs } from "../../monitoring/output-options.ts";
import { withDataset } from "../../with-dataset.ts";
import { comparisonOptions, rowOptions, windowOptions } from "./monitor-options.ts";
import { planOf } from "./monitor-plan.ts";
import { qualityLines } from "./run-table.ts";

/** `mdc quality`: what is wrong with values. */
export const quality: RunnableCommand = {
  name: "quality",
  summary: "say of each column how many values are missing, of a wrong type, or out of the baseline's bounds",
  parameters:
    "[<collection>] (--baseline <file> | --against <rows> | --config <file>) [--window 7d] [--by <columns>]",
  positionals: [0, 1],
  options: { ...comparisonOptions, ...windowOptions, ...rowOptions, ...outputOptions },
  examples: [
    "mdc quality model_inputs --baseline baseline.json --window 1d",
    "mdc quality --config monitor.yml --json",
  ],
  async run(input): Promise<ExitCode> {
    const { terminal } = input;
    const quiet = isForPrometheus(input);
    const result = await withDataset(input, async (data, catalog) =>
      runMonitor(data, await planOf(input, catalog, ["quality"])),
    );
    await writeOutputs(input, result);
    if (input.flag("json")) terminal.json(result);
    else if (!quiet) for (const line of qualityLines(result, terminal)) terminal.out(line);
    return result.verdict === "breach" ? exitCode.breach : exitCode.ok;
  },
};
