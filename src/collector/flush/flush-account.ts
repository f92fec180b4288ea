import { countOf } from "../../base/plural.ts";
import type { Clock } from "../../base/time/clock.ts";
import { CollectorError } from "../../base/errors.ts";
import type { FlushGoal, FlushReport } from "../../pipeline/backend.ts";
import type { StatsEntry } from "../../config/callbacks.ts";
import type { Ledger } from "../../pipeline/ledger.ts";
import type { FlushResult } from "../api.ts";
import { lateTimer } from "../background/pending-requests.ts";

/**
 * What a flush came to. What the backend says is held against the ledger: there it shows if the backend does
 * not know of some frames, or counts what came later. Only of frames that earlier processes had left the
 * ledger knows nothing.
 */
export class FlushAccount {
  readonly #ledger: Ledger;
  readonly #goal: FlushGoal;
  readonly #asked: Ledger;
  readonly #before: Waiting;
  readonly #askedBefore: number;

  /**
   * As the flush begins.
   *
   * @param asked of what the result is to tell: a collection's ledger, part of the other one.
   */
  constructor(ledger: Ledger, goal: FlushGoal, asked: Ledger = ledger) {
    this.#ledger = ledger;
    this.#goal = goal;
    this.#asked = asked;
    this.#before = this.#waiting();
    this.#askedBefore = asked.pendingFrames;
  }

  /**
   * What to throw when the backend has answered, or nobody has; undefined if all is where it was to be
   * brought.
   */
  late({ pending, mayBeMore, trouble }: FlushReport, tookMs: number): CollectorError | undefined {
    const before = this.#before;
    const now = this.#waiting();
    const known = pending === 0 && mayBeMore ? undefined : pending;
    const left = leftOf(before, now, known, this.#goal === "empty");
    if (left === 0) return undefined;
    const about = now.offered === before.offered ? "" : "up to ";
    const why = trouble === undefined ? "" : ` (${trouble})`;
    const late = `not yet in ${this.#place} after ${Math.round(tookMs)} ms${why}`;
    return new CollectorError(
      "TIMEOUT",
      `flush: ${about}${countOf(left, "frame")} ${late}; what is left is kept and tried again`,
    );
  }

  /** What has become of the frames, once nothing is left of what was to be brought where it is. */
  result(): FlushResult {
    const { frames } = this.#asked.snapshot();
    // What came meanwhile may be in the spool, too.
    const leftInSpool = this.#goal === "spool" ? Math.min(frames.spooled, this.#askedBefore) : 0;
    return { delivered: frames.delivered, leftInSpool, dropped: droppedOf(frames) };
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

/** All that was lost, for whatever reason. */
export function droppedOf({ dropped }: StatsEntry): number {
  return Object.values(dropped).reduce<number>((sum, count) => sum + (count ?? 0), 0);
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

/** How much later than its deadline the answer to a flush may come, milliseconds. */
const answerMs = 200;

/**
 * The backend's answer, or that there is none when the deadline has passed: whoever is to answer may hang, or
 * be busy, while whoever asked has to go on.
 */
export function answeredWithin(
  clock: Clock,
  deadlineMs: number,
  answer: Promise<FlushReport>,
): Promise<FlushReport> {
  return new Promise((resolve, reject) => {
    const silent = { pending: undefined, trouble: "the background thread does not answer" };
    const timer = lateTimer(clock, deadlineMs + answerMs, () => resolve(silent));
    answer.finally(() => timer[Symbol.dispose]()).then(resolve, reject);
  });
}
