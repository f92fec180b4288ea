import { systemClock } from "../../base/time/clock.ts";

/** How far the background thread has come, in memory shared by both threads. */
export interface Progress {
  readonly memory: SharedArrayBuffer;
  /** All batches up to `sequence` have been dealt with. */
  reach(sequence: number): void;
  /** The last batch dealt with. */
  read(): number;
  /** Blocks this thread until `sequence` is reached or time is up; returns the last batch dealt with. */
  waitFor(sequence: number, timeoutMs: number): number;
}

export function createProgress(): Progress {
  return openProgress(new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT));
}

export function openProgress(memory: SharedArrayBuffer): Progress {
  const cell = new BigInt64Array(memory);
  const read = (): number => Number(Atomics.load(cell, 0));
  return {
    memory,
    read,
    reach(sequence) {
      Atomics.store(cell, 0, BigInt(sequence));
      Atomics.notify(cell, 0);
    },
    waitFor(sequence, timeoutMs) {
      const end = systemClock.monotonic() + timeoutMs;
      for (;;) {
        const now = read();
        const left = end - systemClock.monotonic();
        if (now >= sequence || left <= 0) return now;
        Atomics.wait(cell, 0, BigInt(now), left);
      }
    },
  };
}
