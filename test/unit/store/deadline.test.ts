import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { type CallGroup, DeadlineError, endCalls, withDeadline } from "../../../src/store/deadline.ts";

const never = (): Promise<never> => new Promise(() => {});

describe("withDeadline", () => {
  test("gives what the call gives, and leaves no listener", async () => {
    const { signal } = new AbortController();
    const group: CallGroup = { controllers: new Set() };
    for (let i = 0; i < 50; i++) {
      expect(await withDeadline(async () => i, { deadlineMs: 1_000, signal, group })).toBe(i);
    }
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    expect(group.controllers.size).toBe(0);
  });

  test("ends a call that ignores its signal", async () => {
    await expect(withDeadline(never, { deadlineMs: 5 })).rejects.toBeInstanceOf(DeadlineError);
  });

  test("tells the call that it is over", async () => {
    let told: unknown;
    const call = (signal: AbortSignal) => {
      signal.addEventListener("abort", () => {
        told = signal.reason;
      });
      return never();
    };
    await expect(withDeadline(call, { deadlineMs: 5 })).rejects.toThrow();
    expect(told).toBeInstanceOf(DeadlineError);
  });

  test("ends with the caller's reason, at once if it was given before", async () => {
    const controller = new AbortController();
    const running = withDeadline(never, { deadlineMs: 60_000, signal: controller.signal });
    controller.abort(new Error("mine"));
    await expect(running).rejects.toThrow("mine");
    let called = false;
    const call = async () => {
      called = true;
    };
    await expect(withDeadline(call, { deadlineMs: 1, signal: controller.signal })).rejects.toThrow("mine");
    expect(called).toBe(false);
  });

  test("can be given more time by the call", async () => {
    const call = async (_: AbortSignal, extend: (deadlineMs: number) => void) => {
      extend(5_000);
      await new Promise((resolve) => setTimeout(resolve, 40));
      return "done";
    };
    expect(await withDeadline(call, { deadlineMs: 10 })).toBe("done");
  });

  test("ends with its group, and a failure that comes after the end disturbs nobody", async () => {
    const group: CallGroup = { controllers: new Set() };
    let fail: (error: Error) => void = () => {};
    const call = () =>
      new Promise<never>((_, reject) => {
        fail = reject;
      });
    const running = withDeadline(call, { deadlineMs: 60_000, group });
    endCalls(group);
    await expect(running).rejects.toThrow("closed");
    // Would end the test run as an unhandled rejection.
    fail(new Error("late"));
    await new Promise((resolve) => setImmediate(resolve));
  });

  test("passes on what the call throws, also synchronously", async () => {
    await expect(withDeadline(() => Promise.reject(new Error("x")), { deadlineMs: 100 })).rejects.toThrow(
      "x",
    );
    const call = () => {
      throw new Error("sync");
    };
    await expect(withDeadline(call, { deadlineMs: 100 })).rejects.toThrow("sync");
  });
});
