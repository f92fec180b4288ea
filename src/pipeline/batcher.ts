import { type Clock, onNextTurn } from "../base/clock.ts";
import { asError } from "../base/errors.ts";
import type { Limits } from "../config/deployment-config.ts";
import type { SystemConstants } from "../frame/batch.ts";
import { createBatchBuilder, type FrameFacts } from "../frame/batch-builder.ts";
import type { Snapshot } from "../frame/snapshot.ts";
import type { Allocate } from "../frame/wire.ts";
import { FrameProblem } from "../frame/source-frame.ts";
import type { Counts } from "../spool/spool.ts";
import type { OutgoingBatch } from "./backend.ts";
import { type Gathering, measure } from "./gathering.ts";
import type { DropReason } from "./ledger.ts";
import { partitionStart } from "./partition.ts";
import { labelText } from "./segment-label.ts";
import type { Stream } from "./stream.ts";

/**
 * Gathers accepted frames into batches. `collect` only queues a snapshot; the columns are filled in a drain, on the next turn of
 * the event loop, that gives the loop back after `drainMs`, so neither a burst of calls nor one long frame holds up the host.
 */
export interface Batcher {
  /** Queues a frame; it is in the ledger as buffered already. */
  add(stream: Stream, snapshot: Snapshot, facts: FrameFacts): void;
  /** The same, and hands it over before it returns, with all before it. Leaves nothing for the event loop to do. */
  addNow(stream: Stream, snapshot: Snapshot, facts: FrameFacts): void;
  /** Resolves when everything queued before this call has been handed over; works in the same small steps. */
  flush(): Promise<void>;
  /** Hands over everything queued and gathered so far before it returns, however long that takes. */
  flushNow(): void;
}

export interface BatcherParts {
  readonly clock: Clock;
  /** Takes a finished batch. */
  readonly handOver: (batch: OutgoingBatch) => void;
  /** Frames that had been queued were lost; the ledger knows already. */
  readonly dropped: (stream: Stream, reason: DropReason, counts: Counts, cause: Error) => void;
  readonly limits: () => Limits;
  /** Where batches get their memory; by default each has its own. */
  readonly allocate?: Allocate | undefined;
  /** A frame is handed over at the latest after this long, milliseconds. */
  readonly flushIntervalMs: number;
}

/** A class for the reason that a snapshot is one: see `snapshot.ts`. */
class Queued {
  readonly stream: Stream;
  readonly constants: SystemConstants;
  readonly snapshot: Snapshot;
  readonly facts: FrameFacts;

  constructor(stream: Stream, snapshot: Snapshot, facts: FrameFacts) {
    this.stream = stream;
    this.constants = stream.constants;
    this.snapshot = snapshot;
    this.facts = facts;
  }
}

/** A flush that waits for the first `target` frames. */
interface Barrier {
  readonly target: number;
  readonly resolve: () => void;
}

/** A batch is handed over at this size: small enough to stay in cache, large enough that its directory costs nothing. */
const batchBytes = 256 * 1024;
/**
 * And with so many columns, if they are not those of one frame: each takes memory of its own, a kilobyte or more, and every row has a bit
 * for it.
 */
const batchColumns = 512;
/** How long a drain may hold the event loop, milliseconds. */
const drainMs = 0.5;
/** Cells between two looks at the clock. */
const cellsPerStep = 4_096;
/** Worked-off entries at the queue's head before they are cut off. */
const compactAt = 16_384;
/** Gatherings open at once; beyond it all are handed over (hostile request times would open one for every hour). */
const maxGatherings = 64;
/** A frame takes in a batch at most so many times what its snapshot takes: eight-byte numbers from one-byte ones, and a margin. */
const mostGrowth = 16;
/** Emptied builders kept for reuse: their buffers are warm. */
const maxSpares = 8;

export function createBatcher(parts: BatcherParts): Batcher {
  return new FrameBatcher(parts);
}

class FrameBatcher implements Batcher {
  readonly #parts: BatcherParts;
  readonly #gatherings = new Map<Stream, Map<number, Gathering>>();
  readonly #spares: Gathering[] = [];
  readonly #queue: (Queued | undefined)[] = [];
  /** In the order of their targets. */
  readonly #barriers: Barrier[] = [];
  #added = 0;
  #done = 0;
  #open = 0;
  #head = 0;
  #begun: Gathering | undefined;
  #scheduled = false;
  #armed = false;
  #sequence = 0;
  /** The last batch's label. */
  #labelled: { readonly stream: Stream; readonly partition: number; readonly text: string } | undefined;

  constructor(parts: BatcherParts) {
    this.#parts = parts;
  }

