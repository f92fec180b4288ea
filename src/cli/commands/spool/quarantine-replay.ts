import { replayQuarantined } from "../../../operator/spool-inspection.ts";
import type { RunnableCommand } from "../../command.ts";
import { exitCode } from "../../exit-code.ts";
import { createSegmentCommand, tellDone } from "./segment-command.ts";

/** `mdc spool quarantine replay`: puts a segment back. */
export const quarantineReplay: RunnableCommand = createSegmentCommand({
  name: "replay",
  summary: "put a segment back: the next process or drain tries it again",
  examples: ["mdc spool quarantine replay 0193a0f4"],
  act(input, segments) {
    for (const segment of segments) replayQuarantined(segment);
    tellDone(input, segments, "back in the spool");
    if (!input.flag("json"))
      input.terminal.err("the next process of this spool, or mdc spool drain, delivers it");
    return exitCode.ok;
  },
});
