import type { Clock } from "../../../base/time/clock.ts";

/**
 * Writing may take this share of the caller's thread, for data that comes very fast is better handed over;
 */
const share = 0.02;
/** and for a while more, by so many milliseconds. */
const maxSpentMs = 20;
/** A write counts as no more: the machine may have given the processor to somebody else meanwhile. */
const maxCountedMs = 2;
/** A write that takes so long waits for a disk, or for the processor: */
const slowMs = 5;
/** for the disk, if this comes together in writes one after another, where a very slow one counts twice. */
const maxSlow = 3;
const verySlowMs = 100;
/** When it was too much, it is over for so long, milliseconds, */
const restMs = 60_000;
/** and until another thread has written so many batches quickly, one after another. */
const quickEnough = 32;

/** How long the caller's thread may spend writing: for ever, as long as that is quick. */
export class WritingTime {
  readonly #clock: Clock;
  #spentMs = 0;
  #spentAt = Number.NEGATIVE_INFINITY;
  #slow = 0;
  #overUntil: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isOver(): boolean {
    return this.#overUntil !== undefined;
  }

  /** Does something that takes of the time. */
  spend<T>(work: () => T): T {
    const start = this.#clock.monotonic();
    const result = work();
    const end = this.#clock.monotonic();
    const back = (start - this.#spentAt) * share;
    this.#spentMs = Math.max(0, this.#spentMs - back) + Math.min(end - start, maxCountedMs);
    this.#spentAt = end;
    if (end - start < slowMs) this.#slow = 0;
    else this.#slow += end - start < verySlowMs ? 1 : 2;
    if (this.#spentMs > maxSpentMs || this.#slow >= maxSlow) this.end();
    return result;
  }

  /** It is over, until {@link WritingTime.isBack}. */
  end(): void {
    this.#overUntil = this.#clock.monotonic() + restMs;
  }

  /** Whether it is over no more, where that was so. */
  isBack(quickAppends: number): boolean {
    if (this.#overUntil === undefined || quickAppends < quickEnough) return false;
    if (this.#clock.monotonic() < this.#overUntil) return false;
    this.#overUntil = undefined;
    this.#spentMs = 0;
    this.#slow = 0;
    return true;
  }
}
