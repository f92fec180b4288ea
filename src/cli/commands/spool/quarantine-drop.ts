import { dropQuarantined } from "../../../operator/spool-inspection.ts";
import type { RunnableCommand } from "../../command.ts";
import { exitCode } from "../../exit-code.ts";
import { createSegmentCommand, tellDone } from "./segment-command.ts";

/** `mdc spool quarantine drop`: deletes a segment for good. */
export const quarantineDrop: RunnableCommand = createSegmentCommand({
  name: "drop",
  summary: "delete a segment for good",
  examples: ["mdc spool quarantine drop 0193a0f4"],
  act(input, segments) {
    for (const segment of segments) dropQuarantined(segment);
    tellDone(input, segments, "deleted");
    return exitCode.ok;
  },
});
