import { expect, test } from "vitest";
import type { SealedSegment, UnsealedSegment } from "../../../src/spool/sealed-segments.ts";
import { countsOf, recordOf, recoverAll, SpoolWorld } from "./spool-world.ts";

const instance = "a".repeat(32);

function twoThreads(world = new SpoolWorld()) {
  const { spool } = world.start({ instance });
  const { writer: near } = world.startWriter({ instance });
  return { world, spool, near };
}

/** A segment of two records that a near writer has let go. */
function letGo(near: ReturnType<typeof twoThreads>["near"]): UnsealedSegment {
  for (const sequence of [1, 2]) near.append("a", recordOf(sequence), countsOf(sequence), sequence);
  const [segment] = near.letGo();
  if (segment === undefined) throw new Error("expected a segment");
  return segment;
}

function sequencesIn(spool: ReturnType<typeof twoThreads>["spool"], segment: SealedSegment): number[] {
  return Array.from(spool.sealed.read(segment), ({ sequence }) => sequence);
}

test("a segment that was let go is completed by the other thread, and read as if that one had written it", () => {
  const { world, spool, near } = twoThreads();
  const segment = letGo(near);
  expect(near.open()).toEqual([]);
  expect(world.files(".open")).toEqual([segment.path]);
  expect(spool.writer.complete(segment)).toEqual({ status: "sealed" });
  expect(world.files(".open")).toEqual([]);
  const [sealed] = spool.sealed.list();
  expect(sealed).toMatchObject({ id: segment.id, label: "a", counts: segment.counts });
  if (sealed !== undefined) expect(sequencesIn(spool, sealed)).toEqual([1, 2]);
  // A footer tells what is in it, and a power cut takes none of it.
  expect(sealed?.size).toBeGreaterThan(segment.size);
});

test("what is already sealed is told as gone, and found by its name", () => {
  const { spool, near } = twoThreads();
  const segment = letGo(near);
  spool.writer.complete(segment);
  expect(spool.writer.complete(segment)).toEqual({ status: "gone" });
  expect(sequencesIn(spool, segment)).toEqual([1, 2]);
});

test("a disk that does not let it be completed now does so later", () => {
  const { world, spool, near } = twoThreads();
  const segment = letGo(near);
  const { fileSystem } = world;
  const { rename } = fileSystem;
  fileSystem.rename = () => {
    throw Object.assign(new Error("EIO"), { code: "EIO" });
  };
  expect(spool.writer.complete(segment)).toMatchObject({ status: "failed" });
  fileSystem.rename = rename.bind(fileSystem);
  expect(spool.writer.complete(segment)).toEqual({ status: "sealed" });
  expect(sequencesIn(spool, segment)).toEqual([1, 2]);
});

test("what a near writer had open or let go when the process died is the next one's", async () => {
  const { world, near } = twoThreads();
  letGo(near);
  near.append("b", recordOf(3), countsOf(3), 3);
  world.killAll();
  world.nowMs += 3_600_000;
  const { records } = await recoverAll(world.start().spool);
  expect(records.map(({ sequence }) => sequence).sort((a, b) => a - b)).toEqual([1, 2, 3]);
});

test("a new thread of the same process leaves alone what the near writer has open", async () => {
  const { world, near } = twoThreads();
  near.append("a", recordOf(1), countsOf(1), 1);
  const { spool } = world.start({ instance });
  const { records } = await recoverAll(spool);
  expect(records).toEqual([]);
  near.append("a", recordOf(2), countsOf(2), 2);
  const [segment] = near.letGo();
  if (segment !== undefined) spool.writer.complete(segment);
  expect(spool.sealed.list().flatMap((sealed) => sequencesIn(spool, sealed))).toEqual([1, 2]);
});

test("the other thread syncs what was written near, and once each", () => {
  const { world, spool, near } = twoThreads();
  near.append("a", recordOf(1), countsOf(1), 1);
  const changes = near.changes();
  expect(changes.unsynced).toEqual(world.files(".open"));
  expect(changes.grownBytes).toBeGreaterThan(40);
  expect(near.changes()).toEqual({ unsynced: [], grownBytes: 0 });
  expect(spool.writer.tend(changes)).toMatchObject({ sync: { status: "synced" } });
  // Nobody knows what a thread had synced that died.
  near.follow(undefined);
  expect(near.changes().unsynced).toEqual(changes.unsynced);
});

test("a near writer that follows the other thread's look at the disk refuses by it, and never looks itself", () => {
  const { world, spool } = twoThreads();
  const { writer: near } = world.startWriter({ instance, maxBytes: 10_000 });
  near.append("a", recordOf(1), countsOf(1), 1);
  near.follow({ totalBytes: 9_990, freeBytes: 1e12 });
  world.nowMs += 60_000;
  world.fileSystem.list = () => {
    throw new Error("looked");
  };
  expect(near.append("a", recordOf(2), countsOf(2), 2)).toEqual({ status: "full", reason: "spool_full" });
  near.follow({ totalBytes: 0, freeBytes: 1e12 });
  expect(near.append("a", recordOf(2), countsOf(2), 2)).toEqual({ status: "appended" });
  expect(spool.writer.open()).toEqual([]);
});
