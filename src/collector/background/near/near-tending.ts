import type { Clock } from "../../../base/time/clock.ts";

/** What {@link NearTending} needs. */
export interface NearTendingParts {
  readonly clock: Clock;
  /** Milliseconds in which what was written is to be synced. */
  readonly syncMs: () => number;
  /** Milliseconds after which a segment is to become a file. */
  readonly maxAgeMs: () => number;
  /** False: there is nothing that it could be asked for. */
  readonly isNeeded: () => boolean;
  /** Has all that is due seen to. */
  readonly tend: () => void;
}

/** Of the time in which it is to be synced: the rest is the background thread's, to do it. */
const syncShare = 0.8;
/** How long the disk may go unlooked at while it is written to, milliseconds. */
const maxPauseMs = 2_000;
const minPauseMs = 5;

/** When what the near writer has written is seen to; no timer runs while it has written nothing. */
export class NearTending {
  readonly #parts: NearTendingParts;
  #timer: Disposable | undefined;
  #dueAt = Number.POSITIVE_INFINITY;

  constructor(parts: NearTendingParts) {
    this.#parts = parts;
  }

  /** Something was written. */
  written(): void {
    this.#arm(Math.min(this.#parts.syncMs() * syncShare, this.#parts.maxAgeMs() / 4, maxPauseMs));
  }

  stop(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#dueAt = Number.POSITIVE_INFINITY;
  }

  #arm(wantedMs: number): void {
    const { clock, isNeeded, tend, maxAgeMs } = this.#parts;
    const inMs = Math.max(minPauseMs, wantedMs);
    const dueAt = clock.monotonic() + inMs;
    if (dueAt >= this.#dueAt) return;
    this.#timer?.[Symbol.dispose]();
    this.#dueAt = dueAt;
    this.#timer = clock.setTimer(() => {
      this.#timer = undefined;
      this.#dueAt = Number.POSITIVE_INFINITY;
      tend();
      // Written or not: in the end it becomes a file.
      if (isNeeded()) this.#arm(maxAgeMs() / 4);
    }, inMs);
  }
}
