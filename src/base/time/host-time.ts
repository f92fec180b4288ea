import { performance } from "node:perf_hooks";
import { runInNewContext } from "node:vm";

/**
 * The time as the host's `Date.now` gives it, which is the host's to replace: fake timers, polyfills and
 * mistakes do. Whatever it is, time here is a whole number of milliseconds from 1970 to 9999, for everything
 * after it counts on that: partitions, ids, file names.
 */

/**
 * The last instant that data can have, milliseconds since 1970 UTC: the end of the year 9999, after which
 * dates have other forms.
 */
export const lastTimeMs: number = Date.UTC(10_000, 0) - 1;

/** True for a whole number of milliseconds from 1970 to 9999. */
export function isTimeMs(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= lastTimeMs;
}

/**
 * Milliseconds since 1970 UTC, whole, by the `Date.now` of this moment: also in a test that fakes the date.
 */
export function hostTimeMs(): number {
  try {
    const said = Math.floor(Date.now());
    if (isTimeMs(said)) return said;
  } catch {
    // It throws, or gives what is no number at all.
  }
  return ownTimeMs();
}

/**
 * The same by the machine, whatever `Date` is. If even that gives no time, this process counts itself.
 */
export function ownTimeMs(): number {
  try {
    const said = Math.floor(wallClock());
    if (isTimeMs(said)) return said;
  } catch {
    // As above.
  }
  const counted = Math.floor(startedMs + monotonicMs());
  return isTimeMs(counted) ? counted : 0;
}

/** Milliseconds from an arbitrary start, never going back and always a number. */
export function monotonicMs(): number {
  try {
    const said = elapsed();
    if (said > latestMs && said < lastTimeMs) latestMs = said;
  } catch {
    // As above.
  }
  return latestMs;
}

// As they were when this file was loaded: test runners put fake ones in their places later, which may stand
// still or jump. If one was there before, the engine has another.
const isEngines = (now: unknown): boolean => /\[native code\]/.test(Function.prototype.toString.call(now));
const wallClock: () => number = isEngines(Date.now)
  ? Date.now
  : (runInNewContext("Date.now") as typeof Date.now);
const elapsed: () => number = performance.now.bind(performance);
const startedMs: number = performance.timeOrigin;
let latestMs = 0;
