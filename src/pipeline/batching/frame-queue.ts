import type { FrameFacts } from "../../frame/batch-builder.ts";
import type { SystemConstants } from "../../frame/batch.ts";
import type { Snapshot } from "../../frame/snapshot.ts";
import type { Collection } from "../collection.ts";

/** A frame that waits. A class for the reason that a snapshot is one: see `snapshot.ts`. */
export class Queued {
  readonly collection: Collection;
  readonly constants: SystemConstants;
  readonly snapshot: Snapshot;
  readonly facts: FrameFacts;
  /** Bytes that the frame and its facts take. */
  readonly memory: number;
  next: Queued | undefined = undefined;

  constructor(collection: Collection, snapshot: Snapshot, facts: FrameFacts, memory: number) {
    this.collection = collection;
    this.constants = collection.constants;
    this.snapshot = snapshot;
    this.facts = facts;
    this.memory = memory;
  }
}

/**
 * Frames that wait for the drain. A list, not an array: it is never copied, and an array's methods are the
 * host's to replace.
 */
export class FrameQueue {
  /** The next one to be worked on. */
  first: Queued | undefined = undefined;
  /** Bytes of memory that they take. */
  bytes = 0;
  /** How many ever came, and how many of them have left. */
  added = 0;
  removed = 0;
  #last: Queued | undefined = undefined;

  add(queued: Queued): void {
    if (this.#last === undefined) this.first = queued;
    else this.#last.next = queued;
    this.#last = queued;
    this.added++;
    this.bytes += queued.memory;
  }

  /** Removes `queued`, which is the first. */
  remove(queued: Queued): void {
    this.first = queued.next;
    if (this.first === undefined) this.#last = undefined;
    // Whoever is old and dead must not keep the young alive.
    queued.next = undefined;
    this.bytes -= queued.memory;
    this.removed++;
  }
}

/** What is set aside for the queue of all that may be held: half, but no more than this. */
export function queueShare(max: number): number {
  return Math.min(maxQueueBytes, max / 2);
}

const maxQueueBytes = 64 * 1024 * 1024;
