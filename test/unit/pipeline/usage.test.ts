import { expect, test } from "vitest";
import { PipelineWorld, turn } from "./pipeline-world.ts";

test("the spool's usage is told soon after something came, every few seconds, and at once when it is empty", async () => {
  const world = new PipelineWorld();
  await turn();
  const { usages } = world.told;
  expect(usages.map(({ segments }) => segments)).toEqual([0]);
  world.append([{ a: 1 }]);
  await world.advance(1_000);
  expect(usages.at(-1)).toMatchObject({ segments: 1, quarantined: 0, oldest: expect.any(Number) });
  expect(usages.at(-1)?.bytes).toBeGreaterThan(0);
  const before = usages.length;
  await world.advance(20_000);
  expect(usages.length - before).toBeGreaterThanOrEqual(8);
  expect(usages.length - before).toBeLessThanOrEqual(11);
  await world.flush();
  expect(usages.at(-1)).toEqual({ bytes: 0, segments: 0, quarantined: 0, oldest: undefined });
  const last = usages.length;
  await world.advance(3_600_000);
  // The tick that was due; then an hour of nothing.
  expect(usages.length - last).toBeLessThanOrEqual(1);
});

test("what cannot be delivered goes on being told", async () => {
  const world = new PipelineWorld();
  await turn();
  const error = Object.assign(new Error("503"), { code: "503" });
  world.store.failPuts({ status: "retryable", class: "transient", error }, { times: 1_000 });
  world.append([{ a: 1 }]);
  await world.advance(70_000);
  const before = world.told.usages.length;
  await world.advance(300_000);
  expect(world.told.usages.length).toBeGreaterThan(before);
  expect(world.told.usages.at(-1)).toMatchObject({ segments: 1 });
});
