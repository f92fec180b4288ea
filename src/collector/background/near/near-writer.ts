import type { Clock } from "../../../base/time/clock.ts";
import type { OutgoingBatch } from "../../../pipeline/backend.ts";
import { isRipe } from "../../../pipeline/delivery/rotation.ts";
import type { Emit } from "../../../pipeline/engine-event.ts";
import type { DropReason } from "../../../pipeline/ledger.ts";
import { collectionOf } from "../../../pipeline/segment-label.ts";
import type { UnsealedSegment } from "../../../spool/sealed-segments.ts";
import type { NearFiles, NearSpoolWriter, OpenSegment, Tended } from "../../../spool/spool-writer.ts";
import type { EngineSpec } from "../../compose.ts";
import type { composeWriter } from "./compose-writer.ts";
import { WritingTime } from "./writing-time.ts";

/** A batch that the spool did not take. */
export interface Refusal {
  readonly batch: OutgoingBatch;
  readonly reason: DropReason;
}

/** What {@link NearWriter} needs. */
export interface NearWriterParts {
  /** What holds now. */
  readonly spec: () => EngineSpec;
  readonly emit: Emit;
  readonly clock: Clock;
  readonly composeWriter: typeof composeWriter;
}

/** A larger batch, which is one of a very large frame, is the background thread's to write. */
const maxBatchBytes = 1024 * 1024;
/** Segments open at once: a further one lets the one go that rested longest. */
const maxOpen = 15;

/**
 * Writes batches to the spool on the caller's thread. A small batch costs less to write, into the system's
 * cache, than to wake another thread for it, and is safe sooner; and while there is no background thread,
 * what sudden death costs does not depend on how long one takes to start. What waits for a disk - to sync, to
 * seal, to look how full it is - is left to the background thread while there is one. If writing itself turns
 * out to be slow, this writer {@link NearWriter.rests rests}.
 */
export class NearWriter {
  readonly #parts: NearWriterParts;
  readonly #time: WritingTime;
  #writer: NearSpoolWriter | undefined;
  #syncedAt = Number.NEGATIVE_INFINITY;
  /** The labels of the last batches, read. */
  readonly #collections = new Map<string, string>();

  constructor(parts: NearWriterParts) {
    this.#parts = parts;
    this.#time = new WritingTime(parts.clock);
  }

  /** True while there is something for {@link NearWriter.letGo} to let go. */
  get holds(): boolean {
    return this.open.length > 0;
  }

  get open(): readonly OpenSegment[] {
    return this.#writer?.open() ?? [];
  }

  /** True while batches are better given to the thread. */
  get rests(): boolean {
    return this.#time.isOver;
  }

  /**
   * Whether it takes this batch in place of the background thread.
   *
   * @param quickAppends how many batches in a row the thread has written quickly.
   */
  takes({ bytes }: OutgoingBatch, quickAppends: () => number): boolean {
    // Who wants every batch synced wants to wait for the disk, but not here.
    if (this.#parts.spec().config.spool.fsync === "batch") return false;
    if (bytes.byteLength > maxBatchBytes) this.rest();
    return !this.#time.isOver || this.#time.isBack(quickAppends());
  }

  /** Leaves batches to the background thread for a while. */
  rest(): void {
    this.#time.end();
  }

  /** Writes what it can, in order, tells `spooled` of each, and returns what the disk refused. */
  write(batches: Iterable<OutgoingBatch>): readonly Refusal[] {
    const written: { readonly batch: OutgoingBatch; readonly collection: string }[] = [];
    const refused: Refusal[] = [];
    for (const batch of batches) {
      const collection = this.#collectionOf(batch.label);
      if (collection === undefined) {
        // Nobody could deliver it.
        refused.push({ batch, reason: "invalid" });
        continue;
      }
      const { label, bytes, counts, sequence } = batch;
      const result = this.#time.spend(() => this.#opened().append(label, bytes, counts, sequence));
      if (result.status === "appended") written.push({ batch, collection });
      else refused.push({ batch, reason: result.status === "full" ? result.reason : "io_error" });
    }
    // After all are written: a listener may end the process.
    for (const { batch, collection } of written) {
      const { sequence, counts } = batch;
      this.#parts.emit({ kind: "spooled", collection, sequence, counts });
    }
    return refused;
  }

  /** Makes what was written survive a power cut, if that is due and nobody else sees to it. */
  syncWhenDue(): void {
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

  /** Lets those segments go that `which` picks (default all), for an engine to seal and deliver. */
  letGo(which?: (segment: OpenSegment) => boolean): readonly UnsealedSegment[] {
    return this.#writer?.letGo(which) ?? [];
  }

  /** Lets those go that are old or large enough to become files, or too many. */
  letGoRipe(): readonly UnsealedSegment[] {
    const { spec, clock } = this.#parts;
    const { rotation } = spec().config;
    const now = clock.now();
    const { open } = this;
    const rested = new Set(open.slice(0, Math.max(0, open.length - maxOpen)));
    const isDue = (segment: OpenSegment): boolean => rested.has(segment) || isRipe(segment, rotation, now);
    return open.some(isDue) ? this.letGo(isDue) : [];
  }

  /** What the background thread is to see to. */
  changes(): NearFiles {
    const { unsynced, grownBytes } = this.#writer?.changes() ?? { unsynced: [], grownBytes: 0 };
    return { unsynced: this.#parts.spec().config.spool.fsync === "never" ? [] : unsynced, grownBytes };
  }

  /** The background thread has seen to it. What it could not sync, it is to write anew. */
  tended({ sync, disk }: Tended): void {
    this.#writer?.follow(disk);
    if (sync.status === "failed") this.rest();
  }

  /** There is no background thread. */
  alone(): void {
    this.#writer?.follow(undefined);
  }

  /** Gives the files back; what is not sealed is found by whoever comes next. */
  close(): void {
    this.#writer?.close();
    this.#writer = undefined;
  }

  #opened(): NearSpoolWriter {
    const { spec, clock, composeWriter } = this.#parts;
    if (this.#writer === undefined) {
      this.#writer = composeWriter(spec(), {
        get current() {
          return spec().config;
        },
      });
      this.#syncedAt = clock.monotonic();
    }
    return this.#writer;
  }

  #collectionOf(label: string): string | undefined {
    let collection = this.#collections.get(label);
    if (collection === undefined) {
      collection = collectionOf(label);
      if (collection === undefined) return undefined;
      if (this.#collections.size >= maxOpen) this.#collections.clear();
      this.#collections.set(label, collection);
    }
    return collection;
  }
}
