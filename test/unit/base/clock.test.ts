import { expect, onTestFinished, test, vi } from "vitest";
import { onNextTurn, systemClock } from "../../../src/base/time/clock.ts";

test("under fake timers the clock goes on, and so does what waits for it", async () => {
  vi.useFakeTimers({
    now: 0,
    toFake: ["setTimeout", "setImmediate", "setInterval", "Date", "performance", "queueMicrotask"],
  });
  onTestFinished(() => void vi.useRealTimers());
  const start = systemClock.monotonic();
  await new Promise<void>((resolve) => onNextTurn(resolve));
  await new Promise<void>((resolve) => void systemClock.setTimer(resolve, 5, { keepAlive: true }));
  expect(vi.getTimerCount()).toBe(0);
  expect(Date.now()).toBe(0);
  expect(systemClock.monotonic()).toBeGreaterThan(start);
  expect(systemClock.now()).toBeGreaterThan(Date.UTC(2025, 0));
});

test("a timer that was disposed does not call back", async () => {
  let called = false;
  const timer = systemClock.setTimer(() => {
    called = true;
  }, 1);
  timer[Symbol.dispose]();
  await new Promise<void>((resolve) => void systemClock.setTimer(resolve, 10, { keepAlive: true }));
  expect(called).toBe(false);
});
