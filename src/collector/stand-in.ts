import type { BackendEvents, OutgoingBatch } from "../pipeline/backend.ts";
import { parseLabel } from "../pipeline/segment-label.ts";
import type { SealedSegment, Spool } from "../spool/spool.ts";
import { composeSpool, type EngineSpec } from "./compose.ts";

/**
 * Writes batches to the spool on the caller's thread while the background thread cannot: it is starting, or it has died, or the
 * process ends. So what sudden death costs does not depend on how long a thread takes to start.
 */
export interface StandIn {
  /** Writes what it can, in order, and tells `spooled` of each; what the disk refuses is left to the thread. */
  write(batches: Iterable<OutgoingBatch>): void;
  /** Seals what was written since the last call and returns it, for the thread to deliver. */
  relieve(): readonly SealedSegment[];
  /** Gives the files back; what is not sealed is found by whoever comes next. */
  close(): void;
}

export function createStandIn(spec: () => EngineSpec, events: Pick<BackendEvents, "spooled">): StandIn {
  let spool: Spool | undefined;
  const close = (): void => {
    spool?.close();
    spool = undefined;
  };
  return {
    write(batches) {
      for (const { label, bytes, counts, sequence } of batches) {
        spool ??= composeSpool(spec(), { current: spec().config });
        if (spool.append(label, bytes, counts, sequence).status !== "appended") continue;
        events.spooled(parseLabel(label).collection, sequence, counts);
      }
    },
    relieve() {
      const sealed = spool?.seal() ?? [];
      close();
      return sealed;
    },
    close,
  };
}
