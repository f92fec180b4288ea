import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createBackoff } from "../../../src/base/time/backoff.ts";

describe("createBackoff", () => {
  test("doubles its window up to the largest, and starts over", () => {
    const backoff = createBackoff({ baseMs: 1_000, maxMs: 60_000, random: () => 0.5 });
    const waits = Array.from({ length: 9 }, () => backoff.next());
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    backoff.reset();
    expect(backoff.next()).toBe(500);
  });

  test("waits at least as long as asked, and at most a tenth more or what it would have waited", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 0.999_999, noNaN: true }),
        fc.integer({ min: 1, max: 3_600_000 }),
        fc.nat({ max: 12 }),
        (random, asked, before) => {
          const backoff = createBackoff({ random: () => random });
          for (let i = 0; i < before; i++) backoff.next();
          const wait = backoff.next(asked);
          expect(wait).toBeGreaterThanOrEqual(asked);
          expect(wait).toBeLessThanOrEqual(Math.max(60_000, asked * 1.1) + 1);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("believes no service that asks for more than an hour, and none that asks for nonsense", () => {
    const backoff = createBackoff({ random: () => 0 });
    expect(backoff.next(1e12)).toBe(3_600_000);
    expect(backoff.next(Number.NaN)).toBe(0);
    expect(backoff.next(-5)).toBe(0);
  });

  test("spreads its waits over the whole window", () => {
    const waits = Array.from({ length: 2_000 }, () => createBackoff({ baseMs: 1_000 }).next());
    expect(Math.min(...waits)).toBeLessThan(100);
    expect(Math.max(...waits)).toBeGreaterThan(900);
    expect(Math.max(...waits)).toBeLessThanOrEqual(1_000);
  });
});
