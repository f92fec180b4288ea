import type { Counts } from "../../base/counts.ts";
import { type Clock, onNextTurn } from "../../base/time/clock.ts";
import { asError } from "../../base/errors.ts";
import { arraysAreSound, unsoundArrays } from "../../base/sound-arrays.ts";
import type { Limits } from "../../config/deployment-config.ts";
import type { Allocate } from "../../frame/wire/encode.ts";
import { FrameProblem } from "../../frame/source-frame.ts";
import type { OutgoingBatch } from "../backend.ts";
import { type Accumulator, measure } from "./accumulator.ts";
import { Barriers } from "./barriers.ts";
import { maxDrainMs } from "./drain-time.ts";
import { BatchFiller } from "./batch-filler.ts";
import { FinishedBatches } from "./finished-batches.ts";
import { GatheringTime } from "./gathering-time.ts";
import { FrameQueue, type Queued, queueShare } from "./frame-queue.ts";
import { Losses, type OnLoss } from "./losses.ts";

/** What a batcher is given. */
export interface BatcherParts {
  readonly clock: Clock;
  /** Takes a finished batch. */
  readonly handOver: (batch: OutgoingBatch) => void;
  readonly dropped: OnLoss;
  readonly limits: () => Limits;
  /** Where batches get their memory; by default each has its own. */
  readonly allocate?: Allocate | undefined;
  /** A frame is handed over at the latest after this long, milliseconds. */
  readonly flushIntervalMs: number;
}

/**
 * A batch is handed over at this size: small enough to stay in cache, large enough that its directory costs
 * nothing.
 */
const batchBytes = 256 * 1024;
/**
 * And with so many columns, if they are not those of one frame: each takes memory of its own, a kilobyte or
 * more, and every row has a bit for it.
 */
const batchColumns = 512;
/** Cells between two looks at the clock. */
const cellsPerStep = 2_048;
/** When the queue takes more than this share of what is set aside for it, calls help the drain. */
const helpedShare = 1 / 48;
/**
 * Frames that take no more together wait for the time at which they are handed over: a service that is not
 * busy has its drain run once for the frames of several requests, and finds all that it needs in the
 * processor's caches.
 */
const lazyBytes = 256 * 1024;
/** The least work that a helping call does, in cells. */
const minHelp = 256;

/**
 * Gathers accepted frames into batches. `collect` only queues a snapshot; the columns are filled in a drain,
 * when it is time to hand them over or so many wait that it is to begin on the next turn of the event loop,
 * and that gives the loop back after so long that neither a burst of calls nor one long frame holds up the
 * host. It is time on the next turn, too, for frames after which most likely none comes soon.
 *
 * A frame that waits in the queue takes several times what it takes in a batch. So when calls come faster
 * than the drain works, most of all in a loop that never gives the event loop back, each call also does twice
 * as much of the drain's work as it adds. The batches that are finished in a call are handed over later: that
 * can mean a write to a disk, for which no call waits.
 *
 * Nothing here throws: it runs on the host's event loop.
 */
export class Batcher {
  readonly #parts: BatcherParts;
  readonly #queue = new FrameQueue();
  readonly #filler: BatchFiller;
  readonly #finished = new FinishedBatches();
  readonly #losses: Losses;
  readonly #time: GatheringTime;
  /** When the queue takes more than so many bytes, calls help the drain. */
  #helpFrom = 0;
  readonly #barriers = new Barriers();
  #scheduled = false;
  /** What was queued up to here is to be handed over as soon as it is filled in. */
  #dueUpTo: number | undefined;
  /** Those that are due, which the drain hands over one by one. */
  #due: Accumulator[] = [];
  /**
   * True while a frame is worked on, and while a call of `collect` helps. Nobody is told anything then: a
   * listener may collect, or end the process, which has all that is queued handed over at once.
   */
  #stepping = false;
  #helping = false;
  /** As it was at the last look. */
  #sound = true;

