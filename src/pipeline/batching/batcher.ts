import type { Counts } from "../../base/counts.ts";
import { type Clock, onNextTurn } from "../../base/time/clock.ts";
import { asError } from "../../base/errors.ts";
import { arraysAreSound, unsoundArrays } from "../../base/sound-arrays.ts";
import type { Limits } from "../../config/deployment-config.ts";
import type { SystemConstants } from "../../frame/batch.ts";
import { createBatchBuilder, type FrameFacts } from "../../frame/batch-builder.ts";
import type { Snapshot } from "../../frame/snapshot.ts";
import type { Allocate } from "../../frame/wire/encode.ts";
import { FrameProblem } from "../../frame/source-frame.ts";
import type { OutgoingBatch } from "../backend.ts";
import { type Gathering, measure } from "./accumulator.ts";
import type { DropReason } from "../ledger.ts";
import { hasPlainDate, partitionStart } from "../../layout/partition.ts";
import { labelText } from "../segment-label.ts";
import type { Stream } from "../stream.ts";

/**
 * Gathers accepted frames into batches. `collect` only queues a snapshot; the columns are filled in a drain, on the next turn of
 * the event loop, that gives the loop back after `drainMs`, so neither a burst of calls nor one long frame holds up the host.
 *
 * A frame that waits in the queue takes several times what it takes in a batch. So when calls come faster than the drain works, most of
 * all in a loop that never gives the event loop back, each call also does twice as much of the drain's work as it adds. The batches that
 * are finished in a call are handed over later: that can mean a write to a disk, for which no call waits.
 *
 * Nothing here throws: it runs on the host's event loop.
 */
export interface Batcher {
  /**
   * Bytes of memory that the frames take which it has and has not handed over: those in the queue, and twice what is in builders, whose
   * buffers double when they are full. For the queue a share is set aside, full or empty: once it was full, the engine keeps that much
   * of its heap. The buffers of empty builders are not in it; there are few (see the constants).
   *
   * @param more bytes of a frame to come.
   * @param most bytes that may be held in all.
   */
  heldBytes(more: number, most: number): number;
  /**
   * Queues a frame; it is in the ledger as buffered already.
   *
   * @param memory bytes that the frame and its facts take while they wait.
   */
  add(stream: Stream, snapshot: Snapshot, facts: FrameFacts, memory?: number): void;
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
  readonly memory: number;
  next: Queued | undefined = undefined;

  constructor(stream: Stream, snapshot: Snapshot, facts: FrameFacts, memory: number) {
    this.stream = stream;
    this.constants = stream.constants;
    this.snapshot = snapshot;
    this.facts = facts;
    this.memory = memory;
  }
}

/** Frames that were lost, told when all is in order again. */
interface Loss {
  readonly stream: Stream;
  readonly reason: DropReason;
  readonly counts: Counts;
  readonly cause: Error;
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
/** What is set aside for the queue of all that may be held: half, but no more than this. */
const queueBytes = 64 * 1024 * 1024;
/** When the queue takes more than this share of what is set aside for it, calls help the drain. */
const helpedShare = 1 / 48;
/** The least work that a helping call does, in cells. */
const leastHelp = 256;
/** Gatherings open at once; beyond it all are handed over (hostile request times would open one for every hour). */
const maxGatherings = 64;
/** A frame takes in a batch at most so many times what its snapshot takes: eight-byte numbers from one-byte ones, and a margin. */
const mostGrowth = 16;
/** Columns in open builders, and in spare ones: the empty buffers of a column take 1 to 12 KiB, more than most frames. */
const maxColumns = 4_096;
/** Emptied builders kept for reuse: their buffers are warm. Not those whose last batch was larger than `maxSpareBytes`. */
const maxSpares = 8;
const maxSpareBytes = 1024 * 1024;

export function createBatcher(parts: BatcherParts): Batcher {
  return new FrameBatcher(parts);
}

/** What is set aside for the queue. */
function queueShare(most: number): number {
  return Math.min(queueBytes, most / 2);
}

class FrameBatcher implements Batcher {
  readonly #parts: BatcherParts;
  readonly #gatherings = new Map<Stream, Map<number, Gathering>>();
  readonly #spares: Gathering[] = [];
  /** The queue. A list, not an array: it is never copied, and an array's methods are the host's to replace. */
  #first: Queued | undefined;
  #last: Queued | undefined;
  /** Bytes of memory that the queue takes, and twice the estimates of all gatherings. */
  #waitingBytes = 0;
  #gatheredBytes = 0;
  /** When the queue takes more than so many bytes, calls help the drain. */
  #helpFrom = 0;
  /** Batches that were finished in a call of `collect`, by their number. */
  readonly #finished = new Map<number, OutgoingBatch>();
  /** In the order of their targets. */
  readonly #barriers: Barrier[] = [];
  #added = 0;
  #done = 0;
  #open = 0;
  #columns = 0;
  #begun: Gathering | undefined;
  #scheduled = false;
  #armed = false;
  /**
   * True while a frame is worked on, and while a call of `collect` helps. Nobody is told anything then: a listener may collect, or end the
   * process, which has all that is queued handed over at once.
   */
  #stepping = false;
  #helping = false;
  /** No array: a host can see to it that those keep nothing. */
  readonly #untold = new Set<Loss>();
  /** As it was at the last look. */
  #sound = true;
  #sequence = 0;
  /** The last batch's label. */
  #labelled: { readonly stream: Stream; readonly partition: number; readonly text: string } | undefined;

