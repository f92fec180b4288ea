import type { Clock } from "../../src/base/time/clock.ts";

/** A clock that stands still until {@link HandClock.advance} turns it. */
export interface HandClock extends Clock {
  /** Timers that are set. */
  readonly timers: number;
  /**
   * Turns the clock by `ms`, running each timer at its moment, in order, with promises settled in between.
   */
  advance(ms: number): Promise<void>;
}

/** Makes a {@link HandClock} that shows `now` (default 2026-11-22 05:00 UTC). */
export function createHandClock(now: number = Date.UTC(2026, 10, 22, 5)): HandClock {
  const start = now;
  const timers = new Set<{ at: number; callback: () => void }>();
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  return {
    get timers() {
      return timers.size;
    },
    now: () => now,
    monotonic: () => now - start,
    setTimer(callback, ms) {
      const timer = { at: now + ms, callback };
      timers.add(timer);
      return { [Symbol.dispose]: () => void timers.delete(timer) };
    },
    async advance(ms) {
      const end = now + ms;
      await settle();
      for (;;) {
        const next = [...timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.callback();
        await settle();
      }
      now = end;
    },
  };
}
