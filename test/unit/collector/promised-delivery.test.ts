import { AsyncLocalStorage } from "node:async_hooks";
import { afterEach, describe, expect, test } from "vitest";
import { PromisedDelivery } from "../../../src/collector/flush/promised-delivery.ts";
import { createHandClock } from "../../support/hand-clock.ts";
import { CoreWorld } from "./core-world.ts";

const nextContext = Symbol.for("@next/request-context");
const vercelContext = Symbol.for("@vercel/request-context");
const host = globalThis as unknown as Record<symbol, unknown>;

afterEach(() => {
  delete host[nextContext];
  delete host[vercelContext];
});

function world(given?: (promise: Promise<unknown>) => unknown) {
  const clock = createHandClock();
  const deliveries: { resolve(): void; reject(error: Error): void }[] = [];
  const delivery = new PromisedDelivery({
    clock,
    waitUntil: given,
    deliver: () => new Promise<void>((resolve, reject) => void deliveries.push({ resolve, reject })),
  });
  return { clock, deliveries, delivery };
}

/** A `waitUntil` that remembers what it was given, and what of it is settled. */
function waiting() {
  const promises: Promise<unknown>[] = [];
  const settled: unknown[] = [];
  const waitUntil = (promise: Promise<unknown>): void => {
    promises.push(promise);
    promise.then(
      (value) => settled.push(value),
      (error: unknown) => settled.push(error),
    );
  };
  return { promises, settled, waitUntil };
}

describe("one promise and one delivery", () => {
  test("serve all frames that come in quick succession", async () => {
    const { promises, settled, waitUntil } = waiting();
    const { clock, deliveries, delivery } = world(waitUntil);
    for (let i = 0; i < 5; i++) {
      delivery.promise();
      await clock.advance(20);
    }
    expect([promises.length, deliveries.length]).toEqual([1, 0]);
    await clock.advance(30);
    expect([promises.length, deliveries.length]).toEqual([1, 1]);
    expect(settled).toEqual([]);
    deliveries[0]?.resolve();
    await clock.advance(0);
    expect(settled).toEqual([undefined]);
    expect(clock.timers).toBe(0);
  });

  test("begin at the latest after a second, however fast frames come", async () => {
    const { promises, waitUntil } = waiting();
    const { clock, deliveries, delivery } = world(waitUntil);
    for (let i = 0; i < 100; i++) {
      delivery.promise();
      await clock.advance(10);
    }
    expect([promises.length, deliveries.length]).toEqual([1, 1]);
    delivery.promise();
    expect(promises).toHaveLength(2);
  });

  test("are kept, also when delivery fails, which is no fault of the request", async () => {
    const { settled, waitUntil } = waiting();
    const { clock, deliveries, delivery } = world(waitUntil);
    delivery.promise();
    await clock.advance(50);
    deliveries[0]?.reject(new Error("late"));
    await clock.advance(0);
    expect(settled).toEqual([undefined]);
  });

  test("are not waited for any more once the deployment is closed", async () => {
    const { settled, waitUntil } = waiting();
    const { clock, deliveries, delivery } = world(waitUntil);
    delivery.promise();
    delivery[Symbol.dispose]();
    await clock.advance(1_000);
    expect([settled.length, deliveries.length, clock.timers]).toEqual([1, 0, 0]);
  });

  test("begin at once after a process was frozen for minutes, and take in what came since", async () => {
    const { promises, waitUntil } = waiting();
    const { clock, deliveries, delivery } = world(waitUntil);
    delivery.promise();
    await clock.advance(600_000);
    expect([promises.length, deliveries.length]).toEqual([1, 1]);
  });
});

describe("the platform's waitUntil", () => {
  test.each([
    ["Next.js", nextContext],
    ["Vercel", vercelContext],
  ])("is found where %s publishes it, in a request only", async (_, symbol) => {
    const requests = new AsyncLocalStorage<{ waitUntil(promise: Promise<unknown>): void }>();
    host[symbol] = { get: () => requests.getStore() };
    const { promises, waitUntil } = waiting();
    const { clock, deliveries, delivery } = world();
    delivery.promise();
    expect(clock.timers).toBe(0);
    requests.run({ waitUntil }, () => delivery.promise());
    await clock.advance(50);
    expect([promises.length, deliveries.length]).toEqual([1, 1]);
  });

  test("is called on its own object, and yields to the option", () => {
    class Request {
      readonly seen: unknown[] = [];
      waitUntil(promise: Promise<unknown>): void {
        this.seen.push(promise);
      }
    }
    const request = new Request();
    host[vercelContext] = { get: () => request };
    world().delivery.promise();
    expect(request.seen).toHaveLength(1);
    const { promises, waitUntil } = waiting();
    world(waitUntil).delivery.promise();
    expect([promises.length, request.seen.length]).toEqual([1, 1]);
  });

  test("does no harm, whatever it is", async () => {
    const throwing = (): never => {
      throw new Error("hostile");
    };
    for (const hostile of [
      7,
      null,
      { get: throwing },
      { get: () => null },
      { get: () => ({ waitUntil: 5 }) },
    ]) {
      host[nextContext] = hostile;
      const { clock, delivery } = world();
      delivery.promise();
      expect(clock.timers).toBe(0);
    }
    host[nextContext] = { get: () => ({ waitUntil: throwing }) };
    const { clock, deliveries, delivery } = world();
    delivery.promise();
    await clock.advance(50);
    expect(deliveries).toHaveLength(1);
    // A rejected promise of the platform's own is nobody's to handle but ours.
    world(() => Promise.reject(new Error("hostile"))).delivery.promise();
    await new Promise((resolve) => setTimeout(resolve, 5));
  });
});

test("collect promises for frames that are taken, and for no others", async () => {
  const { promises, settled, waitUntil } = waiting();
  const collections = { off: { enabled: false }, none: { samplingRate: 0 } };
  const world = new CoreWorld({ waitUntil, collections, onError: () => {} });
  world.collector({ name: "off" }).collect([{ a: 1 }]);
  world.collector({ name: "none" }).collect([{ a: 1 }]);
  world.collector().collect(7 as never);
  expect(promises).toHaveLength(0);
  world.collector().collect([{ a: 1 }]);
  world.collector({ name: "model_outputs" }).collect([{ a: 1 }]);
  expect([promises.length, settled.length]).toEqual([1, 0]);
  await world.core.close(0);
  await Promise.all(promises);
});
