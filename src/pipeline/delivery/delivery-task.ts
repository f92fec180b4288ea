import type { Counts } from "../../base/counts.ts";
import type { SealedSegment, SealedSegments } from "../../spool/sealed-segments.ts";
import type { IdRange } from "../../layout/filter/id-range.ts";
import type { DropOrigin } from "../engine-event.ts";
import { isTold, parseLabel, type SegmentLabel } from "../segment-label.ts";

/** Where a segment is on its way. */
export type TaskState =
  /** In the queue: it is tried as soon as there is room. */
  | { readonly is: "waiting" }
  /** Its types are asked for, and the bytes of its file are made. */
  | { readonly is: "encoding" }
  /** Its bytes are fixed for good, and are sent. */
  | { readonly is: "putting" }
  /** Something went wrong that concerns no other segment: it is back in the queue when the timer fires. */
  | { readonly is: "held"; readonly timer: Disposable }
  /**
   * Its collection's types cannot be had: see `BlockedCollections`, which says when it is back in the queue.
   */
  | { readonly is: "parked" }
  /** All its frames were told as delivered or dropped. */
  | { readonly is: "settled" };

/** All ways there are. */
const next: Readonly<Record<TaskState["is"], readonly TaskState["is"][]>> = {
  waiting: ["encoding", "parked"],
  encoding: ["putting", "waiting", "held", "parked", "settled"],
  putting: ["waiting", "held", "settled"],
  held: ["waiting"],
  parked: ["waiting"],
  settled: [],
};

/** Which segments: with frames of this process, or of `all`; or those that tell of frames. */
export type TaskKind = "own" | "all" | "told";

/** A sealed segment on its way to its file. */
export class DeliveryTask {
  readonly segment: SealedSegment;
  readonly label: SegmentLabel;
  /**
   * What the file will hold: the segment's counts less what was damaged on disk and the records set aside as
   * poison.
   */
  counts: Counts;
  /**
   * Bounds of its correlation ids, once its file was made. Undefined for one that another process made: its
   * file is then asked itself.
   */
  ids: IdRange | undefined = undefined;
  /** What it was stored as, once it was. */
  file: { readonly path: string; readonly size: number } | undefined = undefined;
  /** True once the damaged part of it is in the ledger. */
  damageCounted = false;
  /** Whether its batches say that they are profiled; undefined while nobody has looked. */
  isProfiled: boolean | undefined = undefined;
  /** True when somebody waits for it: then it is tried now, whatever happened to it before. */
  awaited = false;
  /** How often the service refused its file; of frames that are sent one by one, the next one. */
  rejections = 0;
  /** Of frames that are sent one by one: the next one. Of what is a file it stays as it is. */
  part: { readonly number: number; readonly rows: number } = { number: 0, rows: 0 };
  /** How often it could not be read from the spool, or written to it. */
  spoolFailures = 0;
  #state: TaskState = { is: "waiting" };

  /** Throws a `SyntaxError` if the segment's label is not one of this version's. */
  constructor(segment: SealedSegment) {
    this.segment = segment;
    this.label = parseLabel(segment.label);
    this.counts = segment.counts;
  }

  isOf(kind: TaskKind): boolean {
    if (isTold(this.label) || this.label.format === "table") return kind === "told";
    return kind === "all" || (kind === "own" && !this.segment.recovered);
  }

  get state(): TaskState {
    return this.#state;
  }

  /**
   * Throws on a way that there is not, for data that is settled twice, or tried twice at once, is worse than
   * an error.
   */
  enter(state: TaskState): void {
    const from = this.#state;
    if (!next[from.is].includes(state.is))
      throw new Error(`a segment that is ${from.is} cannot become ${state.is}`);
    if (from.is === "held") from.timer[Symbol.dispose]();
    this.#state = state;
  }
}

/** Where frames of this segment were when they were lost. */
export function originOf(segment: SealedSegment, sequences: readonly number[]): DropOrigin {
  return segment.recovered ? { from: "recovered" } : { from: "spool", sequences, segment: segment.id };
}

/** The batches whose only copy is this segment; none if the spool is durable. */
export function sequencesInMemory(spool: SealedSegments, segment: SealedSegment): number[] {
  return spool.durable ? [] : Array.from(spool.read(segment), (record) => record.sequence);
}
