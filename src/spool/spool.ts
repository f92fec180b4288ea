import type { Counts } from "../base/counts.ts";
import type { SealedSegments } from "./sealed-segments.ts";
import type { OpenSegment, SpoolWriter } from "./spool-writer.ts";

/**
 * Where accepted records wait until they are delivered: two ports over one place. It knows nothing of frames:
 * a record is opaque bytes, a label is opaque text, and a segment is the records of one label that leave
 * together as one file.
 *
 * Life of a segment: `open` (one writer appends) -> `sealed` (immutable) -> `frozen` (the exact bytes to
 * upload are stored beside it) -> released (gone), or quarantined (kept for a person).
 */
export interface Spool {
  readonly writer: SpoolWriter;
  /**
   * What the writer sealed, what others handed over, and what was recovered; usable until the writer is
   * closed.
   */
  readonly sealed: SealedSegments;
  usage(): SpoolUsage;
}

/** What a spool holds: its own segments and those it took over. */
export interface SpoolUsage {
  /** Open and sealed; quarantine apart. */
  readonly bytes: number;
  readonly segments: number;
  /** Segments in quarantine, of all processes. */
  readonly quarantined: number;
  /** Milliseconds since 1970 UTC of the oldest undelivered segment, if any. */
  readonly oldest: number | undefined;
}

/** Whether somebody waits for what a segment holds. What only tells of frames holds no bytes of any. */
export function isAwaited({ counts }: { readonly counts: Counts }): boolean {
  return counts.frames > 0 || counts.bytes > 0;
}

/** What a spool holds and what another thread's writer has open beside it. */
export function withOpen(sealed: SpoolUsage, open: readonly OpenSegment[]): SpoolUsage {
  let { bytes, segments, oldest } = sealed;
  for (const { size, createdAt } of open.filter(isAwaited)) {
    bytes += size;
    segments++;
    oldest = Math.min(oldest ?? createdAt, createdAt);
  }
  return { bytes, segments, oldest, quarantined: sealed.quarantined };
}
