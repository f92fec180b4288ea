import { expect, test } from "vitest";
import { systemClock } from "../../../src/base/time/clock.ts";
import type { Encoder } from "../../../src/codec/encoder.ts";
import { Deliverer } from "../../../src/pipeline/delivery/deliverer.ts";
import { createMemorySpool } from "../../../src/spool/memory-spool.ts";
import type { SealedSegment } from "../../../src/spool/sealed-segments.ts";
import type { Spool } from "../../../src/spool/spool.ts";
import { createMemoryStore } from "../../../src/store/memory-store.ts";
import { createHandClock } from "../../support/hand-clock.ts";
import { batchOf, countingIds, PipelineWorld, Told, turn } from "./pipeline-world.ts";

/** Hands over a sealed segment of one frame whose encoding was begun so often before and never ended. */
async function deliver(begunBefore: number, over?: (spool: Spool) => Spool): Promise<PipelineWorld> {
  const world = new PipelineWorld(over === undefined ? {} : { spool: over });
  world.append([{ a: 1 }]);
  const [segment] = world.spool.writer.seal();
  if (segment === undefined) throw new Error("nothing was sealed");
  for (let i = 0; i < begunBefore; i++) world.spool.sealed.attempt(segment);
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

test.each([3, 7])(
  "a segment begun %i times is tried by a young thread, too, when somebody waits for it",
  async (begunBefore) => {
    const world = await deliver(begunBefore);
    expect(await world.engine.flush("store", 10_000)).toMatchObject({ pending: 0 });
    expect(world.told.deliveredFrames).toBe(1);
  },
);

test("a segment that waits does not hold up the others", async () => {
  const world = await deliver(3);
  world.append([{ a: 2 }]);
  for (const segment of world.spool.writer.seal()) world.engine.deliver(segment);
  await turn();
  expect((await world.rows()).map(({ a }) => a)).toEqual([2]);
});

test.each([8, 20])(
  "a segment whose encoding was begun %i times and never ended is set aside at once, before anything of it is read",
  async (begunBefore) => {
    let reads = 0;
    const world = await deliver(begunBefore, (spool) => {
      const read = spool.sealed.read.bind(spool.sealed);
      Object.assign(spool.sealed, {
        read: (segment: SealedSegment) => {
          reads++;
          return read(segment);
        },
      });
      return spool;
    });
    expect(world.told.droppedFrames).toEqual({ poison: 1 });
    expect(world.spool.usage()).toMatchObject({ segments: 0, quarantined: 1 });
    // Its numbers alone: the spool is in memory, and they tell whose batches are lost.
    expect(reads).toBe(1);
  },
);

test.each([true, false])(
  "a segment that ends its process each time is begun eight times in all, awaited: %s",
  async (awaited) => {
    const spool = createMemorySpool({ clock: systemClock, ids: countingIds(), maxBytes: 1 << 20 });
    const { label, bytes, counts } = batchOf([{ a: 1 }], 1, 0);
    spool.writer.append(label, bytes, counts, 1);
    const [segment] = spool.writer.seal();
    if (segment === undefined) return expect.unreachable();
    let begun = 0;
    let poison = 0;
    for (let process = 0; process < 40; process++) {
      const clock = createHandClock();
      const told = new Told();
      // The encoding never comes to an end: as far as the spool can tell, the process died in the middle of
      // it.
      const stuck: Encoder = {
        contentType: "",
        encode: () => {
          begun++;
          return { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };
        },
      };
      const deliverer = new Deliverer({
        spool: spool.sealed,
        store: createMemoryStore({ now: clock.now }),
        encoders: { parquet: stuck, jsonl: stuck },
        clock,
        emit: told.emit,
      });
      deliverer.add(segment);
      if (awaited) void deliverer.settled(1_000_000);
      await turn();
      // Every other process is killed young.
      if (process % 2 === 1) await clock.advance(61_000);
      await turn();
      poison += told.droppedFrames["poison"] ?? 0;
      if (poison > 0) break;
    }
    expect({ begun, poison }).toEqual({ begun: 8, poison: 1 });
  },
);

test("a destination that is out of reach condemns nothing, however often it is tried", async () => {
  const world = new PipelineWorld();
  const tries = 20;
  world.store.failReads(new Error("out of reach"), tries);
  world.append([{ a: 1 }]);
  for (const segment of world.spool.writer.seal()) world.engine.deliver(segment);
  for (let i = 0; i < 2 * tries; i++) await world.advance(70_000);
  expect(world.told.drops).toEqual([]);
  expect(world.told.deliveredFrames).toBe(1);
});
