import type { Clock } from "../../base/time/clock.ts";
import type { OutgoingBatch } from "../../pipeline/backend.ts";
import type { Emit } from "../../pipeline/engine-event.ts";
import type { DropReason } from "../../pipeline/ledger.ts";
import { collectionOf } from "../../pipeline/segment-label.ts";
import type { SealedSegment, Spool } from "../../spool/spool.ts";
import type { composeSpool, EngineSpec } from "../compose.ts";

/**
 * Writes batches to the spool on the caller's thread while the background thread cannot: it is starting, or it has died, or the
 * process ends. So what sudden death costs does not depend on how long a thread takes to start.
 */
export interface StandIn {
  /** Writes what it can, in order, tells `spooled` of each, and returns what the disk refused. */
  write(batches: Iterable<OutgoingBatch>): readonly Refusal[];
  /**
   * Seals what was written since the last call and returns it, for the thread to deliver. What the disk does not let it seal it
   * goes on {@link StandIn.holds holding}, for the next call.
   */
  relieve(): readonly SealedSegment[];
  /** True while there is something for `relieve` to seal. */
  readonly holds: boolean;
  /** Gives the files back; what is not sealed is found by whoever comes next. */
  close(): void;
}

/** A batch that the spool did not take. */
export interface Refusal {
  readonly batch: OutgoingBatch;
  readonly reason: DropReason;
}

export interface StandInParts {
  readonly spec: () => EngineSpec;
  readonly emit: Emit;
  readonly clock: Clock;
  readonly composeSpool: typeof composeSpool;
}

export function createStandIn({ spec, emit, clock, composeSpool }: StandInParts): StandIn {
  let spool: Spool | undefined;
  let syncedAt = Number.NEGATIVE_INFINITY;
  const close = (): void => {
    spool?.close();
    spool = undefined;
  };
  const open = (): Spool => {
    if (spool === undefined) {
      spool = composeSpool(spec(), { current: spec().config });
      syncedAt = clock.monotonic();
    }
    return spool;
  };
  const syncWhenDue = (): void => {
    const { fsync, fsyncIntervalMs } = spec().config.spool;
    const now = clock.monotonic();
    if (fsync === "never" || (fsync === "interval" && now - syncedAt < fsyncIntervalMs)) return;
    syncedAt = now;
    const result = spool?.sync();
    if (result?.status !== "failed") return;
    const message = `the spool could not be synced, so a power cut may cost frames: ${result.error.message}`;
    emit({ kind: "trouble", code: "SPOOL_FAILED", reason: "sync_failed", message });
  };
  return {
    get holds() {
      return spool !== undefined;
    },
    write(batches) {
      const written: { readonly batch: OutgoingBatch; readonly collection: string }[] = [];
      const refused: Refusal[] = [];
      for (const batch of batches) {
        const collection = collectionOf(batch.label);
        if (collection === undefined) {
          // Nobody could deliver it.
          refused.push({ batch, reason: "invalid" });
          continue;
        }
        const result = open().append(batch.label, batch.bytes, batch.counts, batch.sequence);
        if (result.status === "appended") written.push({ batch, collection });
        else refused.push({ batch, reason: result.status === "full" ? result.reason : "io_error" });
      }
      syncWhenDue();
      // After all are written: a listener may end the process.
      for (const { batch, collection } of written) {
        const { sequence, counts } = batch;
        emit({ kind: "spooled", collection, sequence, counts });
      }
      return refused;
    },
    relieve() {
      const sealed = spool?.seal() ?? [];
      if (spool?.open().length === 0) close();
      return sealed;
    },
    close,
  };
}
