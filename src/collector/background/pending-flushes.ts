import type { Clock } from "../../base/time/clock.ts";
import type { FlushReport, FlushGoal } from "../../pipeline/backend.ts";

/** A flush that the background thread was asked for and has not answered. */
export interface PendingFlush {
  readonly id: number;
  readonly to: FlushGoal;
  /** Milliseconds left. */
  readonly leftMs: number;
  readonly settle: (report: FlushReport) => void;
  /** What to report if the thread never answers, and why it does not. */
  readonly silent: (why: string) => FlushReport;
}

/**
 * The flushes that somebody waits for. Each ends by its deadline and a little, whether the thread answers or not; until then it
 * keeps the process alive.
 */
export class PendingFlushes {
  readonly #clock: Clock;
  readonly #waiting = new Map<number, Omit<PendingFlush, "leftMs"> & { readonly endsAt: number }>();
  #id = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#waiting.size;
  }

  add(
    to: FlushGoal,
    deadlineMs: number,
    silent: PendingFlush["silent"],
    send: (id: number) => void,
  ): Promise<FlushReport> {
    const id = this.#id++;
    return new Promise((resolve) => {
      const timer = lateTimer(this.#clock, deadlineMs + graceMs, () =>
        this.settle(id, silent("the background thread does not answer")),
      );
      const settle = (report: FlushReport): void => {
        timer[Symbol.dispose]();
        resolve(report);
      };
      this.#waiting.set(id, { id, to, settle, silent, endsAt: this.#clock.monotonic() + deadlineMs });
      send(id);
    });
  }

  settle(id: number, report: FlushReport): void {
    const flush = this.#waiting.get(id);
    this.#waiting.delete(id);
    flush?.settle(report);
  }

  /** All that are waiting, to be asked for again. */
  all(): PendingFlush[] {
    const now = this.#clock.monotonic();
    return Array.from(this.#waiting.values(), ({ endsAt, ...flush }) => ({
      ...flush,
      leftMs: Math.max(0, endsAt - now),
    }));
  }
}

/** How much later than it should a thread may answer before it is taken for silent, milliseconds. */
export const graceMs = 2_000;
/** The longest a timer of Node can wait, milliseconds. */
const longestMs = 2_147_483_647;

/**
 * Calls back after `ms` and one more look at what has come in meanwhile: if this thread was held up, its timers run before
 * the answers that are already there. Keeps the process alive.
 */
export function lateTimer(clock: Clock, ms: number, callback: () => void): Disposable {
  let timer = clock.setTimer(
    () => {
      timer = clock.setTimer(callback, 50, { keepAlive: true });
    },
    Math.min(ms, longestMs),
    { keepAlive: true },
  );
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}
