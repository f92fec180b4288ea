import { hookWorkers } from "../faults/preload/hook-workers.ts";

/*
 * Time that passes faster: preloaded into a process (`--import`), `Date` gives it in all its threads, while
 * timers go on as they are. Imported by a test, it is the same time there, under its own name.
 */

/** When it began, by the wall and by the fast clock, and how much faster it is. */
export interface FastClock {
  readonly beganMs: number;
  readonly fromMs: number;
  readonly factor: number;
}

/** The variable by which a process is told. */
export const fastClockVariable = "TEST_FAST_CLOCK";

const wall = Date.now.bind(Date);

/** What the fast clock shows, milliseconds since 1970 UTC. */
export function fastTime({ beganMs, fromMs, factor }: FastClock): number {
  return Math.floor(fromMs + (wall() - beganMs) * factor);
}

const given = process.env[fastClockVariable];
if (given !== undefined) {
  const clock = JSON.parse(given) as FastClock;
  hookWorkers(() => ({ preload: new URL(import.meta.url), env: { [fastClockVariable]: given } }));
  // Bound, it looks like the engine's: the code under test takes no other.
  const now = fastTime.bind(undefined, clock);
  globalThis.Date = new Proxy(Date, {
    construct: (target, args, own) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, own) as Date,
    get: (target, key, own) => (key === "now" ? now : (Reflect.get(target, key, own) as unknown)),
  });
}
