import { systemClock } from "../../../base/time/clock.ts";
import { comesWithin } from "../../../base/time/wait.ts";
import { sha256 } from "../../../base/checksum.ts";
import { readTextFile } from "../../../base/files/text-file.ts";
import type { MonitorResult } from "../../../monitor/run/monitor-result.ts";
import type { Catalog } from "../../../reader/catalog.ts";
import type { DataFile } from "../../../reader/data-file.ts";
import { AdminServer } from "../../../sidecar/admin/admin-server.ts";
import { parseListenAddress } from "../../../sidecar/listening/listen-address.ts";
import type { Door } from "../../../sidecar/listening/listening-server.ts";
import {
  type CommandInput,
  type RunnableCommand,
  timeOption,
  UsageError,
  wholeNumber,
} from "../../command.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import { KeptResults } from "../../monitoring/kept-results.ts";
import { MonitorService } from "../../monitoring/monitor-service.ts";
import { isForPrometheus, outputOptions, writeOutputs } from "../../monitoring/output-options.ts";
import { performanceLines } from "../../monitoring/performance-lines.ts";
import { runEverything } from "../../monitoring/run-everything.ts";
import { ticks } from "../../monitoring/ticks.ts";
import { durationOption } from "../../options/duration-option.ts";
import { toldToEnd } from "../../running/told-to-end.ts";
import { timeText } from "../../text/value-text.ts";
import { withDataset } from "../../with-dataset.ts";
import { comparisonOptions, rowOptions, windowOptions } from "./monitor-options.ts";
import { fileOf } from "./monitor-plan.ts";
import { driftLines, qualityLines } from "./run-table.ts";
import { driftOptions } from "./threshold-option.ts";

const hourMs = 3_600_000;
/** What belongs to an hour is stored and told in the ledger within so long. */
const usualDelayMs = hourMs / 4;

/** What the result does not depend on. */
const aside = new Set([
  ...["config", "to", "every", "delay", "admin", "deadline", "no-store", "stats", "cache-dir"],
  ...Object.keys(outputOptions),
]);

/** `mdc monitor`: everything at once, once or again and again. */
export const monitor: RunnableCommand = {
  name: "monitor",
  summary:
    "ask of everything: is it whole, has it changed, were predictions good; with --every, until it is told to end",
  parameters: "--config monitor.yml [--every 1h] [--admin <address>]",
  positionals: [0, 1],
  options: {
    every: { type: "string", value: "<length>", description: "run again and again: 1h, 1d; default once" },
    delay: {
      type: "string",
      value: "<length>",
      description: "how long after the end of the last window; default 15min, or a quarter of --every",
    },
    admin: {
      type: "string",
      value: "<address>",
      description: "with --every: where to answer /healthz, /readyz and /metrics; default nowhere",
    },
    deadline: {
      type: "string",
      value: "<seconds>",
      description: "how long a run under way may take after SIGTERM or SIGINT; default 25",
    },
    "no-store": { type: "boolean", description: "do not keep the result beside the data, in _monitor" },
    ...comparisonOptions,
    ...windowOptions,
    ...driftOptions,
    ...rowOptions,
    endpoint: { type: "string", value: "<name>", description: "only this endpoint" },
    deployment: { type: "string", value: "<name>", description: "only this deployment" },
    ...outputOptions,
  },
  examples: [
    "mdc monitor --config monitor.yml",
    "mdc monitor --config monitor.yml --every 1h --admin 127.0.0.1:9090",
    "mdc monitor model_inputs --against previous --window 1d --prometheus mdc.prom",
  ],
  async run(input): Promise<ExitCode> {
    const everyMs = durationOption(input, "every");
    const kept = (catalog: Catalog): Promise<KeptResults | undefined> =>
      input.flag("no-store") ? Promise.resolve(undefined) : keptResults(input, catalog);
    return await withDataset(input, async (data, catalog) => {
      const run = (at: number): Promise<MonitorResult> => runEverything(input, data, catalog, new Date(at));
      if (everyMs !== undefined) return await again(input, { run, kept: await kept(catalog), everyMs });
      return await once(input, run, await kept(catalog));
    });
  },
};

async function once(
  input: CommandInput,
  run: (at: number) => Promise<MonitorResult>,
  kept: KeptResults | undefined,
): Promise<ExitCode> {
  const { terminal } = input;
  if (input.text("admin") !== undefined)
    throw new UsageError("--admin: expected --every <length> with it (mdc monitor --help)");
  const quiet = isForPrometheus(input);
  const delayMs = durationOption(input, "delay") ?? usualDelayMs;
  const last = Math.floor((systemClock.now() - delayMs) / hourMs) * hourMs;
  const at = timeOption(input, "to")?.getTime() ?? last;
  const result = await run(at);
  await kept?.keep(at, result);
  await writeOutputs(input, result);
  if (input.flag("json")) terminal.json(result);
  else if (!quiet) tell(input, result);
  return result.verdict === "breach" ? exitCode.breach : exitCode.ok;
}

