import { listSpooled, type SpooledSegment } from "../../../operator/spool-inspection.ts";
import type { CommandInput, RunnableCommand } from "../../command.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import { inEach, spoolFoldersOf, spoolOf, spoolOptions } from "../../spool-folder.ts";
import type { Text } from "../../terminal.ts";
import { textTable } from "../../text/text-table.ts";
import { ageText, amountText, bytesText, countText, timeText } from "../../text/value-text.ts";

/** `mdc spool ls`: what waits, oldest first. */
export const spoolLs: RunnableCommand = {
  name: "ls",
  summary: "list what waits, oldest first",
  parameters: "",
  positionals: [0, 0],
  options: spoolOptions,
  examples: ["mdc spool ls"],
  run: listSpool,
};

async function listSpool(input: CommandInput): Promise<ExitCode> {
  const { terminal } = input;
  const folders = spoolFoldersOf(spoolOf(input));
  const segments = await inEach(folders, listSpooled);
  if (input.flag("json")) terminal.json(segments);
  else if (segments.length === 0) terminal.err(`nothing waits in ${folders.join(" or ")}`);
  else for (const line of listing(segments, terminal)) terminal.out(line);
  for (const folder of folders.slice(1)) {
    const inIt = segments.filter(({ directory }) => directory === folder).length;
    const where = `in ${folder}, which stands in where ${folders[0]} cannot be written`;
    if (inIt > 0) terminal.err(`${amountText(inIt, "segment")} ${where}`);
  }
  return segments.some(isDamaged) ? exitCode.data : exitCode.ok;
}

/** A segment of which something is lost, or whose header, where its time stands, cannot be read. */
function isDamaged({ damaged, createdAt }: SpooledSegment): boolean {
  return damaged.frames > 0 || createdAt === null;
}

function listing(segments: readonly SpooledSegment[], { width }: { readonly width: number }): Text[] {
  const columns = [
    { title: "collection" },
    { title: "partition (UTC)" },
    { title: "state" },
    { title: "frames", align: "right" as const },
    { title: "rows", align: "right" as const },
    { title: "size", align: "right" as const },
    { title: "age", align: "right" as const },
    { title: "owner" },
    { title: "why it waits" },
    { title: "endpoint/deployment" },
    { title: "segment" },
  ];
  const now = Date.now();
  const rows = segments.map((one) => [
    one.collection ?? "(unknown)",
    one.partition === null ? "" : timeText(one.partition).slice(0, 16),
    one.state,
    countText(one.counts.frames),
    countText(one.counts.rows),
    bytesText(one.size),
    one.createdAt === null ? "" : ageText(now - one.createdAt.getTime()),
    one.ownerAlive ? "alive" : "gone",
    one.damaged.frames > 0 ? `${one.why}; ${amountText(one.damaged.frames, "frame")} damaged` : one.why,
    `${one.endpoint ?? ""}/${one.deployment ?? ""}`,
    one.id,
  ]);
  return textTable(columns, rows, { width });
}
