import { asError } from "../../base/errors.ts";
import { unsoundArrays } from "../../base/sound-arrays.ts";
import type { Limits } from "../../config/deployment-config.ts";
import { BatchBuilder } from "../../frame/batch-builder.ts";
import type { SystemConstants } from "../../frame/batch.ts";
import { FrameProblem } from "../../frame/source-frame.ts";
import type { Allocate } from "../../frame/wire/encode.ts";
import { hasPlainDate, partitionStart } from "../../layout/partition.ts";
import type { Collection } from "../collection.ts";
import { type Accumulator, measure } from "./accumulator.ts";
import type { Queued } from "./frame-queue.ts";
import type { Losses } from "./losses.ts";

/** What a filler is given. */
export interface BatchFillerParts {
  readonly limits: () => Limits;
  /** Where batches get their memory; by default each has its own. */
  readonly allocate: Allocate | undefined;
  readonly losses: Losses;
  /** Takes no more frames: it is to be handed over. */
  readonly handOver: (accumulator: Accumulator) => void;
  /** No more can be open: all are to be handed over. */
  readonly handOverAll: () => void;
  /** Something is gathered now that is to be handed over in time. */
  readonly opened: () => void;
}

/**
 * Accumulators open at once; beyond it all are handed over (hostile request times would open one for every
 * hour).
 */
const maxAccumulators = 64;
/**
 * A frame takes in a batch at most so many times what its snapshot takes: eight-byte numbers from one-byte
 * ones, and a margin.
 */
const maxGrowth = 16;
/**
 * Columns in open builders, and in spare ones: the empty buffers of a column take 1 to 12 KiB, more than most
 * frames.
 */
const maxColumns = 4_096;
/**
 * Emptied builders kept for the next batches of their collections, which mostly have the same columns. Not
 * those whose last batch was larger than `maxSpareBytes`.
 */
const maxSpares = 8;
const maxSpareBytes = 1024 * 1024;

/**
 * Fills the values of queued frames, one frame after another and step by step, into the builders of their
 * batches.
 */
export class BatchFiller {
  readonly #parts: BatchFillerParts;
  readonly #accumulators = new Map<Collection, Map<number, Accumulator>>();
  /** The one that was emptied last is at the end. */
  readonly #spares: Accumulator[] = [];
  /** Twice the estimates of all accumulators. */
  #bytes = 0;
  #open = 0;
  #columns = 0;
  #begun: Accumulator | undefined = undefined;

  constructor(parts: BatchFillerParts) {
    this.#parts = parts;
  }

