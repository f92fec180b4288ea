import type { Clock } from "./clock.ts";

/**
 * Waits for `event`, but no longer than `ms`. True if it came in time, false if time was up first; if it
 * fails in time, that is thrown, and if it fails later, nobody is told. Keeps the process alive until then.
 */
export function comesWithin(clock: Clock, ms: number, event: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(() => resolve(false), ms, { keepAlive: true });
    event.then(
      () => {
        timer[Symbol.dispose]();
        resolve(true);
      },
      (thrown: unknown) => {
        timer[Symbol.dispose]();
        reject(thrown);
      },
    );
  });
}

/**
 * Waits so many milliseconds; throws the reason of `signal` when that fires, or has fired. Keeps the process
 * alive, because somebody awaits what it is a part of.
 */
export async function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      timer[Symbol.dispose]();
      reject(signal?.reason);
    };
    const onEnd = (): void => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    };
    const timer = clock.setTimer(onEnd, ms, { keepAlive: true });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
