import { expect, test } from "vitest";
import {
  addCounts,
  type Counts,
  noCounts,
  onlyCounts,
  subtractCounts,
  sumCounts,
} from "../../../src/base/counts.ts";

const some: Counts = { frames: 1, rows: 20, bytes: 300 };
const more: Counts = { frames: 4, rows: 50, bytes: 600 };

test("counts are added and subtracted each for itself", () => {
  expect(addCounts(some, more)).toEqual({ frames: 5, rows: 70, bytes: 900 });
  expect(subtractCounts(more, some)).toEqual({ frames: 3, rows: 30, bytes: 300 });
});

test("the sum of none is nothing, and nothing cannot be changed by whoever gets it", () => {
  expect(sumCounts([])).toEqual({ frames: 0, rows: 0, bytes: 0 });
  expect(sumCounts([some, more, some])).toEqual({ frames: 6, rows: 90, bytes: 1200 });
  expect(() => Object.assign(noCounts, { frames: 1 })).toThrow(TypeError);
});

test("only the counts are taken of what says more", () => {
  expect(onlyCounts({ ...some, ...{ reason: "torn" } })).toEqual(some);
});
