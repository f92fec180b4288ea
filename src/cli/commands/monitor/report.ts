import { asError, kindOf, messageOf } from "../../../base/errors.ts";
import { readFileChunks } from "../../../base/files/files.ts";
import { systemClock } from "../../../base/time/clock.ts";
import { reportHtml } from "../../../monitor/report/report-html.ts";
import type { MonitorResult } from "../../../monitor/run/monitor-result.ts";
import { type CommandInput, type RunnableCommand, UsageError } from "../../command.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import { replaceFile } from "../../monitoring/replace-file.ts";
import { runEverything } from "../../monitoring/run-everything.ts";
import { withDataset } from "../../with-dataset.ts";
import { comparisonOptions, rowOptions, windowOptions } from "./monitor-options.ts";
import { driftOptions } from "./threshold-option.ts";

/** `mdc report`: what a monitor finds, as a page. */
export const report: RunnableCommand = {
  name: "report",
  summary: "write what has changed as one page, with the verdict first, for people and for CI to keep",
  parameters:
    "[<collection>] -o <file> (--config <file> | --baseline <file> | --against <rows> | --result <file>)",
  positionals: [0, 1],
  options: {
    output: {
      type: "string",
      short: "o",
      value: "<file>",
      description: "the page; one of before is replaced",
    },
    result: {
      type: "string",
      value: "<file>",
      description:
        "a result that mdc monitor, drift or quality wrote with --json, or mdc monitor kept: no data is read",
    },
    ...comparisonOptions,
    ...windowOptions,
    ...driftOptions,
    ...rowOptions,
    endpoint: { type: "string", value: "<name>", description: "only this endpoint" },
    deployment: { type: "string", value: "<name>", description: "only this deployment" },
  },
  examples: [
    "mdc report --config monitor.yml -o report.html",
    "mdc report model_inputs --against previous --window 7d -o report.html",
    "mdc report --result result.json -o report.html",
  ],
  async run(input): Promise<ExitCode> {
    const { terminal } = input;
    const output = input.text("output");
    if (output === undefined) throw new UsageError("expected -o <file>, where the page is to be");
    const kept = input.text("result");
    const result =
      kept === undefined
        ? await withDataset(input, (data, catalog) => runEverything(input, data, catalog))
        : await readResult(input, kept);
    const page = pageOf(result, kept !== undefined);
    await replaceFile(output, bytesOf(page), "output");
    if (input.flag("json")) terminal.json(result);
    else terminal.out(`${result.verdict}: ${output}`);
    return result.verdict === "breach" ? exitCode.breach : exitCode.ok;
  },
};

/** {@link UsageError} for a result that was kept, and whose parts are not what they must be. */
function pageOf(result: MonitorResult, isKept: boolean): string {
  try {
    return reportHtml(result, { now: new Date(systemClock.now()) });
  } catch (thrown) {
    if (isKept) throw new UsageError(`--result: expected a whole result (${messageOf(asError(thrown))})`);
    throw thrown;
  }
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** A result that was kept. {@link UsageError} for a file that cannot be read, or holds something else. */
async function readResult(input: CommandInput, path: string): Promise<MonitorResult> {
  if (input.positionals.length > 0) throw new UsageError("--result: expected no collection with it");
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const chunk of readFileChunks(path)) text += decoder.decode(chunk, { stream: true });
  } catch (thrown) {
    throw new UsageError(`--result: cannot be read: ${messageOf(asError(thrown))}`);
  }
  let kept: unknown;
  try {
    kept = JSON.parse(text);
  } catch {
    throw new UsageError(`--result: expected JSON, got ${kindOf(text)}`);
  }
  const { format, version } = (kept ?? {}) as Partial<MonitorResult>;
  if (format !== "model-data-collector monitor result" || version !== 1)
    throw new UsageError("--result: expected a monitor's result of version 1, got something else");
  return kept as MonitorResult;
}
