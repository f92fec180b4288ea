/**
 * Sees to it that collecting never becomes what makes a service slow. It keeps the mean time of a
 * collection's `collect` calls, exponentially weighted; when that is above the limit, the collection rests
 * ("is muted") and then starts afresh. The limit is for each MiB of a frame that is begun: whoever collects a
 * large frame means to, and what it costs is in proportion.
 */
export class TimeBudget {
  #meanMs = 0;
  #mutedUntil = Number.NEGATIVE_INFINITY;

  /** True while the collection rests. Times are of `Clock.monotonic`. */
  isMuted(nowMs: number): boolean {
    return nowMs < this.#mutedUntil;
  }

  /** A call took `tookMs` for a frame of `bytes` and ended at `nowMs`. Cheap: it runs once per `collect`. */
  spent(tookMs: number, bytes: number, nowMs: number, limitMs: number): void {
    const costMs = tookMs / Math.max(1, Math.ceil(bytes / MiB));
    // Capped, so that one call alone - a cold start, a stopped process, a debugger - never mutes; three in a
    // row do.
    this.#meanMs += (Math.min(costMs, limitMs * cap) - this.#meanMs) * weight;
    if (this.#meanMs <= limitMs) return;
    this.#mutedUntil = nowMs + muteMs;
    this.#meanMs = 0;
  }
}

const MiB = 1024 * 1024;
/** How much the newest call counts. */
const weight = 1 / 8;
/** A call counts as at most this many times the limit. */
const cap = 4;
/** How long a collection rests, milliseconds. */
export const muteMs = 60_000;
