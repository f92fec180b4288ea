import type { Clock } from "../../base/time/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { FlushGoal, FlushReport } from "../../pipeline/backend.ts";
import type { Engine } from "../../pipeline/delivery/engine.ts";
import type { ToBackground } from "./thread-protocol.ts";

/** A flush that was asked for and has not been answered. */
interface PendingFlush {
  readonly id: number;
  readonly to: FlushGoal;
  /** By the monotonic clock, milliseconds. */
  readonly endsAt: number;
  readonly settle: (report: FlushReport) => void;
  /** What to report if nobody ever answers, and why nobody does. */
  readonly silent: (why: string) => FlushReport;
}

/**
 * What somebody waits for: flushes, and the close. They outlive threads, so that each new thread is asked
 * again. Each ends by its deadline and a little, whether a thread answers or not; until then it keeps the
 * process alive.
 */
export class PendingRequests {
  readonly #clock: Clock;
  readonly #flushes = new Map<number, PendingFlush>();
  #id = 0;
  #close: PendingClose | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isEmpty(): boolean {
    return this.#flushes.size === 0 && this.#close === undefined;
  }

  /** @param send sends the request for the first time. */
  flush(
    to: FlushGoal,
    deadlineMs: number,
    silent: PendingFlush["silent"],
    send: (message: ToBackground) => void,
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
      this.#flushes.set(id, { id, to, settle, silent, endsAt: this.#clock.monotonic() + deadlineMs });
      send({ type: "flush", id, to, deadlineMs });
    });
  }

  /** A flush was answered. */
  settle(id: number, report: FlushReport): void {
    const flush = this.#flushes.get(id);
    this.#flushes.delete(id);
    flush?.settle(report);
  }

  /** The close, once it was asked for; it stays. */
  get closing(): PendingClose | undefined {
    return this.#close;
  }

  /** @param late ends it when nobody has in time. */
  close(deadlineMs: number, late: () => void): PendingClose {
    this.#close ??= new PendingClose(this.#clock, deadlineMs, late);
    return this.#close;
  }

  /** All of it, to be asked of a new thread. */
  messages(): ToBackground[] {
    const messages: ToBackground[] = [];
    for (const { id, to, endsAt } of this.#flushes.values()) {
      messages.push({ type: "flush", id, to, deadlineMs: this.#leftMs(endsAt) });
    }
    if (this.#close !== undefined) messages.push({ type: "close", deadlineMs: this.#close.leftMs });
    return messages;
  }

  /** Has the flushes answered by an engine on this thread. */
  flushBy(engine: Engine): void {
    for (const { id, to, endsAt, silent } of [...this.#flushes.values()]) {
      void engine
        .flush(to, this.#leftMs(endsAt))
        .catch((thrown: unknown) => silent(messageOf(thrown)))
        .then((report) => this.settle(id, report));
    }
  }

  /** Nobody will answer any more; `why` is reported of the flushes. */
  end(why: string): void {
    for (const { id, silent } of [...this.#flushes.values()]) this.settle(id, silent(why));
    this.#close?.settle();
  }

  #leftMs(endsAt: number): number {
    return Math.max(0, endsAt - this.#clock.monotonic());
  }
}

/** The close that was asked for. */
class PendingClose {
  readonly done: Promise<void>;
  readonly #clock: Clock;
  readonly #endsAt: number;
  readonly #guard: Disposable;
  #resolve = (): void => {};

  constructor(clock: Clock, deadlineMs: number, late: () => void) {
    this.#clock = clock;
    this.#endsAt = clock.monotonic() + deadlineMs;
    this.#guard = lateTimer(clock, deadlineMs + graceMs, late);
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Milliseconds until the deadline. */
  get leftMs(): number {
    return Math.max(0, this.#endsAt - this.#clock.monotonic());
  }

  settle(): void {
    this.#guard[Symbol.dispose]();
    this.#resolve();
  }
}

/** How much later than it should a thread may answer before it is taken for silent, milliseconds. */
const graceMs = 2_000;
/** The longest a timer of Node can wait, milliseconds. */
const maxTimerMs = 2_147_483_647;

/**
 * Calls back after `ms` and one more look at what has come in meanwhile: if this thread was held up, its
 * timers run before the answers that are already there. Keeps the process alive.
 */
export function lateTimer(clock: Clock, ms: number, callback: () => void): Disposable {
  let timer = clock.setTimer(
    () => {
      timer = clock.setTimer(callback, 50, { keepAlive: true });
    },
    Math.min(ms, maxTimerMs),
    { keepAlive: true },
  );
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}
