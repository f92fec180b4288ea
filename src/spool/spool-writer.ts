import type { Counts } from "../base/counts.ts";
import type { SealedSegment, UnsealedSegment } from "./sealed-segments.ts";

/**
 * Port: appends records to open segments, and seals these. All of it is synchronous: where it is used, one
 * `write` costs less than a promise and cannot interleave.
 */
export interface SpoolWriter {
  /** True when an appended record outlives the process. */
  readonly durable: boolean;
  /**
   * Appends one record to the open segment of `label` (opening it if there is none). Afterwards the record
   * survives the process if the spool is durable. Never throws for what a disk can do. `sequence` numbers the
   * records of a process (an instance), up to 2^53, gaps allowed. A record that a thread which crashed had
   * appended already may be appended again under its number: it is read once. A label is at most 1,024 UTF-8
   * bytes; a bigger one is `failed`. A record is at most 1.25 GiB, and not more than the spool may hold; a
   * bigger one is `too_large`. What shall leave room to others is given the `share` of the spool's bytes, 0
   * to 1, beyond which it is `full`; default all.
   */
  append(label: string, record: Uint8Array, counts: Counts, sequence: number, share?: number): AppendResult;
  /** Makes all appended records survive a power cut too (fdatasync); a no-op in memory. */
  sync(): SyncResult;
  /**
   * Seals the open segments that `which` picks (default all) and returns them, oldest first, with those that
   * the writer had to seal by itself since the last call. One that the disk does not let it seal stays open.
   */
  seal(which?: (segment: OpenSegment) => boolean): readonly SealedSegment[];
  /** Removes the open segment of `label`, with all its records; what the disk refuses stays for recovery. */
  discard(label: string): void;
  /**
   * Seals a segment that another thread's writer of the same instance let go. `gone`: it is sealed already,
   * or no more there.
   */
  complete(segment: UnsealedSegment): CompleteResult;
  /** Does for another thread's writer of the same instance what would hold that thread up. */
  tend(near: NearFiles): Tended;
  /** Segments now open. */
  open(): readonly OpenSegment[];
  /** Syncs and gives back handles. Open segments stay for the next process to recover. Idempotent. */
  close(): void;
}

/** A writer whose segments another thread's writer syncs and seals; it never waits for the disk itself. */
export interface NearSpoolWriter extends SpoolWriter {
  /** Lets those open segments go that `which` picks (default all), for {@link SpoolWriter.complete}. */
  letGo(which?: (segment: OpenSegment) => boolean): readonly UnsealedSegment[];
  /** What has changed since the last call, for {@link SpoolWriter.tend}. */
  changes(): NearFiles;
  /**
   * Goes by what another thread found on the disk, instead of looking itself; undefined: looks itself again.
   */
  follow(disk: DiskUse | undefined): void;
}

/** What a writer has written since that was asked last. */
export interface NearFiles {
  /** Files with bytes that a power cut may still take. */
  readonly unsynced: readonly string[];
  /** Bytes by which its files grew. */
  readonly grownBytes: number;
}

/** What was done for another writer. */
export interface Tended {
  readonly sync: SyncResult;
  readonly disk: DiskUse;
}

/** Bytes in the spool's folder, of all processes, and those that are free on its volume. */
export interface DiskUse {
  readonly totalBytes: number;
  readonly freeBytes: number;
}

/** What became of a segment that another writer let go. */
export type CompleteResult =
  | { readonly status: "sealed" }
  | { readonly status: "gone" }
  | { readonly status: "failed"; readonly error: Error };

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
