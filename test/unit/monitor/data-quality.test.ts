import { expect, test } from "vitest";
import { dataQuality, qualityConstraints } from "../../../src/monitor.ts";

test("a baseline's values say what a column must be", () => {
  expect(qualityConstraints([3, null, -1.5, Number.NaN])).toEqual({ type: "float64", min: -1.5, max: 3 });
  expect(qualityConstraints(new Int32Array([4, 2]))).toEqual({ type: "int64", min: 2, max: 4 });
  expect(qualityConstraints([4n, 2n])).toEqual({ type: "int64", min: 2, max: 4 });
  expect(qualityConstraints(["b", "a", null, "b"])).toEqual({ type: "string", values: ["a", "b"] });
  expect(qualityConstraints([true, null])).toEqual({ type: "boolean" });
  expect(qualityConstraints([new Date(0)])).toEqual({ type: "timestamp" });
  expect(qualityConstraints([Uint8Array.of(1)])).toEqual({ type: "binary" });
  expect(qualityConstraints([1, "a"])).toEqual({ type: "string", values: ["1", "a"] });
  expect(qualityConstraints(["1", "2"], { type: "int64" })).toEqual({ type: "int64", min: 1, max: 2 });
  expect(() => qualityConstraints([null])).toThrow("expected at least one value of string, got none");
});

test("numbers: nulls, then types, then bounds, as Azure ML counts them", () => {
  const constraints = qualityConstraints([10, 20, 30]);
  const column = [null, 15, 25, "12", "x", 31, 9, undefined];
  expect(dataQuality(constraints, column)).toEqual({
    rows: 8,
    nullValueRate: 0.25,
    // Nulls are the median by then.
    dataTypeErrorRate: 0.125,
    outOfBoundsRate: 0.25,
  });
  // The median itself is out of bounds: so are the nulls that it fills.
  expect(dataQuality(constraints, [null, 40, 50]).outOfBoundsRate).toBe(1);
  expect(dataQuality(constraints, [null, Number.NaN])).toMatchObject({
    nullValueRate: 1,
    dataTypeErrorRate: 1,
  });
});

test("texts: the most frequent one fills nulls, and what the baseline has not is out", () => {
  const constraints = qualityConstraints(["SEA", "JFK"]);
  expect(dataQuality(constraints, ["SEA", null, "LAX"])).toEqual({
    rows: 3,
    nullValueRate: 0.33333,
    dataTypeErrorRate: 0,
    outOfBoundsRate: 0.66667,
  });
  expect(dataQuality(constraints, ["SEA", "SEA", null, 5]).outOfBoundsRate).toBe(0.25);
});

test("nulls of types that nothing fills are errors of types, and such types have no bounds", () => {
  const constraints = qualityConstraints([true, false]);
  expect(dataQuality(constraints, [true, null, "yes", "maybe"])).toEqual({
    rows: 4,
    nullValueRate: 0.25,
    dataTypeErrorRate: 0.5,
    outOfBoundsRate: null,
  });
  const times = qualityConstraints([new Date(0)]);
  expect(dataQuality(times, [new Date(1), "2026-11-29T10:00:00Z", "yesterday"]).dataTypeErrorRate).toBe(
    0.33333,
  );
});

test("texts are numbers as Spark casts them", () => {
  const types = (type: "float64" | "int64", ...column: unknown[]): number =>
    dataQuality({ type }, column).dataTypeErrorRate;
  expect(types("float64", " 1.5 ", "1e3", ".5", "2.", "3d", "-Infinity", true, 5n)).toBe(0);
  expect(types("float64", "", "1,5", "0x10", "1_000", "one")).toBe(1);
  expect(types("int64", "1.9", "-7", 2.5)).toBe(0);
  expect(types("int64", "Infinity", "")).toBe(1);
});

test("a column without rows is an error", () => {
  expect(() => dataQuality({ type: "float64" }, [])).toThrow(
    "dataQuality production: expected at least one row",
  );
});
