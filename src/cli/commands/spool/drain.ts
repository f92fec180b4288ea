import { drainSpool } from "../../../operator/drain.ts";
import { listSpooled } from "../../../operator/spool-inspection.ts";
import { type CommandInput, type RunnableCommand, wholeNumber } from "../../command.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import { spoolOf, spoolOptions } from "../../spool-folder.ts";
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
  const { directory } = deployment.config.spool;
  const said = new Set<string>();
  terminal.progress(`looking through ${directory} …`);
  const report = await drainSpool(deployment, {
    deadlineMs: Math.min(deadlineMs, 2_147_483_647),
    onProgress: ({ rows, bytes }) =>
      terminal.progress(`delivered ${amountText(rows, "row")}, ${bytesText(bytes)} …`),
    onTrouble: (message) => {
      // Every retry says the same.
      if (!said.has(message)) terminal.err(message);
      said.add(message);
    },
  });
  terminal.progress();
  const { destination, delivered, lost, pending } = report;
  const spooled = await listSpooled(directory);
  const living = spooled.filter(({ ownerAlive }) => ownerAlive).length;
  const left = spooled.length - living;
  if (input.flag("json")) {
    terminal.json({ spool: directory, destination, delivered, lost, left, living });
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
  if (left > 0) terminal.err(`${amountText(left, "segment")} left in ${directory}`);
  if (pending > 0) return exitCode.storage;
  return lost.length > 0 || left > 0 ? exitCode.data : exitCode.ok;
}
