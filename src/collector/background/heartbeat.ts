import type { Clock } from "../../base/time/clock.ts";

/** What {@link Heartbeat} needs. */
export interface HeartbeatParts {
  readonly clock: Clock;
  /** False ends the asking until the next `watch`. */
  readonly isNeeded: () => boolean;
  readonly ask: () => void;
  /** It said nothing for so long that it must hang. */
  readonly silent: (seconds: number) => void;
}

const pingMs = 5_000;
/**
 * A thread that was asked so often and says nothing hangs. Counted, not timed: this thread or the machine may
 * have slept.
 */
const maxUnanswered = 12;

/** Asks the background thread for signs of life, while something is expected of it. */
export class Heartbeat {
  readonly #parts: HeartbeatParts;
  #next: Disposable | undefined;
  #unanswered = 0;

  constructor(parts: HeartbeatParts) {
    this.#parts = parts;
  }

  /** Something is expected from now on. */
  watch(): void {
    this.#next ??= this.#parts.clock.setTimer(() => this.#beat(), pingMs);
  }

  /** It said something, or is a new one. */
  heard(): void {
    this.#unanswered = 0;
  }

  stop(): void {
    this.#next?.[Symbol.dispose]();
    this.#next = undefined;
  }

  #beat(): void {
    const { isNeeded, ask, silent } = this.#parts;
    this.#next = undefined;
    if (!isNeeded()) return;
    if (++this.#unanswered > maxUnanswered) silent((maxUnanswered * pingMs) / 1_000);
    else ask();
    this.watch();
  }
}
