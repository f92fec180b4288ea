import { existsSync } from "node:fs";
import { Collector, CorrelationContext, list } from "model-data-collector";
import { createTestDeployment, type TestDeploymentOptions } from "model-data-collector/testing";
import { afterEach, expect, test, vi } from "vitest";
import { expectBalance } from "../support/scratch.ts";

afterEach(() => {
  vi.useRealTimers();
});

test("what was collected is there at once, row by row, with its context", async () => {
  const deployment = createTestDeployment();
  const inputs = new Collector({ name: "model_inputs", deployment });
  const outputs = deployment.collector("model_outputs");
  const requestTime = new Date(Date.UTC(2026, 10, 22, 5));
  const context = CorrelationContext.create({ id: "one", requestTime, attributes: { tenant: "acme" } });
  inputs.collect([{ distance: 2475, origin: "JFK" }, { distance: null }], context);
  outputs.collect({ late: [false, true] }, context);
  inputs.collect([{ distance: 1 }]);
  const [first, second] = await deployment.frames("model_inputs");
  expect(first).toEqual({
    rows: [
      { distance: 2475, origin: "JFK" },
      { distance: null, origin: null },
    ],
    context: {
      id: "one",
      requestTime,
      requestId: null,
      clientRequestId: null,
      attributes: { tenant: "acme" },
    },
  });
  expect(second?.rows).toEqual([{ distance: 1 }]);
  expect(second?.context.id).not.toBe("one");
  expect((await deployment.frames("MODEL_outputs")).map(({ rows }) => rows)).toEqual([
    [{ late: false }, { late: true }],
  ]);
  expect(await deployment.frames("another")).toEqual([]);
  expect(deployment.stats().frames).toMatchObject({ offered: 3, delivered: 3 });
  expectBalance(deployment.stats());
});

test("every kind of value is as the reader gives it", async () => {
  const deployment = createTestDeployment();
  const schema = { whole: "int64", tags: list("string"), meta: "json" } as const;
  const at = new Date(Date.UTC(2026, 0, 1));
  const row = { text: "é", real: 0.5, yes: true, at, bytes: Uint8Array.of(1, 2) };
  const given = [{ ...row, whole: 7, tags: ["a", null], meta: { a: [1] }, odd: 2n ** 70n }];
  deployment.collector("model_inputs", { schema }).collect(given as never);
  const [frame] = await deployment.frames("model_inputs");
  expect(frame?.rows).toEqual([
    {
      ...row,
      whole: 7n,
      tags: ["a", null],
      meta: '{"a":[1]}',
      odd: null,
      mdc_rejected: `{"odd":"${2n ** 70n}"}`,
    },
  ]);
});

test("sampling, switches, redaction and drops are as they are for real", async () => {
  const onError = vi.fn();
  const options: TestDeploymentOptions = { collections: { off: { enabled: false } }, onError };
  const deployment = createTestDeployment(options);
  deployment.collector("off").collect([{ a: 1 }]);
  deployment.collector("bad").collect(7 as unknown as object);
  deployment.collector("names", { redact: { email: "mask" } }).collect([{ email: "a@example.com" }]);
  deployment.update({ samplingRate: 0 });
  deployment.collector("names").collect([{ email: "b" }]);
  expect(deployment.stats().frames).toMatchObject({
    offered: 4,
    delivered: 1,
    disabled: 1,
    sampledOut: 1,
    dropped: { invalid: 1 },
  });
  expect(onError).toHaveBeenCalledOnce();
  const [frame] = await deployment.frames("names");
  expect(frame?.rows[0]?.["email"]).not.toBe("a@example.com");
});

test("a store that fails once keeps the frame waiting until the next try", async () => {
  const onError = vi.fn();
  const deployment = createTestDeployment({ onError });
  const collector = deployment.collector("model_inputs");
  deployment.failNext("store", new Error("no route"));
  collector.collect([{ a: 1 }]);
  expect(deployment.stats().frames).toMatchObject({ spooled: 1, delivered: 0 });
  expect(deployment.status()).toMatchObject({ status: "degraded", reasons: [/no route/] });
  expect(onError.mock.calls.map(([error]) => (error as { code: string }).code)).toEqual(["DELIVERY_DELAYED"]);
  expect(await deployment.frames("model_inputs")).toEqual([]);
  await deployment.flush();
  expect(deployment.stats().frames).toMatchObject({ spooled: 0, delivered: 1 });
  expect(deployment.status().status).toBe("ok");
  expect(await deployment.frames("model_inputs")).toHaveLength(1);
});

