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

/** What is counted of an hour, and whether there is a reason to look at it if it is not 0. */
const counts: readonly {
  readonly title: string;
  readonly of: (hour: HourCompleteness) => number;
  readonly isLoss: boolean;
}[] = [
  { title: "offered", of: (one) => one.offered, isLoss: false },
  { title: "stored", of: (one) => one.stored, isLoss: false },
  { title: "dropped", of: droppedOf, isLoss: true },
  { title: "left out", of: (one) => one.sampledOut + one.disabled, isLoss: true },
  { title: "pending", of: (one) => one.pending, isLoss: true },
  { title: "unaccounted", of: (one) => one.unaccounted, isLoss: true },
];

/**
 * The table. Where the line has not room for all of it, what is missing from stored rows comes first, and
 * what is 0 in every hour last.
 */
function table(hours: readonly HourCompleteness[], width: number): Text[] {
  const place = { title: "endpoint/deployment" };
  const tableOf = (first: typeof counts, last: typeof counts): Text[] => {
    const counted = (chosen: typeof counts) =>
      chosen.map(({ title }) => ({ title, align: "right" as const }));
    const columns = [
      ...[{ title: "hour (UTC)" }, { title: "collection" }, { title: "verdict" }],
      ...[...counted(first), place, ...counted(last)],
    ];
    const rows = hours.map((one) => [
      ...[hourText(one), one.collection, one.verdict],
      ...first.map(({ of }) => countText(of(one))),
      `${one.endpoint}/${one.deployment}`,
      ...last.map(({ of }) => countText(of(one))),
    ]);
    return textTable(columns, rows, { width });
  };
  const whole = tableOf(counts, []);
  if (whole.length === hours.length + 1) return whole;
  const losses = counts.filter(({ isLoss }) => isLoss);
  const some = losses.filter(({ of }) => hours.some((one) => of(one) > 0));
  const others = counts.filter(({ isLoss }) => !isLoss);
  return tableOf(
    [...some, ...others.toReversed()],
    losses.filter((one) => !some.includes(one)),
  );
}

/** The table, and a line for each hour that is not complete. */
function listing(hours: readonly HourCompleteness[], { width }: { readonly width: number }): Text[] {
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
  return [...table(hours, width), ...(notes.length === 0 ? [] : ["", ...notes])];
}

function hourText({ hour }: HourCompleteness): string {
  return timeText(hour).slice(0, 16);
}

function droppedOf({ dropped }: HourCompleteness): number {
  return Object.values(dropped).reduce((sum, frames) => sum + frames, 0);
}
