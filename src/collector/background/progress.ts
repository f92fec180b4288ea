import { systemClock } from "../../base/time/clock.ts";

/** How far the background thread has come, in memory shared by both threads. */
export class Progress {
  /** What the other thread makes its own `Progress` of. */
  readonly memory: SharedArrayBuffer;
  readonly #cell: BigInt64Array;

  /** @param memory of another thread's `Progress`; without it, this is the first one, and nothing has been reached. */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#cell = new BigInt64Array(memory);
  }

  /** All batches up to `sequence` have been dealt with. */
  reach(sequence: number): void {
    Atomics.store(this.#cell, 0, BigInt(sequence));
    Atomics.notify(this.#cell, 0);
  }

  /** Blocks this thread until `sequence` is reached or `timeoutMs` have passed; returns the last batch dealt with. */
  waitFor(sequence: number, timeoutMs: number): number {
    const end = systemClock.monotonic() + timeoutMs;
    for (;;) {
      const now = Number(Atomics.load(this.#cell, 0));
      const left = end - systemClock.monotonic();
      if (now >= sequence || left <= 0) return now;
      Atomics.wait(this.#cell, 0, BigInt(now), left);
    }
  }
}
