import { describe, expect, test } from "vitest";
import { type Breaker, createBreaker } from "../../../src/base/breaker.ts";
import { createHandClock } from "../../support/hand-clock.ts";

function opened(clock = createHandClock()): { breaker: Breaker; clock: typeof clock } {
  const breaker = createBreaker({ clock, threshold: 5, probeAfterMs: 10_000 });
  for (let i = 0; i < 5; i++) breaker.failure();
  return { breaker, clock };
}

describe("createBreaker", () => {
  test("opens after so many failures in a row, and not if a success came between", () => {
    const breaker = createBreaker({ clock: createHandClock(), threshold: 3, probeAfterMs: 10 });
    for (const outcome of ["failure", "failure", "success", "failure", "failure"] as const)
      breaker[outcome]();
    expect([breaker.allow(), breaker.state]).toEqual([true, "closed"]);
    breaker.failure();
    expect([breaker.allow(), breaker.state]).toEqual([false, "open"]);
  });

  test("lets one probe through when it is time", async () => {
    const { breaker, clock } = opened();
    await clock.advance(9_999);
    expect([breaker.allow(), breaker.waitMs()]).toEqual([false, 1]);
    await clock.advance(1);
    expect([breaker.allow(), breaker.allow(), breaker.state]).toEqual([true, false, "probing"]);
  });

  test("closes when the probe succeeds, and waits again when it fails", async () => {
    const { breaker, clock } = opened();
    await clock.advance(10_000);
    expect(breaker.allow()).toBe(true);
    await clock.advance(3_000);
    breaker.failure();
    expect([breaker.state, breaker.waitMs()]).toEqual(["open", 10_000]);
    await clock.advance(10_000);
    expect(breaker.allow()).toBe(true);
    breaker.success();
    expect([breaker.state, breaker.allow(), breaker.waitMs()]).toEqual(["closed", true, 0]);
  });

  test("is not held open by late failures, nor for ever by a probe that never reports", async () => {
    const { breaker, clock } = opened();
    await clock.advance(9_000);
    breaker.failure();
    await clock.advance(1_000);
    expect(breaker.allow()).toBe(true);
    await clock.advance(10_000);
    expect(breaker.allow()).toBe(true);
  });
});
