import { systemClock } from "../../../base/time/clock.ts";
import { compact } from "../../../upkeep/compact.ts";
import type { CompactedPartition } from "../../../upkeep/compacting/compaction.ts";
import { type MergedDay, mergeProfileDays } from "../../../upkeep/profiles/merge-days.ts";
import type { RunnableCommand } from "../../command.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import { durationOption } from "../../options/duration-option.ts";
import type { Terminal } from "../../terminal.ts";
import { amountText, bytesText } from "../../text/value-text.ts";
import { upkeepOptions, withStore } from "./with-store.ts";

const defaultOlderThanMs = 24 * 3_600_000;

/** `mdc compact`: few large files of many small ones, and a day's profiles in one. */
export const compactCommand: RunnableCommand = {
  name: "compact",
  summary:
    "make the many small Parquet files of closed partitions few, large and sorted; merge profiles by day",
  parameters: "[--older-than <time>] [--collection <name>] [--dry-run]",
  positionals: [0, 0],
  options: {
    "older-than": {
      type: "string",
      value: "<time>",
      description: "leave partitions alone that ended less than 24h ago, or less than this: 6h, 7d",
    },
    ...upkeepOptions,
  },
  examples: ["mdc compact", "mdc compact --older-than 7d --collection model_inputs --dry-run"],
  async run(input): Promise<ExitCode> {
    const { terminal } = input;
    const olderThanMs = durationOption(input, "older-than") ?? defaultOlderThanMs;
    const isJson = input.flag("json");
    const days: MergedDay[] = [];
    const found = await withStore(input, async (store, scope) => {
      const now = systemClock.now();
      const compacted = await compact(store, {
        ...scope,
        olderThanMs,
        now,
        shared: { root: input.text("root") },
        onProgress: (one) => {
          if (!isJson) terminal.out(lineOf(one, scope.dryRun));
        },
        onLines: (files) =>
          terminal.err(
            `mdc: ${amountText(files, "file")} of JSON lines left as stored: only Parquet is compacted`,
          ),
      });
      const onDay = (day: MergedDay): void => {
        days.push(day);
        if (!isJson) terminal.out(dayLine(day, scope.dryRun));
      };
      // Profiles are of all collections.
      if (scope.collections.length === 0)
        await mergeProfileDays(store, { ...scope, olderThanMs, now, onDay });
      return compacted;
    });
    if (isJson) terminal.json([...found, ...days.map((day) => ({ ...day, status: "merged" }))]);
    else tell(found, days, terminal);
    return found.some(({ status }) => status === "unfit") ? exitCode.data : exitCode.ok;
  },
};

function lineOf(one: CompactedPartition, dryRun: boolean): string {
  const { folder, status, filesBefore, filesAfter, bytesBefore, bytesAfter, rows, reason } = one;
  const files = amountText(filesBefore, "file");
  switch (status) {
    case "compacted":
      return dryRun
        ? `${folder}: ${files} of ${bytesText(bytesBefore)}, ${amountText(rows, "row")}: would be compacted`
        : `${folder}: ${files} of ${bytesText(bytesBefore)} are now ${filesAfter} of ${bytesText(bytesAfter)}`;
    case "waiting":
      return `${folder}: ${files} left alone: the ledger tells of frames that are not delivered yet`;
    case "busy":
      return `${folder}: ${files} left alone: somebody else is at it`;
    case "unfit":
      return `${folder}: ${files} left alone: ${reason ?? "they cannot be made one"}`;
  }
}

function dayLine({ folder, objects, bytesBefore, bytesAfter }: MergedDay, dryRun: boolean): string {
  const profiles = `${folder}: ${amountText(objects, "object")} of profiles of ${bytesText(bytesBefore)}`;
  return dryRun ? `${profiles}: would be merged` : `${profiles} merged to a day of ${bytesText(bytesAfter)}`;
}

function tell(found: readonly CompactedPartition[], days: readonly MergedDay[], terminal: Terminal): void {
  const done = found.filter(({ status }) => status === "compacted");
  const left = found.length - done.length;
  const also = left === 0 ? "" : `; ${amountText(left, "partition")} left alone`;
  const merged = days.length === 0 ? "" : `; profiles of ${amountText(days.length, "day")} merged`;
  terminal.err(`${amountText(done.length, "partition")} compacted${also}${merged}`);
}
