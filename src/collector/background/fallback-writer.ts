import type { Clock } from "../../base/time/clock.ts";
import type { OutgoingBatch } from "../../pipeline/backend.ts";
import type { Emit } from "../../pipeline/engine-event.ts";
import type { DropReason } from "../../pipeline/ledger.ts";
import { collectionOf } from "../../pipeline/segment-label.ts";
import type { SealedSegment, Spool } from "../../spool/spool.ts";
import type { composeSpool, EngineSpec } from "../compose.ts";

/** A batch that the spool did not take. */
export interface Refusal {
  readonly batch: OutgoingBatch;
  readonly reason: DropReason;
}

/** What {@link FallbackWriter} needs. */
export interface FallbackWriterParts {
  /** What holds now. */
  readonly spec: () => EngineSpec;
  readonly emit: Emit;
  readonly clock: Clock;
  readonly composeSpool: typeof composeSpool;
}

/**
 * Writes batches to the spool on the caller's thread while the background thread cannot: it is starting, or it has died, or the
 * process ends. So what sudden death costs does not depend on how long a thread takes to start.
 */
export class FallbackWriter {
  readonly #parts: FallbackWriterParts;
  #spool: Spool | undefined;
  #syncedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: FallbackWriterParts) {
    this.#parts = parts;
  }

  /** True while there is something for {@link FallbackWriter.relieve} to seal. */
  get holds(): boolean {
    return this.#spool !== undefined;
  }

  /** Writes what it can, in order, tells `spooled` of each, and returns what the disk refused. */
  write(batches: Iterable<OutgoingBatch>): readonly Refusal[] {
    const written: { readonly batch: OutgoingBatch; readonly collection: string }[] = [];
    const refused: Refusal[] = [];
    for (const batch of batches) {
      const collection = collectionOf(batch.label);
      if (collection === undefined) {
        // Nobody could deliver it.
        refused.push({ batch, reason: "invalid" });
        continue;
      }
      const result = this.#open().append(batch.label, batch.bytes, batch.counts, batch.sequence);
      if (result.status === "appended") written.push({ batch, collection });
      else refused.push({ batch, reason: result.status === "full" ? result.reason : "io_error" });
    }
    this.#syncWhenDue();
    // After all are written: a listener may end the process.
    for (const { batch, collection } of written) {
      const { sequence, counts } = batch;
      this.#parts.emit({ kind: "spooled", collection, sequence, counts });
    }
    return refused;
  }

  /**
   * Seals what was written since the last call and returns it, for the thread to deliver. What the disk does not let it seal it
   * goes on {@link FallbackWriter.holds holding}, for the next call.
   */
  relieve(): readonly SealedSegment[] {
    const sealed = this.#spool?.seal() ?? [];
    if (this.#spool?.open().length === 0) this.close();
    return sealed;
  }

  /** Gives the files back; what is not sealed is found by whoever comes next. */
  close(): void {
    this.#spool?.close();
    this.#spool = undefined;
  }

  #open(): Spool {
    const { spec, clock, composeSpool } = this.#parts;
    if (this.#spool === undefined) {
      this.#spool = composeSpool(spec(), { current: spec().config });
      this.#syncedAt = clock.monotonic();
    }
    return this.#spool;
  }

  #syncWhenDue(): void {
    const { spec, emit, clock } = this.#parts;
    const { fsync, fsyncIntervalMs } = spec().config.spool;
    const now = clock.monotonic();
    if (fsync === "never" || (fsync === "interval" && now - this.#syncedAt < fsyncIntervalMs)) return;
    this.#syncedAt = now;
    const result = this.#spool?.sync();
    if (result?.status !== "failed") return;
    const message = `the spool could not be synced, so a power cut may cost frames: ${result.error.message}`;
    emit({ kind: "trouble", code: "SPOOL_FAILED", reason: "sync_failed", message });
  }
}
