import { type Clock, onNextTurn } from "../../base/time/clock.ts";

/** What {@link GatheringTime} needs. */
export interface GatheringTimeParts {
  readonly clock: Clock;
  /** Frames are gathered for at most this long, milliseconds. */
  readonly flushIntervalMs: number;
  /** It is time to hand over what was gathered. */
  readonly due: () => void;
}

/**
 * When what is gathered is to be handed over: after the interval, or on the next turn of the event loop when
 * nothing came for so long that further frames most likely come too late. To wait for them would only wake
 * the thread once more, with cold caches.
 *
 * When the interval is over, too, it is on the next turn: a request that has come meanwhile goes first.
 */
export class GatheringTime {
  readonly #parts: GatheringTimeParts;
  #armed = false;
  /** When it was last over. */
  #dueAt: number;

  constructor(parts: GatheringTimeParts) {
    this.#parts = parts;
    this.#dueAt = parts.clock.monotonic();
  }

  /** A frame came from outside. */
  began(): void {
    if (this.#armed) return;
    const { clock, flushIntervalMs } = this.#parts;
    if (clock.monotonic() - this.#dueAt <= flushIntervalMs) {
      this.arm();
      return;
    }
    this.#armed = true;
    onNextTurn(this.#due);
  }

  /** Something is there that waits, at most for the interval. */
  arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    this.#parts.clock.setTimer(() => onNextTurn(this.#due), this.#parts.flushIntervalMs);
  }

  readonly #due = (): void => {
    this.#armed = false;
    this.#dueAt = this.#parts.clock.monotonic();
    this.#parts.due();
  };
}
