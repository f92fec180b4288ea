import { countOf } from "../base/plural.ts";
import { CollectorError } from "../base/errors.ts";
import type { FlushGoal, FlushReport } from "../pipeline/backend.ts";
import type { Ledger } from "../pipeline/ledger.ts";

/**
 * What a flush came to. What the backend says is held against the ledger: there it shows if the backend does
 * not know of some frames, or counts what came later. Only of frames that earlier processes had left the
 * ledger knows nothing.
 */
export class FlushAccount {
  readonly #ledger: Ledger;
  readonly #goal: FlushGoal;
  readonly #before: Waiting;

  /** As the flush begins. */
  constructor(ledger: Ledger, goal: FlushGoal) {
    this.#ledger = ledger;
    this.#goal = goal;
    this.#before = this.#waiting();
  }

  /**
   * What to throw when the backend has answered, or nobody has; undefined if all is where it was to be
   * brought.
   */
  late({ pending, trouble }: FlushReport, tookMs: number): CollectorError | undefined {
    const before = this.#before;
    const now = this.#waiting();
    const left = leftOf(before, now, pending, this.#goal === "empty");
    if (left === 0) return undefined;
    const about = now.offered === before.offered ? "" : "up to ";
    const why = trouble === undefined ? "" : ` (${trouble})`;
    const late = `not yet in ${this.#place} after ${Math.round(tookMs)} ms${why}`;
    return new CollectorError(
      "TIMEOUT",
      `flush: ${about}${countOf(left, "frame")} ${late}; what is left is kept and tried again`,
    );
  }

  /** What to throw when the deployment is closed; undefined if nothing was left. */
  closed(): CollectorError | undefined {
    const left = this.#waiting().frames;
    if (left === 0) return undefined;
    const kept = `${countOf(left, "frame")} not in ${this.#place}`;
    return new CollectorError(
      "CLOSED",
      `flush: the deployment is closed with ${kept}; the next process of this spool delivers what is left`,
    );
  }

  get #place(): string {
    return this.#goal === "spool" ? "the spool" : "the destination";
  }

  /** Frames not yet there, by the ledger, and all that were ever offered. */
  #waiting(): Waiting {
    const { offered, buffered, spooled } = this.#ledger.snapshot().frames;
    return { frames: this.#goal === "spool" ? buffered : buffered + spooled, offered };
  }
}

/** Frames that wait, and all that were offered. */
interface Waiting {
  readonly frames: number;
  readonly offered: number;
}

/**
 * How many of the frames that waited before a flush still do; at most so many, if others came meanwhile. With
 * `others`, `pending` counts frames that earlier processes had left, too.
 */
function leftOf(before: Waiting, now: Waiting, pending: number | undefined, others: boolean): number {
  const atLeast = Math.max(0, now.frames - (now.offered - before.offered));
  const atMost = Math.min(before.frames, now.frames);
  if (pending === undefined) return atMost;
  return Math.max(atLeast, others ? pending : Math.min(pending, atMost));
}
