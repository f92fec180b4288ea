import fc from "fast-check";
import { expect, test } from "vitest";
import { NumberRoom } from "../../../src/frame/copy/number-room.ts";
import type { Snapshot } from "../../../src/frame/snapshot.ts";
import { snapshotCells, snapshotOf } from "./frame-support.ts";

test("a chunk is used again when all who took it gave it back, not before", () => {
  const room = new NumberRoom();
  const chunk = room.take(10);
  expect(room.take(10)).toBe(chunk);
  if (chunk === undefined) throw new Error("expected room for ten numbers");
  chunk.used = chunk.numbers.length;
  room.giveBack(chunk);
  const next = room.take(10);
  expect(next).not.toBe(chunk);
  room.giveBack(chunk);
  if (next !== undefined) next.used = next.numbers.length;
  expect(room.take(10)).toBe(chunk);
  expect(chunk.used).toBe(0);
});

test("there is no room for many numbers at once", () => {
  expect(new NumberRoom().take(100_000)).toBeUndefined();
});

test("a snapshot that nobody has released keeps its numbers, however many others come and go", () => {
  const frame = fc.record({
    rows: fc.integer({ min: 0, max: 40 }),
    columns: fc.integer({ min: 1, max: 30 }),
  });
  const step = fc.oneof(
    { arbitrary: frame, weight: 3 },
    { arbitrary: fc.nat(), weight: 2 },
    { arbitrary: fc.constant("text" as const), weight: 1 },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: "max" }), (steps) => {
      const live: { snapshot: Snapshot; cells: unknown[][] }[] = [];
      let next = 0;
      for (const one of steps) {
        if (typeof one === "number") live.splice(one % (live.length || 1), 1)[0]?.snapshot.release();
        else {
          // A text as the last cell shows only after numbers have been written.
          const { rows, columns } = one === "text" ? { rows: 5, columns: 3 } : one;
          const cells = Array.from({ length: columns }, () => Array.from({ length: rows }, () => next++ / 3));
          const given: unknown[][] = one === "text" ? cells.map((column) => [...column, "x"]) : cells;
          const frame = Object.fromEntries(given.map((column, i) => [`c${i}`, column]));
          live.push({ snapshot: snapshotOf(frame), cells: given });
        }
      }
      for (const { snapshot, cells } of live) expect(snapshotCells(snapshot)).toEqual(cells);
    }),
    { numRuns: 100 },
  );
});

test("frames that are collected by the getters of another do not write over it", () => {
  const inner: Snapshot[] = [];
  const cells = [1, 2, 3];
  Object.defineProperty(cells, 1, {
    get() {
      inner.push(snapshotOf({ x: [7, 8, 9, 10] }));
      return 2;
    },
  });
  const outer = snapshotOf({ a: [0, 0.5, 1], b: cells, c: [4, 5, 6] });
  expect(snapshotCells(outer)).toEqual([
    [0, 0.5, 1],
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect(inner.length).toBeGreaterThan(0);
  for (const snapshot of inner) expect(snapshotCells(snapshot)).toEqual([[7, 8, 9, 10]]);
});

test("a snapshot released twice frees only its own", () => {
  const first = snapshotOf({ a: [1] });
  const second = snapshotOf({ a: [2] });
  first.release();
  first.release();
  const third = snapshotOf({ a: [3] });
  expect([second, third].map(snapshotCells)).toEqual([[[2]], [[3]]]);
});

test("frames of the same names and other types are told apart", () => {
  const frames = [{ a: [1, 2] }, { a: ["x", 2] }, { a: [1, "x"] }, { a: [1n, null] }, { a: [undefined, 1] }];
  for (const frame of [...frames, ...frames]) expect(snapshotCells(snapshotOf(frame))).toEqual([frame.a]);
});
