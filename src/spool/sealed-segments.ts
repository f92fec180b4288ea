import type { Counts } from "../base/counts.ts";

/**
 * Port: the segments that nothing is added to any more, from the moment they are found until they are
 * delivered or set aside for a person. Each method is one question about, or one step of, a segment's life;
 * they stay together because whoever turns segments into files needs nearly all of them.
 */
export interface SealedSegments {
  /** True when what it holds outlives the process. */
  readonly durable: boolean;
  /** Those that are not yet released or quarantined. */
  list(): readonly SealedSegment[];
  /**
   * Segments left by dead threads of this process and by dead processes, one at a time, each complete records
   * only. Ends on any bytes; lets the event loop turn about once a MiB; never takes from a living or paused
   * owner. What could not be kept is told to `onLoss`. Call it again, about once a minute, to find what other
   * processes left meanwhile.
   */
  recover(onLoss: (loss: SpoolLoss) => void): AsyncIterable<SealedSegment>;
  /**
   * The records of a segment, in order, damaged ones left out: what their counts lack of `segment.counts` is
   * lost. `memory` says how long their bytes hold, default `own`. Throws the system's error when the file
   * cannot be read; `ENOENT` when it is gone.
   */
  read(segment: SealedSegment, memory?: RecordMemory): Iterable<SpoolRecord>;
  /**
   * All records of a segment but the last as one run of bytes, read from where they lie, and the last one;
   * undefined if one of them is damaged. Looks at each byte, and lets the event loop turn about once a MiB.
   * Throws as `read` does.
   */
  joined(segment: SealedSegment): Promise<JoinedRecords | undefined>;
  /**
   * Notes that encoding starts, *before* it starts, and returns how often it has now been tried (1 at first).
   */
  attempt(segment: SealedSegment): number;
  /** Takes the last attempt back: what ended it was not the segment. */
  forgive(segment: SealedSegment): void;
  /** How often encoding was begun before, in any process. */
  attempts(segment: SealedSegment): number;
  /**
   * Stores the exact bytes to upload; from here on every retry, in any process, sends these. When the disk
   * has no room, they stay in memory until the segment is released. A piece of `body` need only hold until
   * the next one is asked for. Rejects only with what `body` throws.
   */
  freeze(segment: SealedSegment, body: AsyncIterable<Uint8Array>): Promise<FrozenBody>;
  /** The bytes frozen earlier, verified, or undefined. */
  frozen(segment: SealedSegment): FrozenBody | undefined;
  /**
   * Notes that the first so many parts of a segment were delivered, for one whose parts are delivered one by
   * one: whoever goes on with it, in whatever process, begins behind them. What a disk does to it costs
   * nothing but that they are delivered again.
   */
  advance(segment: SealedSegment, progress: number): void;
  /** How many that are; 0 at first. */
  progress(segment: SealedSegment): number;
  /** The segment was delivered: forgets it and its frozen bytes. */
  release(segment: SealedSegment): void;
  /** Keeps the segment, with a reason, for a person. */
  quarantine(segment: SealedSegment, reason: string): void;
  /**
   * Keeps a copy of one record of a segment, as a segment of its own, for a person; the segment itself stays
   * as it is.
   */
  quarantineRecord(segment: SealedSegment, record: SpoolRecord, reason: string): void;
}

/**
 * A segment that nothing is added to any more. Plain data: another thread's spool of the same folder can take
 * it over.
 */
export interface SealedSegment {
  readonly id: string;
  /** Where its files are; empty in memory. */
  readonly directory: string;
  readonly label: string;
  /** Milliseconds since 1970 UTC. */
  readonly createdAt: number;
  /** Bytes it takes. */
  readonly size: number;
  readonly counts: Counts;
  /** The process that wrote it, as its header tells; undefined if it is the one that answers for it. */
  readonly instance?: string;
  /** True when it was left by an earlier process and so is in no ledger of this one. */
  readonly recovered: boolean;
}

/**
 * A segment that its writer let go before it was sealed: what another thread's writer needs to seal it. Plain
 * data.
 */
export interface UnsealedSegment extends SealedSegment {
  /** Its open file. */
  readonly path: string;
  readonly records: number;
  /** Of its newest record. */
  readonly lastSequence: number;
}

/** One record read back. */
export interface SpoolRecord {
  /** As it was given to `append`. */
  readonly sequence: number;
  readonly bytes: Uint8Array;
  readonly counts: Counts;
}

/**
 * Whose memory a record's bytes are in: the reader's `own`, `lent` until the next record is read, or what
 * this function returns, which is asked at most once, for so many bytes at a multiple of 8: it then holds all
 * records of the segment, each at such a multiple. A spool in memory always gives its own.
 */
export type RecordMemory = "own" | "lent" | ((size: number) => Uint8Array);

/** All records of a segment but the last as one run of bytes, and the last one. */
export interface JoinedRecords {
  /** Bytes in all but the last. */
  readonly size: number;
  readonly last: Uint8Array;
  /**
   * Bytes from `start`, default 0, to `end`, default all. A piece is good until the next one is asked for.
   */
  open(start?: number, end?: number): AsyncIterable<Uint8Array>;
}

/** The frozen bytes of a segment. */
export interface FrozenBody {
  readonly size: number;
  /** SHA-256 of the bytes, 64 hex digits. */
  readonly sha256: string;
  /**
   * Bytes from `start`, default 0, to `end`, default all. A piece is good until the next one is asked for.
   */
  open(start?: number, end?: number): AsyncIterable<Uint8Array>;
}

/**
 * Records that recovery could not keep, and how much they held where a surviving header tells. A torn tail
 * was never acknowledged and counts 0. A file that was left alone, because it is not of this version or not
 * ours, counts 0 too.
 */
export interface SpoolLoss extends Counts {
  readonly reason: "torn" | "corrupt";
  readonly detail: string;
}
