import type { Clock } from "../base/clock.ts";
import type { Format, Limits, RollingRate } from "../config/deployment-config.ts";
import type { SystemConstants } from "../frame/batch.ts";
import { type BatchBuilder, createBatchBuilder, type FrameFacts } from "../frame/batch-builder.ts";
import type { Snapshot } from "../frame/snapshot.ts";
import type { Counts } from "../spool/spool.ts";
import type { OutgoingBatch } from "./backend.ts";
import type { Ledger } from "./ledger.ts";
import { partitionStart } from "./partition.ts";
import { labelText } from "./segment-label.ts";

/**
 * Gathers accepted frames into batches. `collect` only queues a snapshot; the columns are filled in a `setImmediate` drain that
 * gives the event loop back after `drainMs`, so neither a burst of calls nor one long frame holds up the host.
 */
export interface Batcher {
  /** Queues a frame; it is in the ledger as buffered already. */
  add(stream: Stream, snapshot: Snapshot, facts: FrameFacts): void;
  /** Resolves when everything queued before this call has been handed over; works in the same small steps. */
  flush(): Promise<void>;
  /** Hands over everything queued and gathered so far before it returns, however long that takes. */
  flushNow(): void;
}

/** Where a collector's frames go: what, with the partition, makes a batch's label. */
export interface Stream {
  readonly collection: string;
  readonly endpoint: string;
  readonly deployment: string;
  readonly format: Format;
  readonly rollingRate: RollingRate;
  readonly ledger: Ledger;
  /** Current values of the system columns that are the same in a batch; a new object when one changes. */
  readonly constants: SystemConstants;
}

export interface BatcherParts {
  readonly clock: Clock;
  /** Takes a finished batch. */
  readonly handOver: (batch: OutgoingBatch) => void;
  /** A queued frame turned out larger than the limit allows; the ledger knows already. */
  readonly tooLarge: (stream: Stream, counts: Counts) => void;
  readonly limits: () => Limits;
  /** A frame is handed over at the latest after this long, milliseconds. */
  readonly flushIntervalMs: number;
}

interface Gathering {
  readonly stream: Stream;
  readonly constants: SystemConstants;
  readonly partition: number;
  readonly builder: BatchBuilder;
  /** The builder's size when it was empty. */
  readonly base: number;
  /** Ledger bytes of its complete frames: what the builder grew by. */
  bytes: number;
}

interface Queued {
  readonly stream: Stream;
  readonly constants: SystemConstants;
  readonly snapshot: Snapshot;
  readonly facts: FrameFacts;
}

/** A batch is handed over at this size: small enough to stay in cache, large enough that its directory costs nothing. */
const batchBytes = 256 * 1024;
/** How long a drain may hold the event loop, milliseconds. */
const drainMs = 0.5;
/** Cells between two looks at the clock. */
const cellsPerStep = 4_096;
/** Gatherings open at once; beyond it all are handed over (hostile request times would open one for every hour). */
const maxGatherings = 64;
/** Emptied builders kept for reuse: their buffers are warm. */
const maxSpareBuilders = 8;

export function createBatcher(parts: BatcherParts): Batcher {
  return new FrameBatcher(parts);
}

class FrameBatcher implements Batcher {
  readonly #parts: BatcherParts;
  readonly #gatherings = new Map<Stream, Map<number, Gathering>>();
  readonly #spareBuilders: BatchBuilder[] = [];
  readonly #queue: (Queued | undefined)[] = [];
  #added = 0;
  #done = 0;
  #open = 0;
  #head = 0;
  #begun: Gathering | undefined;
  #scheduled = false;
  #timer: Disposable | undefined;
  #sequence = 0;

  constructor(parts: BatcherParts) {
    this.#parts = parts;
  }

  add(stream: Stream, snapshot: Snapshot, facts: FrameFacts): void {
    this.#queue.push({ stream, constants: stream.constants, snapshot, facts });
    this.#added++;
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#drain);
  }

  async flush(): Promise<void> {
    const target = this.#added;
    while (this.#done < target) await new Promise<void>((resolve) => setImmediate(resolve));
    this.#handOverAll();
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
      setImmediate(this.#drain);
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
    if (this.#begun === undefined) {
      this.#begun = this.#gathering(
        stream,
        constants,
        partitionStart(facts.requestTimeMs, stream.rollingRate),
      );
      this.#begun.builder.begin(snapshot, facts);
    }
    const gathering = this.#begun;
    const { builder } = gathering;
    const complete = builder.advance(cellsPerStep);
    const grown = builder.byteLength - gathering.base - gathering.bytes;
    const { maxFrameBytes } = this.#parts.limits();
    if (grown > maxFrameBytes) builder.abandon();
    else if (!complete) return true;
    this.#begun = undefined;
    this.#queue[this.#head++] = undefined;
    this.#done++;
    if (grown > maxFrameBytes) {
      // The estimate at the call looks at a few cells only, so a long string among short ones shows here.
      const counts = { frames: 1, rows: snapshot.rows, bytes: snapshot.bytes };
      stream.ledger.drop("buffered", "too_large", counts);
      this.#parts.tooLarge(stream, counts);
    } else {
      gathering.bytes += grown;
      stream.ledger.correctBytes(grown - snapshot.bytes);
    }
    if (gathering.bytes >= batchBytes) this.#handOver(gathering);
    return true;
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
    const builder =
      this.#spareBuilders.pop() ??
      createBatchBuilder({ maxStringBytes: this.#parts.limits().maxStringBytes });
    const gathering = { stream, constants, partition, builder, base: builder.byteLength, bytes: 0 };
    ofStream.set(partition, gathering);
    this.#open++;
    this.#arm();
    return gathering;
  }

  #arm(): void {
    this.#timer ??= this.#parts.clock.setTimer(() => {
      this.#timer = undefined;
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

  #handOver(gathering: Gathering): void {
    const { stream, constants, partition, builder, bytes } = gathering;
    this.#gatherings.get(stream)?.delete(partition);
    this.#open--;
    if (builder.frames === 0) return;
    const counts = { frames: builder.frames, rows: builder.rows, bytes };
    const { format, rollingRate, endpoint, deployment, collection } = stream;
    this.#parts.handOver({
      sequence: ++this.#sequence,
      label: labelText({ format, rollingRate, endpoint, deployment, collection, partition }),
      bytes: builder.finish({ collection, partition, constants, bytes }),
      counts,
    });
    if (this.#spareBuilders.length < maxSpareBuilders) this.#spareBuilders.push(builder);
  }
}
