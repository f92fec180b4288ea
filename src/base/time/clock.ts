import { clearTimeout, setImmediate, setTimeout } from "node:timers";
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

/*
 * Node's own, taken when this file is loaded: test runners put fake ones in their places later and stop their
 * time, and in an environment that plays a browser the global `setTimeout` gives numbers. Neither is to hold
 * up data.
 */
const startTimer: typeof setTimeout = setTimeout;
const stopTimer: typeof clearTimeout = clearTimeout;
const startImmediate: typeof setImmediate = setImmediate;

/** The machine's clock. */
export const systemClock: Clock = {
  now: ownTimeMs,
  monotonic: monotonicMs,
  setTimer(callback, ms, options) {
    const timer = startTimer(callback, ms);
    if (!options?.keepAlive) timer.unref?.();
    return { [Symbol.dispose]: () => stopTimer(timer) };
  },
};

/** Calls back when the event loop has come round. Keeps the process alive until then. */
export function onNextTurn(callback: () => void): void {
  startImmediate(callback);
}
