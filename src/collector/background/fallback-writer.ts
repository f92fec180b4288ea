import type { Clock } from "../../base/time/clock.ts";
import type { OutgoingBatch } from "../../pipeline/backend.ts";
import type { Emit } from "../../pipeline/engine-event.ts";
import type { DropReason } from "../../pipeline/ledger.ts";
import { collectionOf } from "../../pipeline/segment-label.ts";
import type { SealedSegment } from "../../spool/sealed-segments.ts";
import type { SpoolWriter } from "../../spool/spool-writer.ts";
import type { composeWriter, EngineSpec } from "../compose.ts";

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
  readonly composeWriter: typeof composeWriter;
}

/**
 * Writes batches to the spool on the caller's thread while the background thread cannot: it is starting, or
 * it has died, or the process ends. So what sudden death costs does not depend on how long a thread takes to
 * start.
 */
export class FallbackWriter {
  readonly #parts: FallbackWriterParts;
  #writer: SpoolWriter | undefined;
  #syncedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: FallbackWriterParts) {
    this.#parts = parts;
  }

  /** True while there is something for {@link FallbackWriter.seal} to seal. */
  get holds(): boolean {
    return this.#writer !== undefined;
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
   * Seals what was written since the last call and returns it, for the thread to deliver. What the disk does
   * not let it seal it goes on {@link FallbackWriter.holds holding}, for the next call.
   */
  seal(): readonly SealedSegment[] {
    const sealed = this.#writer?.seal() ?? [];
    if (this.#writer?.open().length === 0) this.close();
    return sealed;
  }

  /** Gives the files back; what is not sealed is found by whoever comes next. */
  close(): void {
    this.#writer?.close();
    this.#writer = undefined;
  }

  #open(): SpoolWriter {
    const { spec, clock, composeWriter } = this.#parts;
    if (this.#writer === undefined) {
      this.#writer = composeWriter(spec(), { current: spec().config });
      this.#syncedAt = clock.monotonic();
    }
    return this.#writer;
  }

  #syncWhenDue(): void {
    const { spec, emit, clock } = this.#parts;
    const { fsync, fsyncIntervalMs } = spec().config.spool;
    const now = clock.monotonic();
    if (fsync === "never" || (fsync === "interval" && now - this.#syncedAt < fsyncIntervalMs)) return;
    this.#syncedAt = now;
    const result = this.#writer?.sync();
    if (result?.status !== "failed") return;
    const message = `the spool could not be synced, so a power cut may cost frames: ${result.error.message}`;
    emit({ kind: "trouble", code: "SPOOL_FAILED", reason: "sync_failed", message });
  }
}
