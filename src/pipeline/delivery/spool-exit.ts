import { messageOf } from "../../base/errors.ts";
import type { SealedSegment, SealedSegments } from "../../spool/sealed-segments.ts";
import type { Emit } from "../engine-event.ts";

/**
 * Takes settled segments out of the spool. All that happens to them has been told by then: one that the disk
 * does not let go of is tried again later, and never delivered or dropped again.
 */
export class SpoolExit {
  readonly #spool: SealedSegments;
  readonly #emit: Emit;
  /** Those that could not be taken out, and how. */
  readonly #left = new Map<SealedSegment, () => void>();

  constructor(spool: SealedSegments, emit: Emit) {
    this.#spool = spool;
    this.#emit = emit;
  }

  release(segment: SealedSegment): void {
    this.#take(segment, () => this.#spool.release(segment));
  }

  quarantine(segment: SealedSegment, reason: string): void {
    this.#take(segment, () => this.#spool.quarantine(segment, reason));
  }

  /** Tries those again that are left, until one fails. */
  again(): void {
    for (const [segment, action] of [...this.#left]) if (!this.#try(segment, action)) return;
  }

  #take(segment: SealedSegment, action: () => void): void {
    // What the disk does for one it may do for those before, too.
    if (this.#try(segment, action) && this.#left.size > 0) this.again();
  }

  #try(segment: SealedSegment, action: () => void): boolean {
    // The next try begins with another one.
    this.#left.delete(segment);
    try {
      action();
      return true;
    } catch (thrown) {
      this.#left.set(segment, action);
      this.#emit({
        kind: "trouble",
        code: "SPOOL_FAILED",
        reason: "release_failed",
        message: `a segment that needs no delivery any more could not be taken out of the spool: ${messageOf(thrown)}`,
      });
      return false;
    }
  }
}