  constructor(parts: BatcherParts) {
    this.#parts = parts;
    this.#time = new GatheringTime({ ...parts, due: () => this.#beDue() });
    this.#losses = new Losses(parts.dropped);
    this.#filler = new BatchFiller({
      limits: parts.limits,
      allocate: parts.allocate,
      losses: this.#losses,
      handOver: (accumulator) => this.#finish(accumulator),
      handOverAll: () => this.#handOverAll(),
      opened: () => {
        if (this.#dueUpTo === undefined) this.#time.arm();
      },
    });
  }

  /**
   * Bytes of memory that the frames take which it has and has not handed over: those in the queue, and twice
   * what is in builders, whose buffers double when they are full. For the queue a share is set aside, full or
   * empty: once it was full, the engine keeps that much of its heap. The buffers of empty builders are not in
   * it; there are few (see the constants of `batch-filler.ts`).
   *
   * @param more bytes of a frame to come.
   * @param max bytes that may be held in all.
   */
  heldBytes(more: number, max: number): number {
    return Math.max(this.#queue.bytes + more, queueShare(max)) + this.#filler.bytes;
  }

  /** Queues a frame; it is in the ledger as buffered already. */
  enqueue(queued: Queued): void {
    const { snapshot } = queued;
    this.#queue.add(queued);
    if (this.#scheduled) {
      if (this.#queue.bytes > this.#helpFrom) this.#help(snapshot.rows * snapshot.columns.length);
      return;
    }
    this.#helpFrom = queueShare(this.#parts.limits().maxMemoryBytes) * helpedShare;
    if (this.#queue.bytes <= Math.min(lazyBytes, this.#helpFrom)) this.#time.began();
    else this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    onNextTurn(this.#drain);
  }

  /**
   * The same, and hands it over before it returns, with all before it. Leaves nothing for the event loop to
   * do.
   */
  enqueueNow(queued: Queued): void {
    this.#queue.add(queued);
    this.flushNow();
  }

  /** Hands over a record that is no frames', after all that is finished; first tells its number. */
  addRecord(label: string, record: Uint8Array, numbered: (sequence: number) => void, counts?: Counts): void {
    numbered(this.#finished.addRecord(label, record, counts));
    this.#handOverFinished();
  }

  /** Resolves when everything queued before this call has been handed over; works in the same small steps. */
  flush(): Promise<void> {
    return new Promise((resolve) => {
      this.#barriers.add(this.#queue.added, resolve);
      this.#passBarriers();
      if (this.#queue.first !== undefined) this.#schedule();
    });
  }

  /** Hands over everything queued and gathered so far before it returns, however long that takes. */
  flushNow(): void {
    this.#sound = arraysAreSound();
    while (this.#step(cellsPerStep));
    this.#handOverAll();
  }

  readonly #drain = (): void => {
    const { clock } = this.#parts;
    const start = clock.monotonic();
    const isBusy = this.#queue.bytes > lazyBytes;
    this.#sound = arraysAreSound();
    this.#passBarriers();
    while (this.#handOverNext() || this.#step(cellsPerStep)) {
      const isNextLong = this.#due.length > 0 || !this.#finished.isEmpty;
      if (clock.monotonic() - start < maxDrainMs(isBusy, isNextLong)) continue;
      onNextTurn(this.#drain);
      return;
    }
    this.#scheduled = false;
  };

  /**
   * Twice as much of the drain's work as a frame of so many cells adds, so that the queue becomes shorter.
   */
  #help(cells: number): void {
    this.#helping = true;
    const share = Math.max(minHelp, cells);
    for (let i = 0; i < 2; i++) this.#step(share);
    this.#helping = false;
    this.#tellLosses();
  }

  /** About so many cells of work; false when there is none. */
  #step(cells: number): boolean {
    const queued = this.#queue.first;
    if (queued === undefined || this.#stepping) return false;
    this.#stepping = true;
    const done = this.#filler.fill(queued, cells, this.#sound);
    if (done) this.#leave(queued);
    this.#stepping = false;
    if (this.#helping) return true;
    if (done) this.#reachDue();
    if (done) this.#passBarriers();
    this.#tellLosses();
    return true;
  }

  /** The first of the queue is in a batch, or dropped. */
  #leave(queued: Queued): void {
    this.#queue.remove(queued);
    queued.snapshot.release();
    const accumulator = this.#filler.complete();
    if (accumulator !== undefined) this.#finishFull(accumulator, queued.snapshot.names.length);
  }

  /** `columns`: those of the last frame. */
  #finishFull(accumulator: Accumulator, columns: number): void {
    const { estimate, width } = accumulator;
    if (estimate >= batchBytes && this.#filler.measure(accumulator) >= batchBytes) this.#finish(accumulator);
    else if (width > batchColumns && width > columns * 2) this.#finish(accumulator, "forget");
  }

  /** Called between two frames, so none of a flush's frames is in a builder that cannot be handed over. */
  #passBarriers(): void {
    const reached = this.#barriers.take(this.#queue.removed);
    if (reached.length === 0) return;
    this.#handOverAll();
    for (const tell of reached) tell();
  }

  /** It is time to hand over what is there, and first to fill in what waits. */
  #beDue(): void {
    this.#dueUpTo = this.#queue.added;
    this.#reachDue();
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#drain();
  }

  /** All that is due is filled in. */
  #reachDue(): void {
    if (this.#dueUpTo === undefined || this.#queue.removed < this.#dueUpTo) return;
    this.#dueUpTo = undefined;
    this.#filler.forEach((accumulator) => this.#due.push(accumulator));
  }

  /** Hands over a batch that is finished, or finishes one that is due; false if there is none. */
  #handOverNext(): boolean {
    if (this.#finished.handOverOne(this.#parts.handOver)) return true;
    const next = this.#due.shift();
    if (next !== undefined && this.#filler.isOpen(next)) this.#leaveOrWait(next);
    return next !== undefined;
  }

  #handOverAll(): void {
    this.#handOverFinished();
    this.#filler.forEach((accumulator) => {
      this.#leaveOrWait(accumulator);
      this.#handOverFinished();
    });
  }

  /** A frame half filled in stays; its accumulator goes with the next round. */
  #leaveOrWait(accumulator: Accumulator): void {
    if (this.#filler.isBegun(accumulator)) this.#time.arm();
    else this.#finish(accumulator);
  }

  /** `builders`: whether the next batch is likely to have the same columns. */
  #finish(accumulator: Accumulator, builders: "keep" | "forget" = "keep"): void {
    const { collection, builder } = accumulator;
    this.#filler.close(accumulator);
    if (builder.frames === 0) return;
    const counts = { frames: builder.frames, rows: builder.rows, bytes: accumulator.bytes };
    try {
      if (!arraysAreSound()) throw new FrameProblem(unsoundArrays);
      counts.bytes = measure(accumulator);
      this.#finished.add(accumulator, counts);
    } catch (thrown) {
      // Most likely there is no memory for it.
      const reason = thrown instanceof FrameProblem ? thrown.reason : "memory";
      this.#losses.count({ collection, timeMs: accumulator.partition }, reason, counts, asError(thrown));
      this.#tellLosses();
      return;
    }
    if (builders === "keep") this.#filler.reuse(accumulator, counts.bytes);
  }

  #handOverFinished(): void {
    if (!this.#stepping && !this.#helping) this.#finished.handOver(this.#parts.handOver);
  }

  #tellLosses(): void {
    if (!this.#stepping && !this.#helping) this.#losses.tell();
  }
}
