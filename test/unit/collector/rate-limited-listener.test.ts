import { expect, onTestFinished, test, vi } from "vitest";
import type { CollectorError } from "../../../src/base/errors.ts";
import { RateLimitedListener } from "../../../src/collector/report/rate-limited-listener.ts";
import type { ErrorInfo } from "../../../src/config/callbacks.ts";
import { createHandClock } from "../../support/hand-clock.ts";

function world() {
  const clock = createHandClock();
  const heard: ErrorInfo[] = [];
  const errors: CollectorError[] = [];
  const reporter = new RateLimitedListener(clock, (error, info) => {
    errors.push(error);
    heard.push(info);
  });
  return { clock, heard, errors, reporter };
}

test("a reason is told at once, then once a second, with what came in between", async () => {
  const { clock, heard, reporter } = world();
  const drop = (): void =>
    reporter.report("FRAME_DROPPED", "invalid", () => "why", { collection: "a", frames: 2 });
  drop();
  drop();
  drop();
  expect(heard).toEqual([{ reason: "invalid", collection: "a", occurrences: 1, frames: 2 }]);
  await clock.advance(999);
  drop();
  expect(heard).toHaveLength(1);
  await clock.advance(1);
  drop();
  expect(heard[1]).toEqual({ reason: "invalid", collection: "a", occurrences: 4, frames: 8 });
});

test("reasons and collections are limited apart", () => {
  const { heard, reporter } = world();
  for (const collection of ["a", "b"]) {
    for (const reason of ["x", "y"]) {
      for (let i = 0; i < 3; i++) reporter.report("FRAME_DROPPED", reason, () => "", { collection });
    }
  }
  expect(heard.map(({ reason, collection }) => `${reason}${collection}`)).toEqual(["xa", "ya", "xb", "yb"]);
});

test("a message that nobody hears is not made", () => {
  const { reporter } = world();
  const message = vi.fn(() => "long");
  for (let i = 0; i < 100; i++) reporter.report("FRAME_DROPPED", "x", message);
  expect(message).toHaveBeenCalledTimes(1);
});

test("a listener gets the code, the message and the cause", () => {
  const { errors, reporter } = world();
  const cause = new Error("underneath");
  reporter.report("SPOOL_FAILED", "x", () => "what happened", { cause });
  reporter.report("TIMEOUT", "y", () => "late");
  expect(errors[0]).toMatchObject({
    name: "CollectorError",
    code: "SPOOL_FAILED",
    message: "what happened",
    cause,
  });
  expect(errors[1] && "cause" in errors[1]).toBe(false);
});

test("ever new reasons do not fill the memory, and the oldest starts afresh", () => {
  const { heard, reporter } = world();
  for (let i = 0; i < 1_500; i++) reporter.report("VALUES_REJECTED", `column ${i}`, () => "");
  reporter.report("VALUES_REJECTED", "column 0", () => "");
  reporter.report("VALUES_REJECTED", "column 1499", () => "");
  expect(heard).toHaveLength(1_501);
});

test("what a listener throws, or its promise is rejected with, reaches nobody", async () => {
  const unhandled = vi.fn();
  process.on("unhandledRejection", unhandled);
  onTestFinished(() => void process.off("unhandledRejection", unhandled));
  const listeners: (() => unknown)[] = [
    () => {
      throw new Error("thrown");
    },
    () => Promise.reject(new Error("rejected")),
    // oxlint-disable-next-line unicorn/no-thenable -- a thenable is the point
    () => ({ then: (_: unknown, reject: (error: Error) => void) => reject(new Error("thenable")) }),
    () =>
      new Proxy(
        {},
        {
          get: () => {
            throw new Error("trap");
          },
        },
      ),
  ];
  for (const listener of listeners) {
    new RateLimitedListener(createHandClock(), listener as () => void).report("CLOSED", "x", () => "");
  }
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(unhandled).not.toHaveBeenCalled();
});

test("without a listener a warning is given, once a minute for each reason, with a count", async () => {
  const warnings: string[] = [];
  const spy = vi
    .spyOn(process, "emitWarning")
    .mockImplementation((warning) => void warnings.push(String(warning)));
  onTestFinished(() => spy.mockRestore());
  const clock = createHandClock();
  const reporter = new RateLimitedListener(clock, undefined);
  for (let i = 0; i < 5; i++) reporter.report("FRAME_DROPPED", "x", () => "a frame was dropped");
  await clock.advance(59_999);
  reporter.report("FRAME_DROPPED", "x", () => "a frame was dropped");
  expect(warnings).toEqual(["a frame was dropped"]);
  await clock.advance(1);
  reporter.report("FRAME_DROPPED", "x", () => "a frame was dropped");
  expect(warnings[1]).toBe("a frame was dropped (6 times since the last such warning)");
});

test("Node is warned of a destination that refuses once for all collections, of a collection's own trouble for each", () => {
  const reporter = new RateLimitedListener(createHandClock(), undefined);
  using emit = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  for (const collection of ["a", "b"]) {
    reporter.report("DELIVERY_BLOCKED", "delivery_blocked", () => `${collection}: 403`, { collection });
    const own = (): string => `${collection}: its types are damaged`;
    reporter.report("DELIVERY_BLOCKED", "collection_blocked", own, { collection });
  }
  expect(emit.mock.calls.map(([text]) => text)).toEqual([
    "a: 403",
    "a: its types are damaged",
    "b: its types are damaged",
  ]);
});

test("Node is warned of a late delivery once for all collections, of drops for each", async () => {
  const { clock } = world();
  const reporter = new RateLimitedListener(clock, undefined);
  using emit = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  const late = (collection: string): void =>
    reporter.report("DELIVERY_DELAYED", "transient", () => `${collection} is late`, { collection });
  for (const collection of ["a", "b", "c"]) {
    late(collection);
    reporter.report("FRAME_DROPPED", "invalid", () => `${collection} dropped`, { collection });
  }
  const said = (): unknown[] => emit.mock.calls.map(([text]) => text);
  expect(said()).toEqual(["a is late", "a dropped", "b dropped", "c dropped"]);
  await clock.advance(60_000);
  late("b");
  expect(said().at(-1)).toBe("b is late (3 times since the last such warning)");
});
