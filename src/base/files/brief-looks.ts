import { onNextTurn, systemClock } from "../time/clock.ts";
import { type FileStatus, inspectPath, inspectPathNow, readFileRange, readFileRangeNow } from "./files.ts";

/** How files are looked at. */
export interface FileLooks {
  readonly inspectPath: typeof inspectPath;
  readonly readFileRange: typeof readFileRange;
}

/** By other threads, which takes longer and holds up nobody. */
export const patientLooks: FileLooks = { inspectPath, readFileRange };

/** In one turn of the event loop this thread waits for files so long at most, but for the last call. */
const maxTurnMs = 4;
/** Calls that take longer, on average, are made side by side instead. */
const maxAverageMs = 0.25;
const averageOf = 16;
/** So many calls are left to other threads then. */
const restCalls = 256;
/** Of more bytes most of the time is reading, not asking. */
const maxBytes = 1024 * 1024;

/**
 * Waits for a file while that is brief: of thousands of small ones that the system has in memory, handing
 * each call to another thread takes most of the time. The event loop comes round every few milliseconds, and
 * where the files are not near, they are read by other threads.
 */
export class BriefLooks implements FileLooks {
  #turnStart: number | undefined;
  /** Settles when the next turn has begun, once this one is used up. */
  #nextTurn: Promise<void> | undefined;
  #averageMs = 0;
  #resting = 0;

  readonly inspectPath = (path: string): Promise<FileStatus | undefined> =>
    this.#look(
      () => inspectPathNow(path),
      () => inspectPath(path),
    );

  readonly readFileRange = (path: string, start: number, end: number): Promise<Uint8Array> =>
    end - start <= maxBytes
      ? this.#look(
          () => readFileRangeNow(path, start, end),
          () => readFileRange(path, start, end),
        )
      : readFileRange(path, start, end);

  async #look<T>(look: () => T, others: () => Promise<T>): Promise<T> {
    while (this.#resting === 0) {
      if (this.#isTurnLeft()) return this.#timed(look);
      await (this.#nextTurn ??= new Promise((resolve) => {
        onNextTurn(() => {
          this.#nextTurn = undefined;
          resolve();
        });
      }));
    }
    this.#resting--;
    return await others();
  }

  #isTurnLeft(): boolean {
    const now = systemClock.monotonic();
    if (this.#turnStart === undefined) {
      this.#turnStart = now;
      onNextTurn(() => (this.#turnStart = undefined));
    }
    return now - this.#turnStart < maxTurnMs;
  }

  #timed<T>(look: () => T): T {
    const start = systemClock.monotonic();
    try {
      return look();
    } finally {
      this.#averageMs += (systemClock.monotonic() - start - this.#averageMs) / averageOf;
      if (this.#averageMs > maxAverageMs) {
        this.#averageMs = 0;
        this.#resting = restCalls;
      }
    }
  }
}
