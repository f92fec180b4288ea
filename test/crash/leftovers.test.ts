import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createWorld } from "../faults/world.ts";

test("a process that flushes and ends by itself also delivers what a killed one had left", async () => {
  await using world = await createWorld("leftovers");
  const rotation = { maxAgeMs: 3_600_000 };
  const killed = world.start({ rate: 1_000, paddingBytes: 4_000, deployment: { rotation } });
  await killed.ready;
  await sleep(1_500);
  killed.process.kill("SIGKILL");
  await killed.ended;
  expect(world.waiting()).not.toEqual([]);
  const next = world.start({ frames: 1, ending: "flush", barrierMs: 0 });
  expect(await next.ended, next.output).toMatchObject({ code: 0 });
  expect(world.waiting()).toEqual([]);
  expect((await world.judge()).problems).toEqual([]);
});
