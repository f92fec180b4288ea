import { systemClock } from "../../../base/time/clock.ts";
import { purge, type Purged } from "../../../upkeep/purge.ts";
import { type CommandInput, type RunnableCommand, UsageError } from "../../command.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import { durationOption } from "../../options/duration-option.ts";
import { tellUnreadable } from "../../text/unreadable.ts";
import { amountText, bytesText, timeText } from "../../text/value-text.ts";
import { confirm, yesOption } from "./confirm.ts";
import { upkeepOptions, withStore } from "./with-store.ts";

/** `mdc purge`: what is older than it may become. */
export const purgeCommand: RunnableCommand = {
  name: "purge",
  summary: "take away whole partitions that are older than they may become",
  parameters: "--older-than <time> [--collection <name>] [--keep-profiles] [--dry-run] [--yes]",
  positionals: [0, 0],
  options: {
    "older-than": {
      type: "string",
      value: "<time>",
      description: "what ended so long ago goes: 90d, 52w",
    },
    "keep-profiles": {
      type: "boolean",
      description: "leave profiles, which hold no rows but frequent values",
    },
    ...upkeepOptions,
    ...yesOption,
  },
  examples: ["mdc purge --older-than 90d --dry-run", "mdc purge --older-than 90d --collection request --yes"],
  async run(input): Promise<ExitCode> {
    const olderThanMs = durationOption(input, "older-than");
    if (olderThanMs === undefined)
      throw new UsageError("mdc purge: expected --older-than (mdc purge --help)");
    const { terminal } = input;
    return await withStore(input, async (store, scope) => {
      const options = {
        ...scope,
        olderThanMs,
        now: systemClock.now(),
        keepProfiles: input.flag("keep-profiles"),
      };
      const going = await purge(store, { ...options, dryRun: true });
      const isTaken = !scope.dryRun && going.some(({ objects }) => objects.length > 0);
      if (isTaken && !(await confirm(input, `${sumOf(going)} would go for good.`))) return exitCode.ok;
      const gone = isTaken ? await purge(store, { ...options, dryRun: false }) : going;
      show(input, gone, isTaken);
      if (gone.some(({ busy }) => busy > 0))
        terminal.err("mdc: files of some partitions are being replaced, so these were left: run it again");
      const code = tellUnreadable(
        gone.flatMap(({ unreadable }) => unreadable ?? []),
        terminal,
      );
      return gone.some(({ busy }) => busy > 0) ? exitCode.data : code;
    });
  },
};

function sumOf(purged: readonly Purged[]): string {
  const objects = purged.reduce((sum, one) => sum + one.objects.length, 0);
  const bytes = purged.reduce((sum, one) => sum + one.bytes, 0);
  return `${amountText(objects, "object")} of ${bytesText(bytes)}`;
}

function show({ terminal, flag }: CommandInput, purged: readonly Purged[], isTaken: boolean): void {
  if (flag("json")) {
    terminal.json(purged);
    return;
  }
  for (const { endpoint, deployment, collection, partitions, from, to, objects, bytes } of purged) {
    if (objects.length === 0) continue;
    const what = `${amountText(objects.length, "object")} of ${bytesText(bytes)}`;
    const when = `${timeText(from).slice(0, 19)} to ${timeText(to).slice(0, 19)}`;
    terminal.out(
      `${endpoint}/${deployment}/${collection}: ${amountText(partitions, "partition")}, ${when}: ${what}`,
    );
  }
  terminal.err(isTaken ? `${sumOf(purged)} gone` : `${sumOf(purged)} would go`);
}
