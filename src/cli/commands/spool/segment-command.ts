import { kindOf } from "../../../base/errors.ts";
import { listQuarantined, type QuarantinedSegment } from "../../../operator/spool-inspection.ts";
import { type CommandInput, type RunnableCommand, UsageError } from "../../command.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import { inEach, spoolFoldersOf, spoolOf, spoolOptions } from "../../spool-folder.ts";
import { amountText } from "../../text/value-text.ts";

/** What tells one command about a segment in quarantine from another one. */
export interface SegmentCommandParts extends Pick<RunnableCommand, "name" | "summary" | "examples"> {
  /** Does it, with the segments of the id (its parts, one at least) that are in the quarantine of a spool. */
  act(input: CommandInput, segments: readonly QuarantinedSegment[]): ExitCode;
}

/** A command about the segment in quarantine whose id, or the beginning of it, is its only word. */
export function createSegmentCommand({ act, ...described }: SegmentCommandParts): RunnableCommand {
  return {
    ...described,
    parameters: "<id>",
    positionals: [1, 1],
    options: spoolOptions,
    async run(input): Promise<ExitCode> {
      const folders = spoolFoldersOf(spoolOf(input));
      const [id = ""] = input.positionals;
      const segments = chosen(await inEach(folders, listQuarantined), id);
      if (segments.length > 0) return act(input, segments);
      const where = `the quarantine of ${folders.join(" or ")}`;
      input.terminal.err(`mdc: nothing in ${where} has an id that begins with ${id}`);
      return exitCode.data;
    },
  };
}

/** Says what was done to segments. */
export function tellDone(
  { terminal, flag }: CommandInput,
  segments: readonly QuarantinedSegment[],
  done: string,
): void {
  if (flag("json")) {
    terminal.json(segments);
    return;
  }
  const frames = segments.reduce((sum, { counts }) => sum + counts.frames, 0);
  terminal.out(`${done}: ${amountText(segments.length, "segment")}, ${amountText(frames, "frame")}`);
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
