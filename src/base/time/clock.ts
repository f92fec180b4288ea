import { timers } from "./engine-timers.ts";
import { monotonicMs, ownTimeMs } from "./host-time.ts";

/** Time, injected so that tests can turn it by hand. */
export interface Clock {
  /** Milliseconds since 1970 UTC, whole, from 1970 to 9999. */
  now(): number;
  /** Milliseconds from an arbitrary start, never going back; for durations. */
  monotonic(): number;
  /**
   * Calls back once after `ms`. Dispose to cancel. The timer does not keep the process alive, unless
   * `keepAlive` is true: for a wait inside a promise that somebody awaits, which would otherwise end the
   * process silently.
   */
  setTimer(callback: () => void, ms: number, options?: { readonly keepAlive?: boolean }): Disposable;
}

/** The machine's clock: whoever replaces time or timers in a process, before or after, holds up no data. */
export const systemClock: Clock = {
  now: ownTimeMs,
  monotonic: monotonicMs,
  setTimer: (callback, ms, options) => timers.start(callback, ms, options?.keepAlive === true),
};

/** Calls back when the event loop has come round. Keeps the process alive until then. */
export function onNextTurn(callback: () => void): void {
  timers.nextTurn(callback);
}
