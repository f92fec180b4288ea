import type { Clock } from "../../base/time/clock.ts";

/** Asks the background thread for signs of life, while something is expected of it. */
export interface Heartbeat {
  /** Something is expected from now on. */
  watch(): void;
  /** It said something, or is a new one. */
  heard(): void;
  stop(): void;
}

/** What {@link createHeartbeat} needs. */
export interface HeartbeatParts {
  readonly clock: Clock;
  /** False ends the asking until the next `watch`. */
  readonly isNeeded: () => boolean;
  readonly ask: () => void;
  /** It said nothing for so long that it must hang. */
  readonly silent: (seconds: number) => void;
}

const pingMs = 5_000;
/** A thread that was asked so often and says nothing hangs. Counted, not timed: this thread or the machine may have slept. */
const maxUnanswered = 12;

export function createHeartbeat({ clock, isNeeded, ask, silent }: HeartbeatParts): Heartbeat {
  let next: Disposable | undefined;
  let unanswered = 0;
  const beat = (): void => {
    next = undefined;
    if (!isNeeded()) return;
    if (++unanswered > maxUnanswered) silent((maxUnanswered * pingMs) / 1_000);
    else ask();
    watch();
  };
  const watch = (): void => {
    next ??= clock.setTimer(beat, pingMs);
  };
  return {
    watch,
    heard() {
      unanswered = 0;
    },
    stop() {
      next?.[Symbol.dispose]();
    },
  };
}
