/** Time, injected so that tests can turn it by hand. */
export interface Clock {
  /** Milliseconds since 1970 UTC, whole. */
  now(): number;
  /** Milliseconds from an arbitrary start, never going back; for durations. */
  monotonic(): number;
  /**
   * Calls back once after `ms`. Dispose to cancel. The timer does not keep the process alive, unless `keepAlive` is true:
   * for a wait inside a promise that somebody awaits, which would otherwise end the process silently.
   */
  setTimer(callback: () => void, ms: number, options?: { readonly keepAlive?: boolean }): Disposable;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(callback, ms, options) {
    const timer = setTimeout(callback, ms);
    if (!options?.keepAlive) timer.unref();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};