function tell({ terminal }: CommandInput, result: MonitorResult): void {
  for (const lines of [
    driftLines(result, terminal),
    qualityLines(result, terminal),
    result.performance === null ? [] : performanceLines(result.performance, terminal),
  ]) {
    if (lines.length > 0) terminal.out("");
    for (const line of lines) terminal.out(line);
  }
  terminal.out("", `verdict: ${result.verdict}`);
}

async function again(
  input: CommandInput,
  parts: {
    readonly run: (at: number) => Promise<MonitorResult>;
    readonly kept: KeptResults | undefined;
    readonly everyMs: number;
  },
): Promise<ExitCode> {
  if (isForPrometheus(input)) throw new UsageError("--every: expected --prometheus <file>, got -");
  if (timeOption(input, "to") !== undefined) throw new UsageError("--every: expected no --to with it");
  const { terminal } = input;
  const { everyMs } = parts;
  const deadlineMs = wholeNumber(input, "deadline", 1, 25) * 1_000;
  const delayMs = durationOption(input, "delay") ?? Math.min(usualDelayMs, everyMs / 4);
  // What is wrong with the file is said at once, and not every hour.
  fileOf(input);
  const service = new MonitorService({ ...parts, clock: systemClock });
  const end = new AbortController();
  // Before anybody can know that it runs.
  const told = toldToEnd().then(() => end.abort());
  const door = await admin(input, service);
  if (door !== undefined) terminal.err(`admin on ${door.url}`);
  for await (const at of ticks({ everyMs, delayMs, clock: systemClock, signal: end.signal })) {
    const run = service.tick(at).then(async (outcome) => {
      if ("result" in outcome) await writeOutputs(input, outcome.result);
      return outcome;
    });
    await Promise.race([run, told]);
    // It only reads, and keeps what it found in one step.
    if (end.signal.aborted && !(await comesWithin(systemClock, deadlineMs, run))) process.exit(exitCode.ok);
    tellRun(input, at, await run);
  }
  await door?.close(0);
  return exitCode.ok;
}

function tellRun(
  input: CommandInput,
  at: number,
  outcome: { readonly result: MonitorResult } | { readonly trouble: string },
): void {
  const { terminal } = input;
  const time = new Date(at);
  if ("trouble" in outcome) {
    terminal.err(`mdc: ${timeText(time).slice(0, 16)}: ${outcome.trouble}`);
    return;
  }
  const { verdict, collections, performance } = outcome.result;
  const parts = collections.map(({ collection, verdict: one, reasons }) => ({
    collection,
    verdict: one,
    reasons,
  }));
  if (input.flag("json")) {
    const told = { at: time, verdict, collections: parts, performance: performance?.verdict ?? null };
    terminal.out(JSON.stringify(told));
    return;
  }
  const texts = parts.map(({ collection, verdict: one, reasons }) =>
    one === "pass" ? `${collection} ${one}` : `${collection} ${one}: ${reasons.join("; ")}`,
  );
  if (performance !== null) texts.push(`performance ${performance.verdict}`);
  terminal.out(`${timeText(time).slice(0, 16)}  ${verdict}  ${texts.join("  ")}`);
}

async function admin(input: CommandInput, service: MonitorService): Promise<Door | undefined> {
  const text = input.text("admin");
  if (text === undefined) return undefined;
  const server = new AdminServer({
    notReady: () => Promise.resolve(service.notReady()),
    metrics: () => service.metrics(),
  });
  return await server.listen(parseListenAddress(text, "--admin"));
}

/** Where results are kept: beside the data of the one deployment that is looked at. */
async function keptResults(input: CommandInput, catalog: Catalog): Promise<KeptResults> {
  const places = new Map<string, { readonly endpoint: string; readonly deployment: string }>();
  const note = ({ endpoint, deployment }: DataFile): void =>
    void places.set(`${endpoint}/${deployment}`, { endpoint, deployment });
  for await (const file of catalog.files({ onUnusable: (_log, _thrown, one) => note(one) })) note(file);
  const [place, second] = places.values();
  if (place === undefined) throw new UsageError(`nothing is stored under ${catalog.store.description}`);
  if (second !== undefined) {
    const names = [...places.keys()].sort().join(", ");
    throw new UsageError(`expected --endpoint and --deployment, or --no-store, for there are ${names}`);
  }
  return new KeptResults(catalog.store, { ...place, id: idOf(input) });
}

/** Which monitor it is: a name of what it is asked. */
function idOf(input: CommandInput): string {
  const config = input.text("config");
  const asked = Object.keys(monitor.options)
    .filter((name) => !aside.has(name))
    .map((name) => [name, input.text(name) ?? input.texts(name)]);
  const content = config === undefined ? "" : readTextFile(config);
  return sha256(JSON.stringify([input.positionals, asked, content])).slice(0, 16);
}
