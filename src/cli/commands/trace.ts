import { countOf } from "../../base/plural.ts";
import type { SpooledFrame } from "../../operator/spooled-frames.ts";
import type { Trace, TraceRecord } from "../../reader/trace.ts";
import type { UnreadableFile } from "../../reader/unreadable.ts";
import type { RunnableCommand } from "../command.ts";
import { type ExitCode, exitCode } from "../exit-code.ts";
import { waitingFrames } from "../live.ts";
import { waitingLines } from "../waiting.ts";
import { datasetOptions, withDataset } from "../with-dataset.ts";
import { rowTable } from "../text/row-table.ts";
import { bold, dim, type Terminal } from "../terminal.ts";
import { tellUnreadable } from "../text/unreadable.ts";
import { timeText } from "../text/value-text.ts";

/** `mdc trace`: one request, end to end. */
export const trace: RunnableCommand = {
  name: "trace",
  summary: "show everything that was collected under one correlation id, in time order",
  parameters: "<correlation-id> [--everywhere]",
  positionals: [1, 1],
  options: {
    everywhere: {
      type: "boolean",
      description: "look into every file, not only where the id's own time says",
    },
    ...datasetOptions,
  },
  examples: ["mdc trace 019a0c2e-8a53-7cc1-9f0e-3b1f5a6d7e88"],
  async run(input): Promise<ExitCode> {
    const { terminal } = input;
    const [id = ""] = input.positionals;
    terminal.progress("searching …");
    const unreadable: UnreadableFile[] = [];
    const waiting = waitingFrames(input, { correlationId: id });
    const { root, found } = await withDataset(input, async (data) => ({
      root: data.root,
      found: await data.trace(id, {
        everywhere: input.flag("everywhere"),
        onUnreadable: (file) => unreadable.push(file),
      }),
    }));
    const all = withWaiting(found, waiting);
    if (input.flag("json")) terminal.json(all);
    else if (all.records.length > 0) show(all, root, terminal);
    const code = tellUnreadable(unreadable, terminal);
    if (all.records.length > 0) return code;
    terminal.err(`mdc: nothing is stored under ${root} with the id ${JSON.stringify(found.id)}`);
    for (const line of await waitingLines(input)) terminal.err(line);
    return exitCode.data;
  },
};

/** A trace, with what this machine has not delivered yet. */
interface LiveTrace extends Trace {
  readonly records: readonly (TraceRecord & { readonly delivered: boolean })[];
}

/** What was delivered while we looked is in both, and shown once. */
function withWaiting(found: Trace, waiting: readonly SpooledFrame[]): LiveTrace {
  const known = new Set(found.records.map(({ eventId }) => eventId));
  const more = waiting.filter(({ eventId }) => !known.has(eventId));
  const records = [
    ...found.records.map((record) => ({ ...record, delivered: true })),
    ...more.map(({ collection, endpoint, deployment, eventId, eventTime, rows }) => ({
      ...{ collection, endpoint, deployment, eventId, eventTime, rows, delivered: false },
    })),
  ].sort((a, b) => a.eventTime.getTime() - b.eventTime.getTime() || (a.eventId < b.eventId ? -1 : 1));
  const times = [found.requestTime, ...more.map(({ requestTime }) => requestTime)];
  const first = times.reduce(
    (min, time) => (min === undefined || (time ?? min) < min ? time : min),
    undefined,
  );
  return { ...found, requestTime: first, records };
}

/** @param root where the dataset is, for what rows refer to. */
function show({ id, requestTime, records }: LiveTrace, root: string, terminal: Terminal): void {
  const started = requestTime === undefined ? "" : ` at ${timeText(requestTime)} UTC`;
  terminal.out(bold(id), started);
  for (const { collection, endpoint, deployment, eventTime, rows, delivered } of records) {
    const after = requestTime === undefined ? "" : ` +${eventTime.getTime() - requestTime.getTime()} ms`;
    const found = countOf(rows.length, "row");
    terminal.out("");
    terminal.out(
      bold(collection),
      " ",
      dim(`(${endpoint}/${deployment})`),
      `${after}, ${found}${delivered ? "" : ", not yet delivered"}`,
    );
    for (const line of rowTable(rows, terminal)) terminal.out(line);
    // Tables cut what is wide, and this is to be opened.
    for (const { body_ref: ref } of rows)
      if (typeof ref === "string") terminal.out(dim("its body: "), `${root}/${ref}`);
  }
}
