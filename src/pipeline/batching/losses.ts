import type { Counts } from "../../base/counts.ts";
import type { DropReason } from "../ledger.ts";
import type { Collection } from "../collection.ts";

/** Frames that had been queued were lost; the ledger knows already. */
export type OnLoss = (collection: Collection, reason: DropReason, counts: Counts, cause: Error) => void;

/** Whose frames were lost, and of what time: their request's, or their partition's. */
export interface LossPlace {
  readonly collection: Collection;
  readonly timeMs: number;
}

interface Loss {
  readonly collection: Collection;
  readonly reason: DropReason;
  readonly counts: Counts;
  readonly cause: Error;
}

/**
 * Frames that were lost: counted at once, told when all is in order again, because whoever hears of it may
 * collect.
 */
export class Losses {
  readonly #onLoss: OnLoss;
  /** No array: a host can see to it that those keep nothing. */
  readonly #untold = new Set<Loss>();

  constructor(onLoss: OnLoss) {
    this.#onLoss = onLoss;
  }

  count({ collection, timeMs }: LossPlace, reason: DropReason, counts: Counts, cause: Error): void {
    collection.ledger.drop("buffered", reason, counts, timeMs);
    // What is left out anyway is no loss.
    if (collection.format !== "unsampled") this.#untold.add({ collection, reason, counts, cause });
  }

  tell(): void {
    for (const loss of this.#untold) {
      this.#untold.delete(loss);
      try {
        this.#onLoss(loss.collection, loss.reason, loss.counts, loss.cause);
      } catch {
        // It is counted; telling it went wrong.
      }
    }
  }
}