  constructor(parts: BatcherParts) {
    this.#parts = parts;
  }

  heldBytes(more: number, most: number): number {
    return Math.max(this.#waitingBytes + more, queueShare(most)) + this.#gatheredBytes;
  }

  add(stream: Stream, snapshot: Snapshot, facts: FrameFacts, memory: number = snapshot.memory): void {
    this.#enqueue(new Queued(stream, snapshot, facts, memory));
    if (this.#scheduled) {
      if (this.#waitingBytes > this.#helpFrom) this.#help(snapshot.rows * snapshot.columns.length);
      return;
    }
    this.#scheduled = true;
    this.#helpFrom = queueShare(this.#parts.limits().maxMemoryBytes) * helpedShare;
    onNextTurn(this.#drain);
  }

  addNow(stream: Stream, snapshot: Snapshot, facts: FrameFacts): void {
    this.#enqueue(new Queued(stream, snapshot, facts, snapshot.memory));
    this.flushNow();
  }

  #enqueue(queued: Queued): void {
    if (this.#last === undefined) this.#first = queued;
    else this.#last.next = queued;
    this.#last = queued;
    this.#added++;
    this.#waitingBytes += queued.memory;
  }

  flush(): Promise<void> {
    return new Promise((resolve) => {
      this.#barriers.push({ target: this.#added, resolve });
      this.#passBarriers();
    });
  }

  flushNow(): void {
    this.#sound = arraysAreSound();
    while (this.#step(cellsPerStep));
    this.#handOverAll();
  }

  readonly #drain = (): void => {
    const { clock } = this.#parts;
    const end = clock.monotonic() + drainMs;
    this.#sound = arraysAreSound();
    this.#handOverFinished();
    this.#passBarriers();
    while (this.#step(cellsPerStep)) {
      if (clock.monotonic() < end) continue;
      onNextTurn(this.#drain);
      return;
    }
    this.#scheduled = false;
  };

  /** Twice as much of the drain's work as a frame of so many cells adds, so that the queue becomes shorter. */
  #help(cells: number): void {
    this.#helping = true;
    const share = Math.max(leastHelp, cells);
    for (let i = 0; i < 2; i++) this.#step(share);
    this.#helping = false;
    this.#tellLosses();
  }

  /** About so many cells of work; false when there is none. */
  #step(cells: number): boolean {
    const queued = this.#first;
    if (queued === undefined || this.#stepping) return false;
    this.#stepping = true;
    const done = this.#work(queued, cells);
    if (done) this.#leave(queued);
    this.#stepping = false;
    if (this.#helping) return true;
    this.#handOverFinished();
    if (done) this.#passBarriers();
    this.#tellLosses();
    return true;
  }

  /** The first of the queue is in a batch, or dropped. */
  #leave(queued: Queued): void {
    this.#first = queued.next;
    if (this.#first === undefined) this.#last = undefined;
    // Whoever is old and dead must not keep the young alive.
    queued.next = undefined;
    this.#waitingBytes -= queued.memory;
    this.#done++;
    queued.snapshot.release();
    const gathering = this.#begun;
    this.#begun = undefined;
    if (gathering !== undefined) this.#handOverFull(gathering, queued.snapshot.names.length);
  }

  /** `columns`: those of the last frame. */
  #handOverFull(gathering: Gathering, columns: number): void {
    const { estimate, width } = gathering;
    if (estimate >= batchBytes && this.#measure(gathering) >= batchBytes) this.#handOver(gathering);
    else if (width > batchColumns && width > columns * 2) this.#handOver(gathering, "forget");
  }

  /** Works on a frame; true when it needs no more, be it in a batch or dropped. */
  #work({ stream, constants, snapshot, facts }: Queued, cells: number): boolean {
    const { maxFrameBytes } = this.#parts.limits();
    // What the snapshot takes was checked at the call; what becomes of it shows only here.
    const bounded = snapshot.bytes * mostGrowth > maxFrameBytes;
    try {
      if (!this.#sound) throw new FrameProblem(unsoundArrays);
      let gathering = this.#begun;
      if (gathering === undefined) {
        const { requestTimeMs } = facts;
        if (!hasPlainDate(requestTimeMs))
          throw new FrameProblem(
            "its request time is no whole number of milliseconds of the years 0 to 9999",
          );
        gathering = this.#gathering(stream, constants, partitionStart(requestTimeMs, stream.rollingRate));
        if (bounded) this.#measure(gathering);
        this.#begun = gathering;
        gathering.builder.begin(snapshot, facts);
      }
      const { builder } = gathering;
      const limit = bounded ? gathering.base + gathering.bytes + maxFrameBytes : undefined;
      if (!builder.advance(cells, limit)) return false;
      gathering.bytes += snapshot.bytes;
      this.#estimate(gathering, Math.max(snapshot.bytes, 8 * snapshot.rows * snapshot.columns.length));
      this.#columns += builder.width - gathering.width;
      gathering.width = builder.width;
    } catch (thrown) {
      const reason = thrown instanceof FrameProblem ? thrown.reason : "invalid";
      this.#drop(stream, reason, { frames: 1, rows: snapshot.rows, bytes: snapshot.bytes }, asError(thrown));
      this.#abandon();
    }
    return true;
  }

  /** The frame that was begun is not to be stored. If even that cannot be undone, its whole gathering is lost. */
  #abandon(): void {
    const gathering = this.#begun;
    if (gathering === undefined) return;
    try {
      gathering.builder.abandon();
    } catch (thrown) {
      this.#begun = undefined;
      this.#forget(gathering);
      const { builder, bytes, stream } = gathering;
      this.#drop(stream, "invalid", { frames: builder.frames, rows: builder.rows, bytes }, asError(thrown));
    }
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
    if (this.#open >= maxGatherings || this.#columns > maxColumns) this.#handOverAll();
    const { maxStringBytes } = this.#parts.limits();
    const { allocate } = this.#parts;
    const spare = this.#spares.pop();
    const builder =
      spare?.maxStringBytes === maxStringBytes
        ? spare.builder
        : createBatchBuilder({ maxStringBytes, ...(allocate === undefined ? {} : { allocate }) });
    const base = builder.byteLength;
    const { width } = builder;
    const gathering = { stream, constants, partition, builder, maxStringBytes, base, width };
    const begun: Gathering = { ...gathering, bytes: 0, estimate: 0 };
    ofStream.set(partition, begun);
    this.#open++;
    this.#columns += width;
    this.#arm();
    return begun;
  }

  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    this.#parts.clock.setTimer(() => {
      this.#armed = false;
      this.#handOverAll();
    }, this.#parts.flushIntervalMs);
  }

  #estimate(gathering: Gathering, more: number): void {
    gathering.estimate += more;
    this.#gatheredBytes += 2 * more;
  }

  #measure(gathering: Gathering): number {
    const bytes = measure(gathering);
    this.#estimate(gathering, bytes - gathering.estimate);
    return bytes;
  }

