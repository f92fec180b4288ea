import { expect, test } from "vitest";
import { PipelineWorld, turn } from "./pipeline-world.ts";

/** Hands over a sealed segment of one frame whose encoding was begun so often before and never ended. */
async function deliver(begunBefore: number): Promise<PipelineWorld> {
  const world = new PipelineWorld();
  world.append([{ a: 1 }]);
  const [segment] = world.spool.seal();
  if (segment === undefined) throw new Error("nothing was sealed");
  for (let i = 0; i < begunBefore; i++) world.spool.attempt(segment);
  world.engine.deliver(segment);
  await turn();
  return world;
}

test.each([0, 1, 2])(
  "a segment is delivered at once although %i processes ended while they encoded it",
  async (begunBefore) => {
    const world = await deliver(begunBefore);
    expect(world.told.deliveredFrames).toBe(1);
  },
);

test.each([3, 5, 7])(
  "a segment that %i processes have begun and not ended is tried by a thread that has lived for a minute",
  async (begunBefore) => {
    const world = await deliver(begunBefore);
    expect(world.told.deliveredFrames).toBe(0);
    expect(world.told.lastHealth).toEqual({
      status: "degraded",
      reasons: [`encoding a segment was begun ${begunBefore} times and came to no end`],
    });
    await world.advance(59_000);
    expect(world.told.deliveredFrames).toBe(0);
    await world.advance(2_000);
    expect(world.told.deliveredFrames).toBe(1);
    expect(world.told.drops).toEqual([]);
    expect(world.told.lastHealth.status).toBe("ok");
  },
);

test.each([3, 8, 20])(
  "a segment begun %i times is tried at once if somebody waits for it",
  async (begunBefore) => {
    const world = await deliver(begunBefore);
    expect(await world.flush()).toBe(0);
    expect(world.told.deliveredFrames).toBe(1);
    expect(world.told.drops).toEqual([]);
  },
);

test("a segment that waits does not hold up the others", async () => {
  const world = await deliver(3);
  world.append([{ a: 2 }]);
  for (const segment of world.spool.seal()) world.engine.deliver(segment);
  await turn();
  expect((await world.rows()).map(({ a }) => a)).toEqual([2]);
});

test("only a thread that has lived for a minute gives up a segment whose encoding never ends", async () => {
  const world = await deliver(8);
  expect(world.told.drops).toEqual([]);
  await world.advance(61_000);
  expect(world.told.droppedFrames).toEqual({ poison: 1 });
  expect(world.spool.usage()).toMatchObject({ segments: 0, quarantined: 1 });
});
