import { type Counts, onlyCounts } from "../../base/counts.ts";
import type { FileSystem } from "../../base/files/file-system.ts";
import type { Quarantine } from "../quarantine.ts";
import type { SpoolLoss } from "../sealed-segments.ts";

/** What recovery of one folder needs of the spool that does it. */
export interface RecoveryContext {
  readonly fileSystem: FileSystem;
  readonly quarantine: Quarantine;
  /** A new path in the folder for a half-made file of this thread. */
  temporary(): string;
  /** True if the thread that a file's name states may still be writing it. */
  isWriterAlive(writer: string): Promise<boolean>;
  /** The thread of this process that hands its open files over itself: they are not left for later. */
  readonly nearWriter: string | undefined;
  /** True if this spool has the segment already. */
  isKnown(id: string): boolean;
  /** True if the record is in another segment already. */
  isRepeated(instance: string, sequence: number): boolean;
  /** These records are now in a sealed segment. */
  recovered(instance: string, sequences: Iterable<number>): void;
  onLoss(loss: SpoolLoss): void;
  /** This file could not be dealt with now, or - undefined - the whole folder. */
  onLeft(name: string | undefined): void;
}

/** Tells of a loss. Never throws. */
export function lost(
  context: RecoveryContext,
  reason: SpoolLoss["reason"],
  counts: Counts,
  detail: string,
): void {
  try {
    context.onLoss({ reason, ...onlyCounts(counts), detail });
  } catch {
    // A listener's fault must not keep the other segments from being delivered.
  }
}
