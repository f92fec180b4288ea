import { asError } from "../../base/errors.ts";
import { unsoundArrays } from "../../base/sound-arrays.ts";
import type { Limits } from "../../config/deployment-config.ts";
import { createBatchBuilder } from "../../frame/batch-builder.ts";
import type { SystemConstants } from "../../frame/batch.ts";
import { FrameProblem } from "../../frame/source-frame.ts";
import type { Allocate } from "../../frame/wire/encode.ts";
import { hasPlainDate, partitionStart } from "../../layout/partition.ts";
import type { Collection } from "../collection.ts";
import { type Gathering, measure } from "./accumulator.ts";
import type { Queued } from "./frame-queue.ts";
import type { Losses } from "./losses.ts";

/** What a filler is given. */
export interface BatchFillerParts {
  readonly limits: () => Limits;
  /** Where batches get their memory; by default each has its own. */
  readonly allocate: Allocate | undefined;
  readonly losses: Losses;
  /** Takes no more frames: it is to be handed over. */
  readonly handOver: (gathering: Gathering) => void;
  /** No more can be open: all are to be handed over. */
  readonly handOverAll: () => void;
  /** Something is gathered now that is to be handed over in time. */
  readonly opened: () => void;
}

/**
 * Gatherings open at once; beyond it all are handed over (hostile request times would open one for every
 * hour).
 */
const maxGatherings = 64;
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
 * Emptied builders kept for reuse: their buffers are warm. Not those whose last batch was larger than
 * `maxSpareBytes`.
 */
const maxSpares = 8;
const maxSpareBytes = 1024 * 1024;

/**
 * Fills the values of queued frames, one frame after another and step by step, into the builders of their
 * batches.
 */
export class BatchFiller {
  readonly #parts: BatchFillerParts;
  readonly #gatherings = new Map<Collection, Map<number, Gathering>>();
  readonly #spares: Gathering[] = [];
  /** Twice the estimates of all gatherings. */
  #bytes = 0;
  #open = 0;
  #columns = 0;
  #begun: Gathering | undefined = undefined;

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
  fill({ stream, constants, snapshot, facts }: Queued, cells: number, sound: boolean): boolean {
    const { maxFrameBytes } = this.#parts.limits();
    // What the snapshot takes was checked at the call; what becomes of it shows only here.
    const bounded = snapshot.bytes * maxGrowth > maxFrameBytes;
    try {
      if (!sound) throw new FrameProblem(unsoundArrays);
      let gathering = this.#begun;
      if (gathering === undefined) {
        const { requestTimeMs } = facts;
        if (!hasPlainDate(requestTimeMs))
          throw new FrameProblem(
            "its request time is no whole number of milliseconds of the years 0 to 9999",
          );
        gathering = this.#gathering(stream, constants, partitionStart(requestTimeMs, stream.rollingRate));
        if (bounded) this.measure(gathering);
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
      const counts = { frames: 1, rows: snapshot.rows, bytes: snapshot.bytes };
      this.#parts.losses.count(stream, reason, counts, asError(thrown));
      this.#abandon();
    }
    return true;
  }

  /** The frame that was worked on is done; where it went, if it went anywhere. */
  complete(): Gathering | undefined {
    const gathering = this.#begun;
    this.#begun = undefined;
    return gathering;
  }

  /** Whether a frame is half filled in there. */
  isBegun(gathering: Gathering): boolean {
    return gathering === this.#begun;
  }

  forEach(action: (gathering: Gathering) => void): void {
    for (const gatherings of this.#gatherings.values()) {
      for (const gathering of gatherings.values()) action(gathering);
    }
  }

  /** Corrects what is known of its bytes, and returns them. No frame may be begun. */
  measure(gathering: Gathering): number {
    const bytes = measure(gathering);
    this.#estimate(gathering, bytes - gathering.estimate);
    return bytes;
  }

  /** It takes no more frames. */
  close(gathering: Gathering): void {
    this.#gatherings.get(gathering.stream)?.delete(gathering.partition);
    this.#open--;
    this.#columns -= gathering.width;
    this.#bytes -= 2 * gathering.estimate;
  }

  /**
   * Keeps the builder of one that was closed and emptied, if that is worth its memory. `bytes`: of its last
   * batch.
   */
  reuse(gathering: Gathering, bytes: number): void {
    if (bytes > maxSpareBytes || this.#spares.length >= maxSpares) return;
    gathering.width = gathering.builder.width;
    const columns = this.#spares.reduce((sum, { width }) => sum + width, gathering.width);
    if (columns <= maxColumns) this.#spares.push(gathering);
  }

  /**
   * The frame that was begun is not to be stored. If even that cannot be undone, its whole gathering is lost.
   */
  #abandon(): void {
    const gathering = this.#begun;
    if (gathering === undefined) return;
    try {
      gathering.builder.abandon();
    } catch (thrown) {
      this.#begun = undefined;
      this.close(gathering);
      const { builder, bytes, stream } = gathering;
      const counts = { frames: builder.frames, rows: builder.rows, bytes };
      this.#parts.losses.count(stream, "invalid", counts, asError(thrown));
    }
  }

  #gathering(stream: Collection, constants: SystemConstants, partition: number): Gathering {
    let ofStream = this.#gatherings.get(stream);
    if (ofStream === undefined) {
      ofStream = new Map();
      this.#gatherings.set(stream, ofStream);
    }
    const existing = ofStream.get(partition);
    if (existing !== undefined) {
      if (existing.constants === constants) return existing;
      this.#parts.handOver(existing);
    }
    if (this.#open >= maxGatherings || this.#columns > maxColumns) this.#parts.handOverAll();
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
    this.#parts.opened();
    return begun;
  }

  #estimate(gathering: Gathering, more: number): void {
    gathering.estimate += more;
    this.#bytes += 2 * more;
  }
}
