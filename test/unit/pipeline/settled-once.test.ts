import { expect, test } from "vitest";
import type { Encoder } from "../../../src/codec/encoder.ts";
import type { SealedSegment } from "../../../src/spool/sealed-segments.ts";
import type { PutResult } from "../../../src/store/store.ts";
import { PipelineWorld, turn } from "./pipeline-world.ts";

/** A disk that does not let go of segments. */
function stickyWorld(): { readonly world: PipelineWorld; letGo(): void } {
  let sticks = true;
  const world = new PipelineWorld({
    spool: (spool) => {
      const release = spool.sealed.release.bind(spool.sealed);
      Object.assign(spool.sealed, {
        release: (segment: SealedSegment) => {
          if (sticks) throw Object.assign(new Error("EBUSY: resource busy"), { code: "EBUSY" });
          release(segment);
        },
      });
      return spool;
    },
  });
  return { world, letGo: () => (sticks = false) };
}

test("a delivered segment that the disk does not let go of is neither sent nor told again, and leaves the spool later", async () => {
  const { world, letGo } = stickyWorld();
  world.append([{ a: 1 }]);
  expect(await world.flush()).toBe(0);
  const { puts } = world.store;
  for (let i = 0; i < 5; i++) await world.advance(600_000);
  expect(world.store.puts).toBe(puts);
  expect(world.told.deliveredFrames).toBe(1);
  expect(world.told.drops).toEqual([]);
  expect(world.told.lastHealth.status).toBe("ok");
  expect(world.told.troubles).toMatchObject([{ code: "SPOOL_FAILED", reason: "release_failed" }]);
  expect(world.spool.usage().segments).toBe(1);
  letGo();
  world.append([{ a: 2 }]);
  expect(await world.flush()).toBe(0);
  expect(world.spool.usage().segments).toBe(0);
  expect(world.told.deliveredFrames).toBe(2);
});

test("what the disk does not let go of until the end is tried once more when the engine closes", async () => {
  const { world, letGo } = stickyWorld();
  for (const collection of ["a", "b", "c"]) world.append([{ a: 1 }], { collection });
  expect(await world.flush()).toBe(0);
  expect(world.spool.usage().segments).toBe(3);
  letGo();
  await world.engine.close(1_000);
  expect(world.spool.usage().segments).toBe(0);
  expect(world.told.drops).toEqual([]);
});

test("a poison record of a segment that cannot be delivered before the close is counted once", async () => {
  const transient: PutResult = { status: "retryable", class: "transient", error: new Error("503") };
  const parquet: Encoder = {
    contentType: "x/y",
    async *encode(batches) {
      for (const { columns } of batches())
        for (const { values } of columns)
          if (values.kind === "float64" && values.data.includes(13)) throw new Error("thirteen");
      yield new Uint8Array(1);
    },
  };
  const world = new PipelineWorld({ parquet });
  world.append([{ a: 1 }]);
  expect(await world.flush()).toBe(0);
  world.store.failPuts(transient, { times: 100 });
  for (const a of [12, 13, 14]) world.append([{ a }]);
  const closed = world.engine.close(1_000);
  await turn();
  await world.advance(1_000);
  await closed;
  expect(world.told.droppedFrames).toEqual({ poison: 1, closed: 2 });
});
