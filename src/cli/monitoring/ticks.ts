import type { Clock } from "../../base/time/clock.ts";
import { sleep } from "../../base/time/wait.ts";

/** When something is to be done again and again. */
export interface TickOptions {
  /** From one time to the next, milliseconds; times are its multiples since 1970 UTC. */
  readonly everyMs: number;
  /** How long after each time it is done: what belongs to it comes a little later. */
  readonly delayMs: number;
  readonly clock: Clock;
  /** Ends the waiting, and with it the ticks. */
  readonly signal: AbortSignal;
}

/**
 * The times at which something is to be done, each when it has come: the last one that is past first, then
 * one after another. Those that pass while it is being done are not made up for, but for the last one; none
 * comes twice.
 */
export async function* ticks({ everyMs, delayMs, clock, signal }: TickOptions): AsyncGenerator<number> {
  let last = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    const tick = Math.floor((clock.now() - delayMs) / everyMs) * everyMs;
    if (tick > last) {
      last = tick;
      yield tick;
      continue;
    }
    const wait = last + everyMs + delayMs - clock.now();
    try {
      // A machine that slept, or whose clock was set, is looked after within a minute.
      await sleep(clock, Math.min(Math.max(wait, 1), 60_000), signal);
    } catch {
      return;
    }
  }
}
