import { kindOf } from "../../base/errors.ts";
import {
  dropQuarantined,
  listQuarantined,
  readQuarantined,
  replayQuarantined,
  type QuarantinedSegment,
} from "../../operator/spool-inspection.ts";
import { type CommandInput, UsageError, wordText } from "../command.ts";
import { type ExitCode, exitCode } from "../exit-code.ts";
import { spoolOf } from "../spool-folder.ts";
import { textTable } from "../text/text-table.ts";
import { amountText, bytesText, countText, timeText } from "../text/value-text.ts";

/** `mdc spool quarantine`: what was set aside, and what to do with it. */
export async function runQuarantine(input: CommandInput): Promise<ExitCode> {
  const { directory } = spoolOf(input).config.spool;
  const [, action = "ls", id] = input.positionals;
  if (action === "ls") {
    if (id !== undefined) throw new UsageError("mdc spool quarantine ls takes no id");
    return list(input, directory);
  }
  if (action !== "show" && action !== "replay" && action !== "drop") {
    throw new UsageError(`mdc spool quarantine: expected ls, show, replay or drop, got ${wordText(action)}`);
  }
  if (id === undefined) throw new UsageError(`expected: mdc spool quarantine ${action} <id>`);
  const { terminal } = input;
  const segments = chosen(listQuarantined(directory), id);
  if (segments.length === 0) {
    terminal.err(`mdc: nothing in the quarantine of ${directory} has an id that begins with ${id}`);
    return exitCode.data;
  }
  if (action === "show") return show(input, segments);
  for (const segment of segments) {
    if (action === "replay") replayQuarantined(segment, directory);
    else dropQuarantined(segment, directory);
  }
  if (input.flag("json")) terminal.json(segments);
  else {
    const what = `${amountText(segments.length, "segment")}, ${amountText(framesOf(segments), "frame")}`;
    terminal.out(action === "replay" ? `back in the spool: ${what}` : `deleted: ${what}`);
    if (action === "replay") terminal.err("the next process of this spool, or mdc spool drain, delivers it");
  }
  return exitCode.ok;
}

/** The segments of one id, which is given in full or by its first characters. */
function chosen(all: readonly QuarantinedSegment[], id: string): readonly QuarantinedSegment[] {
  if (!/^[0-9a-f]{1,32}$/i.test(id)) {
    throw new UsageError(`expected the id of a segment, hex digits, got ${kindOf(id)}`);
  }
  const found = all.filter((segment) => segment.id.startsWith(id.toLowerCase()));
  const ids = new Set(found.map((segment) => segment.id));
  if (ids.size > 1)
    throw new UsageError(`${ids.size} segments have an id that begins with ${id}; give more of it`);
  return found;
}

function list(input: CommandInput, directory: string): ExitCode {
  const { terminal } = input;
  const segments = listQuarantined(directory);
  if (input.flag("json")) {
    terminal.json(segments);
    return exitCode.ok;
  }
  if (segments.length === 0) terminal.err(`nothing is in the quarantine of ${directory}`);
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

function framesOf(segments: readonly QuarantinedSegment[]): number {
  return segments.reduce((sum, { counts }) => sum + counts.frames, 0);
}
