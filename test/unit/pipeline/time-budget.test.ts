import fc from "fast-check";
import { expect, test } from "vitest";
import { TimeBudget } from "../../../src/collector/time-budget.ts";

const limitMs = 50;

/**
 * Calls one after another, each so long, without a pause; returns how many were made before the collection
 * was muted.
 */
function callsUntilMuted(
  budget: TimeBudget,
  times: readonly number[],
  startMs = 0,
  bytes = 1_000,
): number | undefined {
  let now = startMs;
  for (const [index, tookMs] of times.entries()) {
    if (budget.isMuted(now)) return index;
    now += tookMs;
    budget.spent(tookMs, bytes, now, limitMs);
  }
  return budget.isMuted(now) ? times.length : undefined;
}

test("calls within the limit never mute", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: limitMs, noNaN: true }), { maxLength: 500 }), (times) => {
      expect(callsUntilMuted(new TimeBudget(), times)).toBe(undefined);
    }),
    { numRuns: 200 },
  );
});

test("calls a little above the limit mute in the end, and calls far above it sooner", () => {
  const after = (tookMs: number): number | undefined =>
    callsUntilMuted(new TimeBudget(), Array<number>(200).fill(tookMs));
  expect(after(limitMs * 1.1)).toBe(18);
  expect(after(limitMs * 2)).toBe(6);
  expect(after(limitMs * 1_000)).toBe(3);
});

test("one call alone never mutes, however long it took", () => {
  const budget = new TimeBudget();
  const times = Array.from({ length: 100 }, (_, index) => (index === 50 ? 3_600_000 : 1));
  expect(callsUntilMuted(budget, times)).toBe(undefined);
});

test("a muted collection rests for a minute and then starts afresh", () => {
  const budget = new TimeBudget();
  expect(callsUntilMuted(budget, [1_000, 1_000, 1_000])).toBe(3);
  expect(budget.isMuted(3_000 + 59_999)).toBe(true);
  expect(budget.isMuted(3_000 + 60_000)).toBe(false);
  expect(callsUntilMuted(budget, [1_000, 1_000, 1_000], 63_000)).toBe(3);
});

test("a large frame may take the limit for each MiB, a small one takes it whole", () => {
  const MiB = 1024 * 1024;
  const after = (tookMs: number, bytes: number): number | undefined =>
    callsUntilMuted(new TimeBudget(), Array<number>(200).fill(tookMs), 0, bytes);
  expect(after(limitMs * 8, 8 * MiB)).toBe(undefined);
  expect(after(limitMs * 8, 7 * MiB)).toBeGreaterThan(3);
  expect(after(limitMs * 2, MiB / 2)).toBe(6);
  expect(after(limitMs * 2, 0)).toBe(6);
});
