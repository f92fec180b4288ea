import type { Clock } from "../../../base/time/clock.ts";
import type { SealedSegments } from "../../../spool/sealed-segments.ts";
import type { DeliveryTask } from "../delivery-task.ts";

/** Why an encoding is not begun. */
export type Refusal =
  /** It was begun several times and never ended: it is tried again when this thread has proved to live. */
  | { readonly status: "suspect"; readonly error: Error; readonly retryMs: number }
  /** It is given up. */
  | { readonly status: "poison"; readonly error: Error };

/** A segment that cannot be encoded as a whole this often is examined record by record. */
export const wholeAttempts = 3;
/**
 * One whose encoding was begun this often, and neither succeeded nor failed, is what ended its thread, or its
 * process, each time. Whoever finds it sets it aside before anything of it is read.
 */
const maxAttempts = 8;
/**
 * From {@link wholeAttempts} begun attempts on, a segment is under suspicion: only a thread of at least this
 * age tries it again, or one whose caller waits for it (a flush, a close, the natural end of a process, `mdc
 * spool drain`), while all others are delivered.
 *
 * A process that is killed young, again and again, ends in the middle of an encoding by chance: that alone
 * must not condemn innocent data, and three attempts is all that it can count. One that lived for a minute,
 * or was to end by itself, hardly ends by chance just there, and not five times on one segment. A segment
 * that does end processes ends eight of them, whatever they are.
 */
const maturityMs = 60_000;

/** What follows from how often the encoding of a segment was begun, in whatever process. */
export class EncodingAttempts {
  readonly #spool: SealedSegments;
  readonly #clock: Clock;
  readonly #startedAt: number;

  /** The thread's age counts from here. */
  constructor(spool: SealedSegments, clock: Clock) {
    this.#spool = spool;
    this.#clock = clock;
    this.#startedAt = clock.monotonic();
  }

  /** Undefined when it is to be encoded now. */
  refusal({ segment, awaited }: DeliveryTask): Refusal | undefined {
    const begun = this.#spool.attempts(segment);
    if (begun < wholeAttempts) return undefined;
    const error = new Error(`encoding a segment was begun ${begun} times and came to no end`);
    if (begun >= maxAttempts) return { status: "poison", error };
    const retryMs = this.#startedAt + maturityMs - this.#clock.monotonic();
    return awaited || retryMs <= 0 ? undefined : { status: "suspect", error, retryMs };
  }
}
