import { expect, test } from "vitest";
import { countOf } from "../../../src/base/plural.ts";

test("one is one, and none is many", () => {
  expect([0, 1, 2].map((n) => countOf(n, "frame"))).toEqual(["0 frames", "1 frame", "2 frames"]);
  expect([1, 2].map((n) => countOf(n, "process"))).toEqual(["1 process", "2 processes"]);
});

test("the number is written as the caller writes numbers", () => {
  expect(countOf(1_234, "row", "1,234")).toBe("1,234 rows");
  expect(countOf(1, "more column", "one")).toBe("one more column");
});
