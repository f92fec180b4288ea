/** Time, injected so that tests can turn it by hand. */
export interface Clock {
  /** Milliseconds since 1970 UTC, whole. */
  now(): number;
  /** Milliseconds from an arbitrary start, never going back; for durations. */
  monotonic(): number;
  /** Calls back once after `ms`; the timer never keeps the process alive. Dispose to cancel. */
  setTimer(callback: () => void, ms: number): Disposable;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(callback, ms) {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};
