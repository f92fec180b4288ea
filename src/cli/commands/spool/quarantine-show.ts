import { type QuarantinedSegment, readQuarantined } from "../../../operator/spool-inspection.ts";
import type { CommandInput, RunnableCommand } from "../../command.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import { textTable } from "../../text/text-table.ts";
import { amountText, bytesText, timeText } from "../../text/value-text.ts";
import { createSegmentCommand } from "./segment-command.ts";

/** `mdc spool quarantine show`: why a segment was set aside, and what can still be read of it. */
export const quarantineShow: RunnableCommand = createSegmentCommand({
  name: "show",
  summary: "tell why a segment was set aside, and what can still be read of it",
  examples: ["mdc spool quarantine show 0193a0f4"],
  act: show,
});

function show(input: CommandInput, segments: readonly QuarantinedSegment[]): ExitCode {
  const { terminal } = input;
  const shown = segments.map((segment) => ({ ...segment, ...readQuarantined(segment) }));
  if (input.flag("json")) {
    terminal.json(shown);
    return exitCode.ok;
  }
  for (const one of shown) {
    const facts = [
      ["reason", one.reason],
      ["since (UTC)", timeText(one.quarantinedAt).slice(0, 19)],
      ["collection", one.collection ?? "(unknown)"],
      ["endpoint/deployment", `${one.endpoint ?? ""}/${one.deployment ?? ""}`],
      ["partition (UTC)", one.partition === null ? "" : timeText(one.partition).slice(0, 16)],
      ["held", `${amountText(one.counts.frames, "frame")}, ${amountText(one.counts.rows, "row")}`],
      ["readable", `${amountText(one.readable.frames, "frame")} in ${amountText(one.records, "record")}`],
      ["damaged", amountText(one.damaged.frames, "frame")],
      ["size", bytesText(one.size)],
      ["file", one.path],
    ];
    for (const line of textTable([{ title: "segment" }, { title: one.id }], facts)) terminal.out(line);
  }
  return exitCode.ok;
}
