import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { comesWithin, sleep } from "../../../src/base/time/wait.ts";
import { createHandClock } from "../../support/hand-clock.ts";

const never = new Promise<never>(() => {});

/** A promise that is settled by hand. */
function later(): { promise: Promise<void>; come: () => void; fail: (error: Error) => void } {
  let come = (): void => {};
  let fail: (error: Error) => void = () => {};
  const promise = new Promise<void>((resolve, reject) => {
    come = resolve;
    fail = reject;
  });
  return { promise, come, fail };
}

describe("waiting for an event, but no longer than so", () => {
  test("says that it came, and leaves no timer", async () => {
    const clock = createHandClock();
    const { promise, come } = later();
    const waiting = comesWithin(clock, 1_000, promise);
    await clock.advance(999);
    come();
    expect(await waiting).toBe(true);
    expect(clock.timers).toBe(0);
  });

  test("says that time was up, to the millisecond", async () => {
    const clock = createHandClock();
    let answer: boolean | undefined;
    void comesWithin(clock, 1_000, never).then((came) => (answer = came));
    await clock.advance(999);
    expect(answer).toBeUndefined();
    await clock.advance(1);
    expect(answer).toBe(false);
    expect(clock.timers).toBe(0);
  });

  test("fails with an event that fails in time, and leaves no timer", async () => {
    const clock = createHandClock();
    await expect(comesWithin(clock, 1_000, Promise.reject(new Error("its own")))).rejects.toThrow("its own");
    expect(clock.timers).toBe(0);
  });

  test("an event that fails when time was up disturbs nobody", async () => {
    const clock = createHandClock();
    const unhandled: unknown[] = [];
    const listener = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", listener);
    const { promise, fail } = later();
    const waiting = comesWithin(clock, 10, promise);
    await clock.advance(10);
    expect(await waiting).toBe(false);
    fail(new Error("late"));
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", listener);
    expect(unhandled).toEqual([]);
  });
});

describe("sleeping", () => {
  test("takes so long, and leaves no listener on the signal", async () => {
    const clock = createHandClock();
    const { signal } = new AbortController();
    let awake = false;
    void sleep(clock, 50, signal).then(() => (awake = true));
    await clock.advance(49);
    expect(awake).toBe(false);
    await clock.advance(1);
    expect(awake).toBe(true);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  test("ends with the reason of its signal, at once if it was given before, and leaves no timer", async () => {
    const clock = createHandClock();
    const controller = new AbortController();
    const sleeping = sleep(clock, 50, controller.signal);
    controller.abort(new Error("mine"));
    await expect(sleeping).rejects.toThrow("mine");
    await expect(sleep(clock, 50, controller.signal)).rejects.toThrow("mine");
    expect(clock.timers).toBe(0);
  });
});
