import { expect, test } from "vitest";
import { SegmentReader } from "../../../src/pipeline/delivery/encoding/segment-reader.ts";
import type {
  RecordMemory,
  SealedSegment,
  SealedSegments,
  SpoolRecord,
} from "../../../src/spool/sealed-segments.ts";
import { createHandClock } from "../../support/hand-clock.ts";

const MiB = 1024 * 1024;

/** A spool whose segments of any size hold one record, which is no batch. */
function fakeSpool(): {
  readonly spool: SealedSegments;
  readonly asked: RecordMemory[];
  readonly memories: ArrayBufferLike[];
} {
  const asked: RecordMemory[] = [];
  const memories: ArrayBufferLike[] = [];
  const read = function* (
    { size, counts }: SealedSegment,
    memory: RecordMemory = "own",
  ): Iterable<SpoolRecord> {
    asked.push(memory);
    const all = typeof memory === "function" ? memory(size) : new Uint8Array(8);
    expect(all.length).toBeGreaterThanOrEqual(typeof memory === "function" ? size : 8);
    memories.push(all.buffer);
    yield { sequence: 1, bytes: all.subarray(0, 8), counts };
  };
  return { spool: { read } as Partial<SealedSegments> as SealedSegments, asked, memories };
}

function segment(size: number): SealedSegment {
  const counts = { frames: 1, rows: 1, bytes: 8 };
  return { id: "a", directory: "", label: "", createdAt: 0, size, counts, recovered: false };
}

test("a segment is read once, however often its records are asked for, and the next one into the same memory", () => {
  const clock = createHandClock();
  const { spool, asked, memories } = fakeSpool();
  const reader = new SegmentReader(spool, clock);
  for (const size of [3 * MiB - 7, 3 * MiB, MiB]) {
    const records = reader.read(segment(size));
    expect([...records.passing()].map(({ sequence, batch }) => [sequence, batch])).toEqual([[1, undefined]]);
    expect([...records.lasting()]).toEqual([...records.passing()]);
    reader.done();
  }
  expect(asked).toHaveLength(3);
  expect(new Set(memories).size).toBe(1);
});

test("the memory is given back when nothing was read for ten seconds, and not before", async () => {
  const clock = createHandClock();
  const { spool, memories } = fakeSpool();
  const reader = new SegmentReader(spool, clock);
  for (const pauseMs of [9_000, 9_000, 10_000, 0]) {
    reader.read(segment(MiB));
    reader.done();
    await clock.advance(pauseMs);
  }
  expect(memories[1]).toBe(memories[0]);
  expect(memories[2]).toBe(memories[0]);
  expect(memories[3]).not.toBe(memories[0]);
});

test("a segment that is too large to hold is read anew each time, record by record", () => {
  const { spool, asked } = fakeSpool();
  const records = new SegmentReader(spool, createHandClock()).read(segment(41 * MiB));
  for (let i = 0; i < 2; i++) expect([...records.passing()]).toHaveLength(1);
  expect([...records.lasting()]).toHaveLength(1);
  expect(asked).toEqual(["lent", "lent", "own"]);
});
