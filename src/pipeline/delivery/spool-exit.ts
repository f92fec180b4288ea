import { messageOf } from "../../base/errors.ts";
import { countOf } from "../../base/plural.ts";
import type { SealedSegment, SealedSegments } from "../../spool/sealed-segments.ts";
import type { Emit } from "../engine-event.ts";
import type { DropReason } from "../ledger.ts";
import type { DeliveryBook } from "./ledger/delivery-book.ts";
import { type DeliveryTask, originOf, sequencesInMemory } from "./delivery-task.ts";

/** Why a segment is kept for a person. */
export type SetAsideReason = DropReason & ("poison" | "conflict" | "corrupt");

/**
 * Takes settled segments out of the spool. All that happens to them has been told by then: one that the disk
 * does not let go of is tried again later, and never delivered or dropped again.
 */
export class SpoolExit {
  readonly #spool: SealedSegments;
  readonly #emit: Emit;
  readonly #book: DeliveryBook | undefined;
  /** Those that could not be taken out, and how. */
  readonly #left = new Map<SealedSegment, () => void>();

  constructor(spool: SealedSegments, emit: Emit, book?: DeliveryBook) {
    this.#book = book;
    this.#spool = spool;
    this.#emit = emit;
  }

  release(segment: SealedSegment): void {
    this.#take(segment, () => this.#spool.release(segment));
  }

  /**
   * Tells that all frames of a segment are lost, and keeps it for a person; in between `settle` is called.
   */
  setAside(task: DeliveryTask, reason: SetAsideReason, detail: string, settle: () => void): void {
    const { segment, label, counts } = task;
    const { collection } = label;
    const origin = originOf(segment, sequencesInMemory(this.#spool, segment));
    this.#book?.dropped(task, reason, counts);
    this.#emit({ kind: "dropped", reason, collection, counts, origin });
    settle();
    this.#take(segment, () => this.#spool.quarantine(segment, reason));
    this.#emit({
      kind: "trouble",
      code: "QUARANTINED",
      reason: `quarantined_${reason}`,
      message: `a segment of ${countOf(counts.frames, "frame")} was set aside: ${detail}`,
      collection,
      counts,
    });
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
