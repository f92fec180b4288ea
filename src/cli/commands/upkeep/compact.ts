import { systemClock } from "../../../base/time/clock.ts";
import { compact, type CompactedPartition } from "../../../upkeep/compact.ts";
import type { RunnableCommand } from "../../command.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import { durationOption } from "../../options/duration-option.ts";
import type { Terminal } from "../../terminal.ts";
import { amountText, bytesText } from "../../text/value-text.ts";
import { upkeepOptions, withStore } from "./with-store.ts";

const defaultOlderThanMs = 24 * 3_600_000;

/** `mdc compact`: few large files of many small ones. */
export const compactCommand: RunnableCommand = {
  name: "compact",
  summary: "make the many small Parquet files of closed partitions few, large and sorted",
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
    const found = await withStore(input, (store, scope) =>
      compact(store, {
        ...scope,
        olderThanMs,
        now: systemClock.now(),
        onProgress: (one) => {
          if (!isJson) terminal.out(lineOf(one, scope.dryRun));
        },
        onLines: (files) =>
          terminal.err(
            `mdc: ${amountText(files, "file")} of JSON lines left as stored: only Parquet is compacted`,
          ),
      }),
    );
    if (isJson) terminal.json(found);
    else tell(found, terminal);
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

function tell(found: readonly CompactedPartition[], terminal: Terminal): void {
  const done = found.filter(({ status }) => status === "compacted");
  const left = found.length - done.length;
  const also = left === 0 ? "" : `; ${amountText(left, "partition")} left alone`;
  terminal.err(`${amountText(done.length, "partition")} compacted${also}`);
}
