import { listQuarantined } from "../../../operator/spool-inspection.ts";
import type { CommandInput, RunnableCommand } from "../../command.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import { inEach, spoolFoldersOf, spoolOf, spoolOptions } from "../../spool-folder.ts";
import { textTable } from "../../text/text-table.ts";
import { bytesText, countText, timeText } from "../../text/value-text.ts";

/** `mdc spool quarantine ls`: what was set aside. */
export const quarantineLs: RunnableCommand = {
  name: "ls",
  summary: "list what was set aside",
  parameters: "",
  positionals: [0, 0],
  options: spoolOptions,
  examples: ["mdc spool quarantine ls --json"],
  run: listQuarantine,
};

async function listQuarantine(input: CommandInput): Promise<ExitCode> {
  const { terminal } = input;
  const folders = spoolFoldersOf(spoolOf(input));
  const segments = await inEach(folders, listQuarantined);
  if (input.flag("json")) {
    terminal.json(segments);
    return exitCode.ok;
  }
  if (segments.length === 0) terminal.err(`nothing is in the quarantine of ${folders.join(" or ")}`);
  else {
    const columns = [
      { title: "segment" },
      { title: "collection" },
      { title: "reason" },
      { title: "frames", align: "right" as const },
      { title: "rows", align: "right" as const },
      { title: "size", align: "right" as const },
      { title: "since (UTC)" },
    ];
    const rows = segments.map((one) => [
      one.id,
      one.collection ?? "(unknown)",
      one.reason,
      countText(one.counts.frames),
      countText(one.counts.rows),
      bytesText(one.size),
      timeText(one.quarantinedAt).slice(0, 19),
    ]);
    for (const line of textTable(columns, rows, { width: terminal.width })) {
      terminal.out(line);
    }
  }
  return exitCode.ok;
}
