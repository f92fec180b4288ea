import { expect, test } from "vitest";
import { sortNumbers } from "../../../src/monitor/numbers/sort-numbers.ts";
import { SeededNormals } from "../../support/monitor/seeded-normals.ts";

test.each([
  ["spread evenly", (value: number) => value],
  ["with outliers", (value: number) => (Math.abs(value) > 2 ? value * 1e200 : value)],
  ["of few values", (value: number) => Math.round(value)],
  ["all equal", () => 7],
  ["over all of the range", (value: number) => Math.sign(value) * Number.MAX_VALUE],
  ["too near to be told apart", (value: number) => value * Number.MIN_VALUE],
])("many numbers are sorted as the engine sorts them: %s", (_name, turned) => {
  const values = new SeededNormals(3).normal(0, 1, 30_000).map((value) => turned(value) + 0);
  expect(sortNumbers(values.slice())).toEqual(values.slice().sort());
});
