import type { Counts } from "../base/counts.ts";
import { deltaLogName, ledgerName, profileName } from "../layout/dataset-path.ts";
import type { EngineEvent, EventOf } from "../pipeline/engine-event.ts";
import type { DropReason, Ledger } from "../pipeline/ledger.ts";
import type { RateLimitedListener } from "./report/rate-limited-listener.ts";
import type { Drop, Reporter } from "./report/reporter.ts";
import type { StatusBoard } from "./report/status-board.ts";

/** What {@link Accounting} writes to. */
export interface AccountingParts {
  /** True when frames that are spooled outlive the process. */
  readonly durable: boolean;
  /** Told what becomes of the records of the stored ledger. */
  readonly told: (event: EventOf<"spooled" | "delivered" | "dropped">) => void;
  /** Told everything, after it was entered. */
  readonly heard: (event: EngineEvent) => void;
  readonly ledgerOf: (collection: string) => Ledger;
  readonly board: Pick<StatusBoard, "delivery" | "recovered" | "usage">;
  readonly reporter: Pick<Reporter, "delivered" | "dropped" | "spooled" | "trouble">;
}

/** A frame that `collect` does not take. */
export interface Refusal {
  readonly reason: DropReason;
  readonly rows: number;
  /** Of its request. */
  readonly timeMs: number;
  /** Of the frame, as far as it was taken. */
  readonly bytes: number;
  readonly cause: Error;
  /** The one of the collector that was given the frame. */
  readonly listener: RateLimitedListener;
  /** Milliseconds in which it is not told again, if that is longer than usual. */
  readonly quietMs: number;
}

/** Whose frames: a collection's name and its ledger. */
interface Owner {
  readonly name: string;
  readonly ledger: Ledger;
}

/**
 * What happens to frames, written where it counts: first to the ledger of their collection, then to all who
 * are to be told. Every drop goes through here, whether the frame had been accepted or not.
 */
export class Accounting {
  readonly #parts: AccountingParts;
  #processEnds = false;

  constructor(parts: AccountingParts) {
    this.#parts = parts;
  }

  /** The process is ending: from now on that is why frames are dropped as `closed`. */
  processEnds(): void {
    this.#processEnds = true;
  }

  /** What the engine tells. */
  take(event: EngineEvent): void {
    this.#enter(event);
    this.#parts.heard(event);
  }

  #enter(event: EngineEvent): void {
    const { durable, ledgerOf, board, reporter, told } = this.#parts;
    switch (event.kind) {
      case "spooled":
      case "delivered":
      case "dropped":
        // What is told beside the data is no frame.
        if (event.collection === profileName || event.collection === deltaLogName) return;
        if (event.collection !== ledgerName) break;
        told(event);
        return;
      default:
    }
    switch (event.kind) {
      case "spooled": {
        const { collection, counts } = event;
        ledgerOf(collection).move("buffered", "spooled", counts);
        if (counts.frames > 0) reporter.spooled(collection, counts);
        return;
      }
      case "delivered": {
        const { collection, counts, recovered } = event;
        if (recovered) board.recovered("delivered", counts);
        else ledgerOf(collection).move(durable ? "spooled" : "buffered", "delivered", counts);
        if (counts.frames > 0) reporter.delivered(collection, counts, recovered);
        return;
      }
      case "dropped":
        this.#lost(event);
        return;
      case "trouble":
        reporter.trouble(event.code, event.reason, () => event.message, { collection: event.collection });
        return;
      case "health":
        board.delivery(event.health);
        return;
      case "usage":
        board.usage(event.usage);
        return;
      case "settled":
      case "encoding":
      // Of these only the host of the thread has to know.
    }
  }

  /** A frame was offered, and is not taken. */
  refused(
    { name: collection, ledger }: Owner,
    { reason, rows, bytes, timeMs, cause, listener, quietMs }: Refusal,
  ): void {
    ledger.refuse(reason, 1, rows, bytes, timeMs);
    const counts = { frames: 1, rows, bytes };
    this.#tell({ reason, collection, counts, detail: cause.message, cause, listener, quietMs });
  }

  /** Frames that had been accepted could not be put into a batch; the ledger knows already. */
  dropped({ name: collection }: Owner, reason: DropReason, counts: Counts, cause: Error): void {
    this.#tell({ reason, collection, counts, detail: cause.message, cause });
  }

  /** Frames that had been handed over are lost. */
  #lost({ reason, collection, counts, partition, origin }: EventOf<"dropped">): void {
    // No frames, and no part of one.
    if (counts.frames === 0 && counts.bytes === 0) return;
    const { durable, ledgerOf, board } = this.#parts;
    if (origin.from === "recovered") {
      board.recovered("lost", counts);
      const detail = "it was left by an earlier process";
      this.#tell({ reason, collection, counts, detail, recovered: true });
      return;
    }
    const isSpooled = origin.from === "spool";
    // What was in the spool its engine has entered, and pieces of a body are no frames.
    const timeMs = isSpooled || counts.frames === 0 ? undefined : (partition ?? 0);
    ledgerOf(collection).drop(isSpooled && durable ? "spooled" : "buffered", reason, counts, timeMs);
    const detail =
      this.#processEnds && reason === "closed"
        ? "the process ended before they were delivered"
        : (details[reason] ?? "see the reports before this one");
    this.#tell({ reason, collection, counts, detail });
  }

  /**
   * What cannot be told in a host that has broken what everybody shares is counted all the same. What becomes
   * of bodies is told by whoever stores their rows.
   */
  #tell(drop: Drop): void {
    if (drop.counts.frames === 0) return;
    try {
      this.#parts.reporter.dropped(drop);
    } catch {
      // See above.
    }
  }
}

/** Why frames that had been handed over were dropped, where the reason's name does not say it all. */
const details: Partial<Record<DropReason, string>> = {
  spool_full: "the spool holds spool.maxBytes; it fills when the destination is out of reach for long",
  disk_low: "the spool's disk has less than spool.minFreeBytes left",
  closed: "the deployment is closed",
  too_large: "it is larger than all that the spool may hold (spool.maxBytes)",
};
