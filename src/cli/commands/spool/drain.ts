import { addCounts, noCounts } from "../../../base/counts.ts";
import { systemClock } from "../../../base/time/clock.ts";
import type { ResolvedDeployment } from "../../../config/resolve.ts";
import { type DrainReport, drainSpool, drainTarget } from "../../../operator/drain.ts";
import { listSpooled } from "../../../operator/spool-inspection.ts";
import { type CommandInput, type RunnableCommand, wholeNumber } from "../../command.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import { inEach, spoolFoldersOf, spoolOf, spoolOptions } from "../../spool-folder.ts";
import type { Terminal } from "../../terminal.ts";
import { amountText, bytesText } from "../../text/value-text.ts";

/** `mdc spool drain`: delivers what dead processes left. */
export const spoolDrain: RunnableCommand = {
  name: "drain",
  summary: "deliver what dead processes left",
  parameters: "",
  positionals: [0, 0],
  options: {
    ...spoolOptions,
    deadline: { type: "string", value: "<seconds>", description: "how long at most; default 600" },
  },
  examples: [
    "mdc spool drain --root ./collected --deadline 60",
    "mdc spool drain --spool /var/spool/mdc --root https://account.blob.core.windows.net/container/prefix",
  ],
  run: drainNow,
};

async function drainNow(input: CommandInput): Promise<ExitCode> {
  const { terminal } = input;
  const deadlineMs = wholeNumber(input, "deadline", 1, 600) * 1_000;
  const deployment = spoolOf(input);
  const folders = spoolFoldersOf(deployment);
  const where = folders.join(" and ");
  const destination = await drainTarget(deployment);
  const { delivered, lost, pending } = await drainEach(deployment, folders, terminal, deadlineMs);
  const spooled = await inEach(folders, listSpooled);
  const living = spooled.filter(({ ownerAlive }) => ownerAlive).length;
  const left = spooled.length - living;
  if (input.flag("json")) {
    terminal.json({ spool: folders[0], destination, delivered, lost, left, living });
  } else {
    terminal.out(
      `delivered ${amountText(delivered.frames, "frame")}, ${amountText(delivered.rows, "row")} to ${destination}`,
    );
  }
  for (const { reason, collection, frames } of lost) {
    terminal.err(
      `lost: ${amountText(frames, "frame")} of ${collection} (${reason}); see mdc spool quarantine`,
    );
  }
  if (living > 0)
    terminal.err(`${amountText(living, "segment")} of living processes, which deliver them themselves`);
  if (left > 0) terminal.err(`${amountText(left, "segment")} left in ${where}`);
  if (pending > 0) return exitCode.storage;
  return lost.length > 0 || left > 0 ? exitCode.data : exitCode.ok;
}

/** One folder after another, within one deadline; one that stands in only if there is something in it. */
async function drainEach(
  deployment: ResolvedDeployment,
  folders: readonly string[],
  terminal: Terminal,
  deadlineMs: number,
): Promise<DrainReport> {
  const end = systemClock.monotonic() + deadlineMs;
  const said = new Set<string>();
  const onTrouble = (message: string): void => {
    // Every retry says the same.
    if (!said.has(message)) terminal.err(message);
    said.add(message);
  };
  let all: DrainReport = { delivered: noCounts, lost: [], pending: 0 };
  for (const folder of folders) {
    if (folder !== folders[0] && (await listSpooled(folder)).length === 0) continue;
    terminal.progress(`looking through ${folder} …`);
    const before = all.delivered;
    const report = await drainSpool(deployment, folder, {
      deadlineMs: Math.max(0, Math.min(end - systemClock.monotonic(), 2_147_483_647)),
      onProgress(delivered) {
        const { rows, bytes } = addCounts(before, delivered);
        terminal.progress(`delivered ${amountText(rows, "row")}, ${bytesText(bytes)} …`);
      },
      onTrouble,
    });
    all = {
      delivered: addCounts(before, report.delivered),
      lost: [...all.lost, ...report.lost],
      pending: all.pending + report.pending,
    };
  }
  terminal.progress();
  return all;
}
