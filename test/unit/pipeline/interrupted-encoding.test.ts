import { expect, test } from "vitest";
import type { Spool } from "../../../src/spool/spool.ts";
import { PipelineWorld } from "./pipeline-world.ts";

/** Delivers one record whose encoding counts as begun so often before. */
async function deliver(begunBefore: number): Promise<PipelineWorld> {
  let attempts = begunBefore;
  const world = new PipelineWorld({
    spool: (spool) =>
      new Proxy<Spool>(spool, {
        get(target, name) {
          if (name === "attempt") return () => ++attempts;
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === "function" ? (value.bind(target) as unknown) : value;
        },
      }),
  });
  world.append([{ a: 1 }]);
  expect(await world.flush()).toBe(0);
  return world;
}

test.each([3, 4, 5, 7])(
  "a segment is delivered although %i processes ended while they encoded it",
  async (begunBefore) => {
    const world = await deliver(begunBefore);
    expect(world.told.deliveredFrames).toBe(1);
    expect(world.told.drops).toEqual([]);
  },
);

test("a segment whose encoding never comes to an end is set aside after a hundred times", async () => {
  const world = await deliver(100);
  expect(world.told.droppedFrames).toEqual({ poison: 1 });
});
