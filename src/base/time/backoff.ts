/** How long to wait before the next try. */
export interface BackoffOptions {
  /** Window of the first wait, milliseconds. Default 1 000. */
  readonly baseMs?: number;
  /** Largest window, milliseconds. Default 60 000. */
  readonly maxMs?: number;
  /** Uniform in [0, 1). Default `Math.random`. */
  readonly random?: () => number;
}

/** Waits between tries of one thing that keeps failing. */
export interface Backoff {
  /**
   * Milliseconds to wait before the next try: uniform between 0 and a window that doubles with each call up
   * to `maxMs` ("full jitter", so that many clients that failed together do not come back together). If the
   * service said how long to wait, never less than that, plus up to a tenth of it as jitter; a service that
   * asks for more than an hour gets an hour.
   */
  next(retryAfterMs?: number): number;
  /** Something succeeded: the next wait is short again. */
  reset(): void;
}

const maxRetryAfterMs = 3_600_000;

/** Exponential back-off with full jitter. */
export function createBackoff(options: BackoffOptions = {}): Backoff {
  const { baseMs = 1_000, maxMs = 60_000, random = Math.random } = options;
  let windowMs = Math.min(baseMs, maxMs);
  return {
    next(retryAfterMs) {
      const jittered = random() * windowMs;
      windowMs = Math.min(windowMs * 2, maxMs);
      if (retryAfterMs === undefined || !(retryAfterMs > 0)) return Math.round(jittered);
      const asked = Math.min(retryAfterMs, maxRetryAfterMs);
      return Math.round(Math.max(jittered, asked * (1 + random() / 10)));
    },
    reset() {
      windowMs = Math.min(baseMs, maxMs);
    },
  };
}
