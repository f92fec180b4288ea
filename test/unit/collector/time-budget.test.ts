import { expect, test } from "vitest";
import type { ErrorInfo } from "../../../src/config/callbacks.ts";
import { CoreWorld } from "./core-world.ts";

/** A world whose frames cost what the test says: the redaction turns the clock. */
function slowWorld(maxCollectMs?: number) {
  const reports: { message: string; info: ErrorInfo }[] = [];
  const world = new CoreWorld({
    ...(maxCollectMs === undefined ? {} : { limits: { maxCollectMs } }),
    onError: ({ message }, info) => void reports.push({ message, info }),
  });
  let costMs = 0;
  const collector = world.collector({
    redact: {
      a: (value) => {
        world.spend(costMs);
        return value;
      },
    },
  });
  const collect = async (ms: number, times: number): Promise<void> => {
    costMs = ms;
    for (let n = 0; n < times; n++) {
      collector.collect([{ a: 1 }]);
      await Promise.resolve();
      await new Promise<void>((resolve) => void setImmediate(resolve));
    }
  };
  return { world, collector, collect, reports };
}

test("a collection whose calls hold up their caller is muted for a minute: counted, reported once, then afresh", async () => {
  const { world, collector, collect, reports } = slowWorld(10);
  await collect(40, 3);
  expect(collector.stats().frames).toMatchObject({ offered: 3, dropped: {} });
  await collect(0, 50);
  expect(collector.stats().frames).toMatchObject({ offered: 53, dropped: { muted: 50 } });
  expect(collector.stats().rows.dropped).toEqual({ muted: 50 });
  await world.clock.advance(30_000);
  await collect(0, 50);
  expect(reports.map(({ info }) => [info.reason, info.collection])).toEqual([["muted", "model_inputs"]]);
  expect(reports[0]?.message).toContain("limits.maxCollectMs");
  await world.clock.advance(30_000);
  await collect(0, 5);
  const { offered, dropped } = collector.stats().frames;
  expect([offered, dropped]).toEqual([108, { muted: 100 }]);
});

test("calls within the budget are not muted, and the default budget is 50 ms", async () => {
  const { collector, collect } = slowWorld();
  await collect(50, 100);
  expect(collector.stats().frames.dropped).toEqual({});
  await collect(60, 100);
  expect(collector.stats().frames.dropped["muted"]).toBeGreaterThan(50);
});

test("only the slow collection rests", async () => {
  const { world, collector, collect } = slowWorld(10);
  await collect(40, 4);
  expect(collector.stats().frames.dropped).toEqual({ muted: 1 });
  const other = world.collector({ name: "model_outputs" });
  other.collect([{ a: 1 }]);
  expect(other.stats().frames.dropped).toEqual({});
});

test("a raised limit holds for the next calls", async () => {
  const { world, collector, collect } = slowWorld(10);
  world.core.handle.update({ limits: { maxCollectMs: 100 } });
  await collect(40, 20);
  expect(collector.stats().frames.dropped).toEqual({});
});