  /** Bytes that the frames in builders take, at most: buffers double when they are full. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Works on a frame, for about so many cells; true when it needs no more, be it in a batch or dropped.
   * `sound`: see `sound-arrays.ts`.
   */
  fill({ collection, constants, snapshot, facts }: Queued, cells: number, sound: boolean): boolean {
    const { maxFrameBytes } = this.#parts.limits();
    // What the snapshot takes was checked at the call; what becomes of it shows only here.
    const bounded = snapshot.bytes * maxGrowth > maxFrameBytes;
    try {
      if (!sound) throw new FrameProblem(unsoundArrays);
      let accumulator = this.#begun;
      if (accumulator === undefined) {
        const { requestTimeMs } = facts;
        if (!hasPlainDate(requestTimeMs))
          throw new FrameProblem(
            "its request time is no whole number of milliseconds of the years 0 to 9999",
          );
        accumulator = this.#accumulator(
          collection,
          constants,
          partitionOf(collection, requestTimeMs),
          snapshot.names,
        );
        if (bounded) this.measure(accumulator);
        this.#begun = accumulator;
        accumulator.builder.begin(snapshot, facts);
      }
      const { builder } = accumulator;
      const limit = bounded ? accumulator.base + accumulator.bytes + maxFrameBytes : undefined;
      if (!builder.advance(cells, limit)) return false;
      accumulator.bytes += snapshot.bytes;
      this.#estimate(accumulator, Math.max(snapshot.bytes, 8 * snapshot.rows * snapshot.columns.length));
      this.#columns += builder.width - accumulator.width;
      accumulator.width = builder.width;
    } catch (thrown) {
      const reason = thrown instanceof FrameProblem ? thrown.reason : "invalid";
      const counts = { frames: 1, rows: snapshot.rows, bytes: snapshot.bytes };
      this.#parts.losses.count({ collection, timeMs: facts.requestTimeMs }, reason, counts, asError(thrown));
      this.#abandon();
    }
    return true;
  }

  /** The frame that was worked on is done; where it went, if it went anywhere. */
  complete(): Accumulator | undefined {
    const accumulator = this.#begun;
    this.#begun = undefined;
    return accumulator;
  }

  /** Whether a frame is half filled in there. */
  isBegun(accumulator: Accumulator): boolean {
    return accumulator === this.#begun;
  }

  /** Whether it takes frames still. */
  isOpen(accumulator: Accumulator): boolean {
    const { collection, partition } = accumulator;
    return this.#accumulators.get(collection)?.get(partition) === accumulator;
  }

  forEach(action: (accumulator: Accumulator) => void): void {
    for (const accumulators of this.#accumulators.values()) {
      for (const accumulator of accumulators.values()) action(accumulator);
    }
  }

  /** Corrects what is known of its bytes, and returns them. No frame may be begun. */
  measure(accumulator: Accumulator): number {
    const bytes = measure(accumulator);
    this.#estimate(accumulator, bytes - accumulator.estimate);
    return bytes;
  }

  /** It takes no more frames. */
  close(accumulator: Accumulator): void {
    this.#accumulators.get(accumulator.collection)?.delete(accumulator.partition);
    this.#open--;
    this.#columns -= accumulator.width;
    this.#bytes -= 2 * accumulator.estimate;
  }

  /**
   * Keeps the builder of one that was closed and emptied, if that is worth its memory. `bytes`: of its last
   * batch.
   */
  reuse(accumulator: Accumulator, bytes: number): void {
    if (bytes > maxSpareBytes) return;
    accumulator.width = accumulator.builder.width;
    const spares = this.#spares;
    let columns = accumulator.width;
    for (const { width } of spares) columns += width;
    while (spares.length > 0 && (spares.length >= maxSpares || columns > maxColumns))
      columns -= spares.shift()?.width ?? 0;
    if (columns <= maxColumns) spares.push(accumulator);
  }

  /** The builder that was kept for a collection. */
  #spare(collection: Collection, maxStringBytes: number): BatchBuilder | undefined {
    const index = this.#spares.findIndex((spare) => spare.collection === collection);
    if (index === -1) return undefined;
    const [spare] = this.#spares.splice(index, 1);
    return spare?.maxStringBytes === maxStringBytes ? spare.builder : undefined;
  }

  /**
   * The frame that was begun is not to be stored. If even that cannot be undone, its whole accumulator is
   * lost.
   */
  #abandon(): void {
    const accumulator = this.#begun;
    if (accumulator === undefined) return;
    try {
      accumulator.builder.abandon();
    } catch (thrown) {
      this.#begun = undefined;
      this.close(accumulator);
      const { builder, bytes, collection, partition: timeMs } = accumulator;
      const counts = { frames: builder.frames, rows: builder.rows, bytes };
      this.#parts.losses.count({ collection, timeMs }, "invalid", counts, asError(thrown));
    }
  }

  #accumulator(
    collection: Collection,
    constants: SystemConstants,
    partition: number,
    names: readonly string[],
  ): Accumulator {
    let ofCollection = this.#accumulators.get(collection);
    if (ofCollection === undefined) {
      ofCollection = new Map();
      this.#accumulators.set(collection, ofCollection);
    }
    const existing = ofCollection.get(partition);
    if (existing !== undefined) {
      // A batch does not say which of its columns a frame had. In a file that is nothing but a null; a frame
      // that is sent by itself is to have its own columns and no others.
      const fits = collection.format !== "azureml" || sameNames(existing.names, names);
      if (fits && existing.constants === constants) return existing;
      this.#parts.handOver(existing);
    }
    if (this.#open >= maxAccumulators || this.#columns > maxColumns) this.#parts.handOverAll();
    const maxStringBytes = Math.max(this.#parts.limits().maxStringBytes, collection.maxTextBytes ?? 0);
    const { allocate } = this.#parts;
    const builder =
      this.#spare(collection, maxStringBytes) ??
      new BatchBuilder({ maxStringBytes, ...(allocate === undefined ? {} : { allocate }) });
    const base = builder.byteLength;
    const { width } = builder;
    const accumulator = { collection, constants, partition, names, builder, maxStringBytes, base, width };
    const begun: Accumulator = { ...accumulator, bytes: 0, estimate: 0 };
    ofCollection.set(partition, begun);
    this.#open++;
    this.#columns += width;
    this.#parts.opened();
    return begun;
  }

  #estimate(accumulator: Accumulator, more: number): void {
    accumulator.estimate += more;
    this.#bytes += 2 * more;
  }
}

/** Frames that are sent one by one keep the order in which they came, whatever their requests' times. */
function partitionOf({ format, rollingRate }: Collection, requestTimeMs: number): number {
  return format === "azureml" ? 0 : partitionStart(requestTimeMs, rollingRate);
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((name, i) => name === b[i]));
}
