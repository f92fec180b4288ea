import { type Counts, sumCounts } from "../../base/counts.ts";
import type { Clock } from "../../base/time/clock.ts";
import type { OutgoingBatch } from "../../pipeline/backend.ts";
import type { Emit, EventOf } from "../../pipeline/engine-event.ts";
import type { DropReason } from "../../pipeline/ledger.ts";
import { type LabelPlace, placeOf, unknownCollection } from "../../pipeline/segment-label.ts";
import { BatchMemory } from "./batch-memory.ts";
import type { Refusal } from "./near/near-writer.ts";

/** Threads do not die by chance, as processes do, so that few deaths say enough. */
const maxDeaths = 3;

/**
 * The batches whose only other copy is in the background thread's memory, in order: not yet spooled, or never
 * to be (durability `memory`); and the memory they lie in, which is lent again when they are settled.
 */
export class UnsettledBatches {
  readonly #batches = new Map<number, OutgoingBatch>();
  readonly #memory: BatchMemory;
  /** How many threads died while they encoded a batch. */
  readonly #deaths = new Map<number, number>();
  /** What the thread is encoding. */
  #encoding: readonly number[] = [];
  #newest = 0;

  /** @param maxBytes what batches and the memory kept for them may take. */
  constructor(clock: Clock, maxBytes: () => number) {
    this.#memory = new BatchMemory(clock, maxBytes);
  }

  /** Bytes of memory that batches lie in. */
  get bytes(): number {
    return this.#memory.lentBytes;
  }

  get size(): number {
    return this.#batches.size;
  }

  /** The number of the newest batch that was added, settled or not; 0 before the first. */
  get newest(): number {
    return this.#newest;
  }

  /** Frames in those up to `sequence`. */
  framesUpTo(sequence: number): number {
    let frames = 0;
    for (const batch of this.#batches.values()) if (batch.sequence <= sequence) frames += batch.counts.frames;
    return frames;
  }

  /** Memory for a batch. */
  allocate(size: number): Uint8Array {
    return this.#memory.lend(size);
  }

  add(batch: OutgoingBatch): void {
    this.#batches.set(batch.sequence, batch);
    this.#newest = batch.sequence;
  }

  /**
   * The thread died, of what it was encoding if there was something. Those with which that happened
   * {@link maxDeaths} times, and which nobody shall be given any more. They stay until their end is told.
   */
  blame(): readonly OutgoingBatch[] {
    for (const sequence of this.#encoding) this.#deaths.set(sequence, (this.#deaths.get(sequence) ?? 0) + 1);
    this.#encoding = [];
    return this.after().filter(({ sequence }) => (this.#deaths.get(sequence) ?? 0) >= maxDeaths);
  }

  /** Those after `sequence`, as they are now: settling one meanwhile changes nothing. */
  after(sequence = 0): readonly OutgoingBatch[] {
    return [...this.#batches.values()].filter((batch) => batch.sequence > sequence);
  }

  /** Somebody else may read these batches now, for ever: their memory is not lent again. */
  writeOff(): void {
    this.#memory.writeOff();
  }

  /**
   * Passes events on, and settles the batches of which they tell the end. What is told of a batch that is
   * settled already - two threads had it, one after the other - is not passed on, nor what is being encoded:
   * see {@link UnsettledBatches.blame}.
   */
  settledBy(emit: Emit): Emit {
    return (event) => {
      if (event.kind === "encoding") {
        this.#encoding = event.sequences;
        return;
      }
      if (event.kind !== "spooled" && event.kind !== "delivered" && event.kind !== "dropped") {
        emit(event);
        return;
      }
      const sequences = sequencesOf(event);
      const counts = sequences.length === 0 ? event.counts : this.#settle(sequences);
      if (counts !== undefined) emit(event.kind === "spooled" ? event : { ...event, counts });
    };
  }

  /** What was in those that were not settled before; undefined if none was. */
  #settle(sequences: Iterable<number>): Counts | undefined {
    const settled: OutgoingBatch[] = [];
    for (const sequence of sequences) {
      const batch = this.#batches.get(sequence);
      if (batch === undefined) continue;
      this.#batches.delete(sequence);
      this.#deaths.delete(sequence);
      this.#memory.giveBack(batch.bytes);
      settled.push(batch);
    }
    return settled.length === 0 ? undefined : sumCounts(settled.map(({ counts }) => counts));
  }
}

/** The batches of whose end an event tells. */
function sequencesOf(event: EventOf<"spooled" | "delivered" | "dropped">): readonly number[] {
  switch (event.kind) {
    case "spooled":
      return [event.sequence];
    case "delivered":
      return event.sequences;
    case "dropped":
      return event.origin.from === "recovered" ? [] : event.origin.sequences;
  }
}

/** What batches hold that were refused, by reason, collection and partition. */
export function refusalsTogether(refusals: readonly Refusal[]): Refused[] {
  const groups = new Map<string, { reason: DropReason; place: LabelPlace; batches: OutgoingBatch[] }>();
  for (const { batch, reason } of refusals) {
    const place = placeOf(batch.label) ?? { collection: unknownCollection };
    const key = `${reason}\n${place.collection}\n${place.partition ?? ""}`;
    const group = groups.get(key) ?? { reason, place, batches: [] };
    groups.set(key, group);
    group.batches.push(batch);
  }
  return Array.from(groups.values(), ({ reason, place, batches }) => ({
    ...{ reason, place, counts: sumCounts(batches.map((batch) => batch.counts)) },
    sequences: batches.map(({ sequence }) => sequence),
  }));
}

interface Refused {
  readonly reason: DropReason;
  readonly place: LabelPlace;
  readonly counts: Counts;
  readonly sequences: readonly number[];
}
