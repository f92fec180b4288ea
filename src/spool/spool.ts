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
   */
  append(label: string, record: Uint8Array, counts: Counts): AppendResult;
  /** Makes all appended records survive a power cut too (fdatasync); a no-op in memory. */
  sync(): void;
  /** Seals the open segments that `which` picks (default all) and returns them, oldest first. */
  seal(which?: (segment: OpenSegment) => boolean): readonly SealedSegment[];
  /** Segments now open. */
  open(): readonly OpenSegment[];
  /**
   * Segments left by earlier processes of this spool directory, one at a time, each complete records only. Ends on any
   * bytes; yields between segments; takes over from dead owners only. What could not be kept is told to `onLoss`.
   */
  recover(onLoss: (loss: SpoolLoss) => void): AsyncIterable<SealedSegment>;
  /** The records of a sealed segment, in order. */
  read(segment: SealedSegment): Iterable<SpoolRecord>;
  /** Notes that encoding starts, *before* it starts, and returns how often it has now been tried (1 at first). */
  attempt(segment: SealedSegment): number;
  /** Stores the exact bytes to upload; from here on every retry, in any process, sends these. */
  freeze(segment: SealedSegment, body: AsyncIterable<Uint8Array>): Promise<FrozenBody>;
  /** The bytes frozen earlier, verified, or undefined. */
  frozen(segment: SealedSegment): FrozenBody | undefined;
  /** The segment was delivered: forgets it and its frozen bytes. */
  release(segment: SealedSegment): void;
  /** Sets the segment aside with a reason, for a person. */
  quarantine(segment: SealedSegment, reason: string): void;
  /** Bytes held now, open and sealed; quarantine apart. */
  usage(): SpoolUsage;
  /** Syncs and gives back handles. Open segments stay for the next process to recover. Idempotent. */
  close(): void;
}

/** How much: the unit of every ledger. */
export interface Counts {
  readonly frames: number;
  readonly rows: number;
  readonly bytes: number;
}

/** What became of an append. */
export type AppendResult =
  | { readonly status: "appended" }
  | { readonly status: "full"; readonly reason: "spool_full" | "disk_low" | "memory" }
  | { readonly status: "failed"; readonly error: Error };

/** A segment that is being written. */
export interface OpenSegment {
  /** 32 hex digits, random. */
  readonly id: string;
  readonly label: string;
  /** Milliseconds since 1970 UTC. */
  readonly createdAt: number;
  /** Milliseconds since 1970 UTC of the newest append. */
  readonly appendedAt: number;
  /** Bytes of its records. */
  readonly size: number;
  readonly counts: Counts;
}

/** A segment that nothing is added to any more. */
export interface SealedSegment {
  readonly id: string;
  readonly label: string;
  readonly createdAt: number;
  readonly size: number;
  readonly counts: Counts;
  /** True when it was left by an earlier process and so is in no ledger of this one. */
  readonly recovered: boolean;
}

/** One record read back. */
export interface SpoolRecord {
  /** Rises by one per record within a spool instance. */
  readonly sequence: number;
  readonly bytes: Uint8Array;
  readonly counts: Counts;
}

/** The frozen bytes of a segment. */
export interface FrozenBody {
  readonly size: number;
  /** SHA-256 of the bytes, 64 hex digits. */
  readonly sha256: string;
  open(): AsyncIterable<Uint8Array>;
}

/** Records that recovery could not keep. */
export interface SpoolLoss {
  readonly reason: "torn" | "corrupt";
  /** The frames lost, where a surviving header tells; a torn tail was never acknowledged and counts 0. */
  readonly frames: number;
  readonly detail: string;
}

/** What the spool holds. */
export interface SpoolUsage {
  readonly bytes: number;
  readonly segments: number;
  readonly quarantined: number;
  /** Milliseconds since 1970 UTC of the oldest undelivered segment, if any. */
  readonly oldest: number | undefined;
}