  add(stream: Stream, snapshot: Snapshot, facts: FrameFacts): void {
    this.#queue.push(new Queued(stream, snapshot, facts));
    this.#added++;
    if (this.#scheduled) return;
    this.#scheduled = true;
    onNextTurn(this.#drain);
  }

  addNow(stream: Stream, snapshot: Snapshot, facts: FrameFacts): void {
    this.#queue.push(new Queued(stream, snapshot, facts));
    this.#added++;
    this.flushNow();
  }

  flush(): Promise<void> {
    return new Promise((resolve) => {
      this.#barriers.push({ target: this.#added, resolve });
      this.#passBarriers();
    });
  }

  flushNow(): void {
    while (this.#step());
    this.#handOverAll();
  }

  readonly #drain = (): void => {
    const { clock } = this.#parts;
    const end = clock.monotonic() + drainMs;
    while (this.#step()) {
      if (clock.monotonic() < end) continue;
      onNextTurn(this.#drain);
      return;
    }
    this.#scheduled = false;
  };

  /** Some cells of work; false when the queue is empty. */
  #step(): boolean {
    const queued = this.#queue[this.#head];
    if (queued === undefined) {
      this.#queue.length = 0;
      this.#head = 0;
      return false;
    }
    const { stream, constants, snapshot, facts } = queued;
    const gathering =
      this.#begun ??
      this.#gathering(stream, constants, partitionStart(facts.requestTimeMs, stream.rollingRate));
    // Handing over tells listeners, and one of them may have had all that is queued handed over meanwhile.
    if (this.#queue[this.#head] !== queued) return true;
    const { builder } = gathering;
    const { maxFrameBytes } = this.#parts.limits();
    // What the snapshot takes was checked at the call; what becomes of it shows only here.
    const bounded = snapshot.bytes * mostGrowth > maxFrameBytes;
    let failure: unknown;
    try {
      if (this.#begun === undefined) {
        if (bounded) measure(gathering);
        builder.begin(snapshot, facts);
      }
      this.#begun = gathering;
      const limit = bounded ? gathering.base + gathering.bytes + maxFrameBytes : undefined;
      if (!builder.advance(cellsPerStep, limit)) return true;
      gathering.bytes += snapshot.bytes;
    } catch (thrown) {
      // Whatever it is, this runs on the host's event loop and must not end the host.
      failure = asError(thrown);
      builder.abandon();
    }
    snapshot.release();
    this.#begun = undefined;
    this.#queue[this.#head++] = undefined;
    this.#done++;
    // A queue that never runs empty would only grow.
    if (this.#head >= compactAt) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
    if (gathering.bytes >= batchBytes && measure(gathering) >= batchBytes) this.#handOver(gathering);
    else if (builder.width > batchColumns && builder.width > snapshot.names.length * 2)
      this.#handOver(gathering, "forget");
    this.#passBarriers();
    if (failure !== undefined) {
      // Last: a listener may collect, or end the process, and all is in order now.
      const reason = failure instanceof FrameProblem ? failure.reason : "invalid";
      this.#drop(stream, reason, { frames: 1, rows: snapshot.rows, bytes: snapshot.bytes }, asError(failure));
    }
    return true;
  }

  /** Called between two frames, so none of a flush's frames is in a builder that cannot be handed over. */
  #passBarriers(): void {
    const waiting = this.#barriers.findIndex(({ target }) => target > this.#done);
    const reached = waiting === -1 ? this.#barriers.length : waiting;
    if (reached === 0) return;
    this.#handOverAll();
    for (const { resolve } of this.#barriers.splice(0, reached)) resolve();
  }

  #gathering(stream: Stream, constants: SystemConstants, partition: number): Gathering {
    let ofStream = this.#gatherings.get(stream);
    if (ofStream === undefined) {
      ofStream = new Map();
      this.#gatherings.set(stream, ofStream);
    }
    const existing = ofStream.get(partition);
    if (existing !== undefined) {
      if (existing.constants === constants) return existing;
      this.#handOver(existing);
    }
    if (this.#open >= maxGatherings) this.#handOverAll();
    const { maxStringBytes } = this.#parts.limits();
    const { allocate } = this.#parts;
    const spare = this.#spares.pop();
    const builder =
      spare?.maxStringBytes === maxStringBytes
        ? spare.builder
        : createBatchBuilder({ maxStringBytes, ...(allocate === undefined ? {} : { allocate }) });
    const base = builder.byteLength;
    const gathering = { stream, constants, partition, builder, maxStringBytes, base, bytes: 0 };
    ofStream.set(partition, gathering);
    this.#open++;
    this.#arm();
    return gathering;
  }

  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    this.#parts.clock.setTimer(() => {
      this.#armed = false;
      this.#handOverAll();
    }, this.#parts.flushIntervalMs);
  }

  #handOverAll(): void {
    for (const gatherings of this.#gatherings.values()) {
      for (const gathering of gatherings.values()) {
        // A frame half filled in stays; its gathering goes with the next round.
        if (gathering === this.#begun) this.#arm();
        else this.#handOver(gathering);
      }
    }
  }

  /** `builders`: whether the next batch is likely to have the same columns. */
  #handOver(gathering: Gathering, builders: "keep" | "forget" = "keep"): void {
    const { stream, constants, partition, builder } = gathering;
    this.#gatherings.get(stream)?.delete(partition);
    this.#open--;
    if (builder.frames === 0) return;
    const bytes = measure(gathering);
    const counts = { frames: builder.frames, rows: builder.rows, bytes };
    const { collection } = stream;
    let finished: Uint8Array;
    try {
      finished = builder.finish({ collection, partition, constants, bytes });
    } catch (thrown) {
      // Most likely there is no memory for it; and this may be the host's event loop.
      this.#drop(stream, "memory", counts, asError(thrown));
      return;
    }
    this.#parts.handOver({
      sequence: ++this.#sequence,
      label: this.#label(stream, partition),
      bytes: finished,
      counts,
    });
    if (builders === "keep" && this.#spares.length < maxSpares) this.#spares.push(gathering);
  }

  /** Mostly the same as that of the batch before. */
  #label(stream: Stream, partition: number): string {
    if (this.#labelled?.stream !== stream || this.#labelled.partition !== partition) {
      const { format, rollingRate, endpoint, deployment, collection } = stream;
      const text = labelText({ format, rollingRate, endpoint, deployment, collection, partition });
      this.#labelled = { stream, partition, text };
    }
    return this.#labelled.text;
  }

  #drop(stream: Stream, reason: DropReason, counts: Counts, cause: Error): void {
    stream.ledger.drop("buffered", reason, counts);
    this.#parts.dropped(stream, reason, counts, cause);
  }
}
