import type { Counts } from "../base/counts.ts";

/**
 * Port: where accepted records wait until they are delivered. It knows nothing of frames: a record is opaque bytes, a
 * label is opaque text, and a segment is the records of one label that leave together as one file.
 *
 * Life of a segment: `open` (one writer appends) -> `sealed` (immutable) -> `frozen` (the exact bytes to upload are
 * stored beside it) -> released (gone), or quarantined (kept for a person).
 *
 * All methods but {@link Spool.recover} and {@link Spool.freeze} are synchronous: the spool lives in the background
 * thread, where one `write` costs less than a promise and cannot interleave.
 */
export interface Spool {
  /** True when an appended record outlives the process. */
  readonly durable: boolean;
  /**
   * Appends one record to the open segment of `label` (opening it if there is none).
   * Afterwards the record survives the process if the spool is durable. Never throws for what a disk can do.
   * `sequence` numbers the records of a process (an instance), up to 2^53, gaps allowed. A record that a thread which
   * crashed had appended already may be appended again under its number: it is read once. A label is at most 1,024 UTF-8
   * bytes; a bigger one is `failed`. A record is at most 1.25 GiB, and not more than the spool may hold; a bigger one is
   * `too_large`.
   */
  append(label: string, record: Uint8Array, counts: Counts, sequence: number): AppendResult;
  /** Makes all appended records survive a power cut too (fdatasync); a no-op in memory. */
  sync(): SyncResult;
  /**
   * Seals the open segments that `which` picks (default all) and returns them, oldest first, with those that the spool
   * had to seal by itself since the last call. One that the disk does not let it seal stays open.
   */
  seal(which?: (segment: OpenSegment) => boolean): readonly SealedSegment[];
  /** Segments now open. */
  open(): readonly OpenSegment[];
  /**
   * Segments left by dead threads of this process and by dead processes, one at a time, each complete records only.
   * Ends on any bytes; lets the event loop turn about once a MiB; never takes from a living or paused owner. What could
   * not be kept is told to `onLoss`. Call it again, about once a minute, to find what other processes left meanwhile.
   */
  recover(onLoss: (loss: SpoolLoss) => void): AsyncIterable<SealedSegment>;
  /**
   * The records of a sealed segment, in order, damaged ones left out: what their counts lack of `segment.counts` is lost.
   * `memory` says how long their bytes hold, default `own`. Throws the system's error when the file cannot be read;
   * `ENOENT` when it is gone.
   */
  read(segment: SealedSegment, memory?: RecordMemory): Iterable<SpoolRecord>;
  /** Notes that encoding starts, *before* it starts, and returns how often it has now been tried (1 at first). */
  attempt(segment: SealedSegment): number;
  /** Takes the last attempt back: what ended it was not the segment. */
  forgive(segment: SealedSegment): void;
  /** How often encoding was begun before, in any process. */
  attempts(segment: SealedSegment): number;
  /**
   * Stores the exact bytes to upload; from here on every retry, in any process, sends these. When the disk has no room,
   * they stay in memory until the segment is released. A piece of `body` need only hold until the next one is asked for. Rejects
   * only with what `body` throws.
   */
  freeze(segment: SealedSegment, body: AsyncIterable<Uint8Array>): Promise<FrozenBody>;
  /** The bytes frozen earlier, verified, or undefined. */
  frozen(segment: SealedSegment): FrozenBody | undefined;
  /** The segment was delivered: forgets it and its frozen bytes. */
  release(segment: SealedSegment): void;
  /** Another thread's spool of the same folder answers for the segment from now on. */
  forget(segment: SealedSegment): void;
  /** Sealed segments that are not yet released, quarantined or forgotten. */
  sealed(): readonly SealedSegment[];
  /** Sets the segment aside with a reason, for a person. */
  quarantine(segment: SealedSegment, reason: string): void;
  /** Sets a copy of one record of a segment aside, as a segment of its own; the segment itself stays as it is. */
  quarantineRecord(segment: SealedSegment, record: SpoolRecord, reason: string): void;
  /** Bytes held now, open and sealed; quarantine apart. */
  usage(): SpoolUsage;
  /** Syncs and gives back handles. Open segments stay for the next process to recover. Idempotent. */
  close(): void;
}

/** What became of an append. */
export type AppendResult =
  | { readonly status: "appended" }
  | { readonly status: "too_large" }
  | { readonly status: "full"; readonly reason: "spool_full" | "disk_low" | "memory" }
  | { readonly status: "failed"; readonly error: Error };

/** What became of a sync. After `failed`, records that were never synced may not survive a power cut. */
export type SyncResult = { readonly status: "synced" } | { readonly status: "failed"; readonly error: Error };

/** A segment that is being written. */
export interface OpenSegment {
  /** 32 hex digits of a UUIDv7: ordered by time, else random. */
  readonly id: string;
  readonly label: string;
  /** Milliseconds since 1970 UTC. */
  readonly createdAt: number;
  /** Milliseconds since 1970 UTC of the newest append. */
  readonly appendedAt: number;
  /** Bytes it takes. */
  readonly size: number;
  readonly counts: Counts;
}

/** A segment that nothing is added to any more. Plain data: another thread's spool of the same folder can take it over. */
export interface SealedSegment {
  readonly id: string;
  /** Where its files are; empty in memory. */
  readonly directory: string;
  readonly label: string;
  readonly createdAt: number;
  readonly size: number;
  readonly counts: Counts;
  /** True when it was left by an earlier process and so is in no ledger of this one. */
  readonly recovered: boolean;
}

/** One record read back. */
export interface SpoolRecord {
  /** As it was given to `append`. */
  readonly sequence: number;
  readonly bytes: Uint8Array;
  readonly counts: Counts;
}

/**
 * Whose memory a record's bytes are in: the reader's `own`, `lent` until the next record is read, or what this function returns,
 * which is asked at most once, for so many bytes at a multiple of 8: it then holds all records of the segment, each at such a
 * multiple. A spool in memory always gives its own.
 */
export type RecordMemory = "own" | "lent" | ((size: number) => Uint8Array);

/** The frozen bytes of a segment. */
export interface FrozenBody {
  readonly size: number;
  /** SHA-256 of the bytes, 64 hex digits. */
  readonly sha256: string;
  /** Bytes from `start`, default 0, to `end`, default all. A piece is good until the next one is asked for. */
  open(start?: number, end?: number): AsyncIterable<Uint8Array>;
}

/**
 * Records that recovery could not keep, and how much they held where a surviving header tells. A torn tail was never
 * acknowledged and counts 0. A file that was left alone, because it is not of this version or not ours, counts 0 too.
 */
export interface SpoolLoss extends Counts {
  readonly reason: "torn" | "corrupt";
  readonly detail: string;
}

/** What this spool holds: its own segments and those it took over. */
export interface SpoolUsage {
  readonly bytes: number;
  readonly segments: number;
  /** Segments in quarantine, of all processes. */
  readonly quarantined: number;
  /** Milliseconds since 1970 UTC of the oldest undelivered segment, if any. */
  readonly oldest: number | undefined;
}
