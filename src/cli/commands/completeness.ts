import type { HourCompleteness } from "../../reader/completeness/completeness.ts";
import type { RunnableCommand } from "../command.ts";
import type { UnreadableFile } from "../../reader/unreadable.ts";
import { type ExitCode, exitCode } from "../exit-code.ts";
import { rangeOf } from "../options/selection.ts";
import { waitingLines } from "../waiting.ts";
import { datasetOptions, nothingStored, withDataset } from "../with-dataset.ts";
import type { Text } from "../terminal.ts";
import { tellUnreadable } from "../text/unreadable.ts";
import { textTable } from "../text/text-table.ts";
import { countText, timeText } from "../text/value-text.ts";

/** `mdc completeness`: whether everything is there. */
export const completeness: RunnableCommand = {
  name: "completeness",
  summary: "say of each hour and collection whether all that was offered is stored, and if not, why",
  parameters: "[--from <time>] [--to <time>] [--endpoint <name>] [--deployment <name>]",
  positionals: [0, 0],
  options: {
    from: { type: "string", value: "<time>", description: "only hours that end after this time, UTC" },
    to: { type: "string", value: "<time>", description: "only hours that begin before this time, UTC" },
    ...datasetOptions,
  },
  examples: ["mdc completeness --from 2026-11-22", "mdc completeness --json"],
  async run(input): Promise<ExitCode> {
    const { terminal } = input;
    const range = rangeOf(input);
    const unreadable: UnreadableFile[] = [];
    terminal.progress("reading the ledger …");
    const { root, hours } = await withDataset(input, async (data) => ({
      root: data.root,
      hours: await data.completeness({
        ...range,
        onUnreadable: (file) => void unreadable.push(file),
      }),
    }));
    if (input.flag("json")) terminal.json(hours);
    else {
      if (hours.length === 0) terminal.err(await nothingStored(root));
      else for (const line of listing(hours, terminal)) terminal.out(line);
      for (const line of await waitingLines(input)) terminal.err(line);
    }
    if (tellUnreadable(unreadable, terminal) !== exitCode.ok) return exitCode.data;
    return hours.some(({ verdict }) => verdict === "short" || verdict === "unknown")
      ? exitCode.data
      : exitCode.ok;
  },
};

/** A table, the verdict first of what may not fit; and a line for each hour that is not complete. */
function listing(hours: readonly HourCompleteness[], { width }: { readonly width: number }): Text[] {
  const right = "right" as const;
  const columns = [
    { title: "hour (UTC)" },
    { title: "collection" },
    { title: "verdict" },
    ...["offered", "stored", "dropped", "left out", "pending", "unaccounted"].map((title) => ({
      title,
      align: right,
    })),
    { title: "endpoint/deployment" },
  ];
  const rows = hours.map((one) => [
    hourText(one),
    one.collection,
    one.verdict,
    ...[
      one.offered,
      one.stored,
      droppedOf(one),
      one.sampledOut + one.disabled,
      one.pending,
      one.unaccounted,
    ].map(countText),
    `${one.endpoint}/${one.deployment}`,
  ]);
  const told = hours
    .filter(({ reasons }) => reasons.length > 0)
    .map((one) => `${hourText(one)}  ${one.collection}: ${one.verdict}: ${one.reasons.join("; ")}`);
  const silent = new Map(hours.flatMap((one) => one.silent.map((process) => [process.instance, process])));
  const names = Array.from(
    silent.values(),
    ({ instance, host, pid, lastHeard, recovered }) =>
      `${recovered ? "killed" : "silent"}: process ${pid} on ${host} (${instance}), heard last at ${timeText(lastHeard)} UTC`,
  );
  const notes = [...told, ...names];
  return [...textTable(columns, rows, { width }), ...(notes.length === 0 ? [] : ["", ...notes])];
}

function hourText({ hour }: HourCompleteness): string {
  return timeText(hour).slice(0, 16);
}

function droppedOf({ dropped }: HourCompleteness): number {
  return Object.values(dropped).reduce((sum, frames) => sum + frames, 0);
}