  #handOverAll(): void {
    this.#handOverFinished();
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
    this.#forget(gathering);
    if (builder.frames === 0) return;
    const counts = { frames: builder.frames, rows: builder.rows, bytes: gathering.bytes };
    const { collection } = stream;
    try {
      if (!arraysAreSound()) throw new FrameProblem(unsoundArrays);
      counts.bytes = measure(gathering);
      const label = this.#label(stream, partition);
      const bytes = builder.finish({ collection, partition, constants, bytes: counts.bytes });
      const sequence = ++this.#sequence;
      this.#finished.set(sequence, { sequence, label, bytes, counts });
    } catch (thrown) {
      // Most likely there is no memory for it.
      const reason = thrown instanceof FrameProblem ? thrown.reason : "memory";
      this.#drop(stream, reason, counts, asError(thrown));
      return;
    }
    this.#handOverFinished();
    if (builders === "keep" && counts.bytes <= maxSpareBytes) this.#keepSpare(gathering);
  }

  #handOverFinished(): void {
    if (this.#stepping || this.#helping) return;
    for (const [sequence, batch] of this.#finished) {
      this.#finished.delete(sequence);
      this.#parts.handOver(batch);
    }
  }

  #forget(gathering: Gathering): void {
    this.#gatherings.get(gathering.stream)?.delete(gathering.partition);
    this.#open--;
    this.#columns -= gathering.width;
    this.#gatheredBytes -= 2 * gathering.estimate;
  }

  #keepSpare(gathering: Gathering): void {
    if (this.#spares.length >= maxSpares) return;
    gathering.width = gathering.builder.width;
    const columns = this.#spares.reduce((sum, { width }) => sum + width, gathering.width);
    if (columns <= maxColumns) this.#spares.push(gathering);
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
    this.#untold.add({ stream, reason, counts, cause });
    this.#tellLosses();
  }

  #tellLosses(): void {
    if (this.#stepping || this.#helping) return;
    for (const loss of this.#untold) {
      this.#untold.delete(loss);
      try {
        this.#parts.dropped(loss.stream, loss.reason, loss.counts, loss.cause);
      } catch {
        // It is counted; telling it went wrong.
      }
    }
  }
}
