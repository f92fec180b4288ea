import type { Clock } from "./clock.ts";

/** When to stop trying for a while. */
export interface BreakerOptions {
  readonly clock: Clock;
  /** Failures in a row that open the breaker. Default 5. */
  readonly threshold?: number;
  /** Milliseconds from opening, or from a failed probe, to the next probe. Default 30 000. */
  readonly probeAfterMs?: number;
}

/** Keeps many tries from running into the same wall: after some failures in a row only one probe at a time gets through. */
export interface Breaker {
  /** `closed`: all may try. `open`: nobody. `probing`: one try is under way, the others wait for what becomes of it. */
  readonly state: "closed" | "open" | "probing";
  /** Whether to try now. A `true` while not closed *is* the probe: report it with `success` or `failure`. */
  allow(): boolean;
  /** Milliseconds until {@link allow} can say yes; 0 if it can now. */
  waitMs(): number;
  success(): void;
  failure(): void;
}

/** A circuit breaker that closes on the first success. */
export function createBreaker(options: BreakerOptions): Breaker {
  const { clock, threshold = 5, probeAfterMs = 30_000 } = options;
  let failures = 0;
  let probing = false;
  /** On `clock.monotonic()`; a probe that never reports is given up after another `probeAfterMs`. */
  let probeAt = 0;

  const isOpen = (): boolean => failures >= threshold;
  const waitMs = (): number => (isOpen() ? Math.max(0, probeAt - clock.monotonic()) : 0);
  return {
    get state() {
      if (!isOpen()) return "closed";
      return probing ? "probing" : "open";
    },
    allow() {
      if (!isOpen()) return true;
      if (waitMs() > 0) return false;
      probing = true;
      probeAt = clock.monotonic() + probeAfterMs;
      return true;
    },
    waitMs,
    success() {
      failures = 0;
      probing = false;
    },
    failure() {
      failures += 1;
      if (!isOpen()) return;
      // Late failures of tries begun before the opening do not push the first probe back.
      if (probing || failures === threshold) probeAt = clock.monotonic() + probeAfterMs;
      probing = false;
    },
  };
}
