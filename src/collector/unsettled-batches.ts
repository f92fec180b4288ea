import type { Clock } from "../base/clock.ts";
import type { BackendEvents, OutgoingBatch } from "../pipeline/backend.ts";
import { type BatchMemory, createBatchMemory } from "./batch-memory.ts";

/** Threads do not die by chance, as processes do, so that few deaths say enough. */
const mostDeaths = 3;

/**
 * The batches whose only other copy is in the background thread's memory, in order: not yet spooled, or never to be (durability
 * `memory`); and the memory they lie in, which is lent again when they are settled.
 */
export class UnsettledBatches {
  readonly #batches = new Map<number, OutgoingBatch>();
  readonly #memory: BatchMemory;
  /** How many threads died while they encoded a batch. */
  readonly #deaths = new Map<number, number>();

  constructor(clock: Clock) {
    this.#memory = createBatchMemory(clock);
  }

  get size(): number {
    return this.#batches.size;
  }

  get frames(): number {
    let frames = 0;
    for (const { counts } of this.#batches.values()) frames += counts.frames;
    return frames;
  }

  /** The number of the newest one. */
  get last(): number | undefined {
    return [...this.#batches.keys()].at(-1);
  }

  /** Memory for a batch. */
  allocate(size: number): Uint8Array {
    return this.#memory.lend(size);
  }

  add(batch: OutgoingBatch): void {
    this.#batches.set(batch.sequence, batch);
  }

  /**
   * A thread died while it encoded these. Those with which that happened {@link mostDeaths} times, and which nobody shall be given
   * any more. They stay until their end is told.
   */
  blame(sequences: readonly number[]): readonly OutgoingBatch[] {
    for (const sequence of sequences) this.#deaths.set(sequence, (this.#deaths.get(sequence) ?? 0) + 1);
    return this.after().filter(({ sequence }) => (this.#deaths.get(sequence) ?? 0) >= mostDeaths);
  }

  /** Those after `sequence`, as they are now: settling one meanwhile changes nothing. */
  after(sequence = 0): readonly OutgoingBatch[] {
    return [...this.#batches.values()].filter((batch) => batch.sequence > sequence);
  }

  /** Somebody else may read these batches now, for ever: their memory is not lent again. */
  writeOff(): void {
    this.#memory.writeOff();
  }

  /** Passes events on, and settles the batches of which they tell the end. */
  settledBy(events: BackendEvents): BackendEvents {
    const settle = (sequences: Iterable<number>): void => {
      for (const sequence of sequences) this.#settle(sequence);
    };
    return {
      ...events,
      spooled: (collection, sequence, counts) => {
        this.#settle(sequence);
        events.spooled(collection, sequence, counts);
      },
      delivered: (collection, counts, recovered, sequences) => {
        settle(sequences);
        events.delivered(collection, counts, recovered, sequences);
      },
      dropped: (reason, collection, counts, origin) => {
        if (origin.from !== "recovered") settle(origin.sequences);
        events.dropped(reason, collection, counts, origin);
      },
    };
  }

  #settle(sequence: number): void {
    const batch = this.#batches.get(sequence);
    if (batch === undefined) return;
    this.#batches.delete(sequence);
    this.#deaths.delete(sequence);
    this.#memory.giveBack(batch.bytes);
  }
}
