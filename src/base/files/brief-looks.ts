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
  #averageMs = 0;
  #resting = 0;

  readonly inspectPath = (path: string): Promise<FileStatus | undefined> =>
    this.#isBrief() ? this.#timed(() => inspectPathNow(path)) : inspectPath(path);

  readonly readFileRange = (path: string, start: number, end: number): Promise<Uint8Array> =>
    end - start <= maxBytes && this.#isBrief()
      ? this.#timed(() => readFileRangeNow(path, start, end))
      : readFileRange(path, start, end);

  #isBrief(): boolean {
    if (this.#resting > 0) {
      this.#resting--;
      return false;
    }
    const now = systemClock.monotonic();
    if (this.#turnStart === undefined) {
      this.#turnStart = now;
      onNextTurn(() => (this.#turnStart = undefined));
    }
    return now - this.#turnStart < maxTurnMs;
  }

  async #timed<T>(look: () => T): Promise<T> {
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