test("a store that fails as often as it is tried makes a flush reject, at once", async () => {
  const deployment = createTestDeployment({ onError: () => {} });
  for (const reason of ["one", "two"]) deployment.failNext("store", new Error(reason));
  deployment.collector("model_inputs").collect([{ a: 1 }]);
  await expect(deployment.flush()).rejects.toMatchObject({ code: "TIMEOUT", message: /two/ });
  expect(await deployment.close()).toEqual({ delivered: 1, leftInSpool: 0, dropped: 0 });
});

test("a spool that fails costs the frame, and only that", async () => {
  const onError = vi.fn();
  const deployment = createTestDeployment({ onError });
  const collector = deployment.collector("model_inputs");
  deployment.failNext("spool", new Error("disk full"));
  collector.collect([{ a: 1 }]);
  collector.collect([{ a: 2 }]);
  expect(deployment.stats().frames).toMatchObject({ delivered: 1, dropped: { io_error: 1 } });
  expect(collector.stats().frames.dropped).toEqual({ io_error: 1 });
  expect(onError.mock.calls.map(([error]) => (error as { code: string }).code)).toEqual(
    expect.arrayContaining(["FRAME_DROPPED", "SPOOL_FAILED"]),
  );
  const [frame] = await deployment.frames("model_inputs");
  expect(frame?.rows).toEqual([{ a: 2 }]);
});

test("after a reset it is as new, and the same trouble is told again", async () => {
  const onError = vi.fn();
  const deployment = createTestDeployment({ onError });
  const collector = deployment.collector("model_inputs");
  for (let round = 1; round <= 2; round++) {
    deployment.failNext("spool", new Error("disk full"));
    collector.collect([{ a: 1 }]);
    collector.collect([{ a: 2 }]);
    deployment.failNext("store", new Error("no route"));
    deployment.failNext("store", new Error("no route"));
    collector.collect([{ a: 3 }]);
    expect(deployment.stats().frames).toMatchObject({ offered: 3, delivered: 1, spooled: 1 });
    expect(onError).toHaveBeenCalledTimes(3 * round);
    deployment.reset();
    expect(deployment.stats().frames).toMatchObject({ offered: 0, delivered: 0, spooled: 0, dropped: {} });
    expect(collector.stats()).toEqual(deployment.stats());
    expect(deployment.status().status).toBe("ok");
    expect(await deployment.frames("model_inputs")).toEqual([]);
  }
});

test("under fake timers it is the same, and a flush needs none of them", async () => {
  vi.useFakeTimers({ now: Date.UTC(2001, 1, 3) });
  const deployment = createTestDeployment();
  deployment.collector("model_inputs").collect([{ a: 1 }]);
  await deployment.flush();
  const [frame] = await deployment.frames("model_inputs");
  expect(frame?.context.requestTime).toEqual(new Date(Date.UTC(2001, 1, 3)));
  await deployment.close();
  expect(deployment.status().status).toBe("closed");
  expect(deployment.stats().frames).toMatchObject({ offered: 1, delivered: 1 });
});

test("nothing is put on the disk", async () => {
  await using deployment = createTestDeployment();
  deployment.collector("model_inputs").collect([{ a: 1 }]);
  await deployment.flush();
  expect(existsSync("memory")).toBe(false);
});

test("what it cannot be told is refused by name", async () => {
  expect(() => createTestDeployment({ destination: "./collected" } as never)).toThrow(/destination/);
  expect(() => createTestDeployment({ samplingRate: 2 })).toThrow(/createTestDeployment option samplingRate/);
  const deployment = createTestDeployment();
  expect(() => deployment.failNext("disk" as never, new Error("x"))).toThrow(/"store" or "spool"/);
  expect(() => deployment.failNext("store", "x" as never)).toThrow(/expected an Error/);
  await expect(deployment.frames("a/b")).rejects.toThrow(RangeError);
});
