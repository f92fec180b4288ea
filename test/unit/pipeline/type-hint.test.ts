import { expect, test } from "vitest";
import { PipelineWorld } from "./pipeline-world.ts";

test("columns of whole numbers are told once for each collection that is written as jsonl, by name", async () => {
  const world = new PipelineWorld();
  for (const age of [1, 2]) {
    for (const collection of ["inputs", "outputs"]) {
      world.append([{ age, score: 0.5, name: "x" }], { format: "jsonl", collection });
    }
    expect(await world.flush()).toBe(0);
  }
  const hints = world.told.troubles.filter(({ code }) => code === "TYPE_HINT");
  expect(hints.map(({ collection }) => collection)).toEqual(["inputs", "outputs"]);
  expect(hints[0]?.message).toMatch(
    /^collection inputs: all numbers so far in "age" are whole, .*"int64".*"float64"/,
  );
  expect(hints[0]?.message).not.toContain("score");
});

test("of many such columns ten are named", async () => {
  const world = new PipelineWorld();
  world.append([Object.fromEntries(Array.from({ length: 15 }, (_, k) => [`c${k}`, k]))], { format: "jsonl" });
  expect(await world.flush()).toBe(0);
  expect(world.told.troubles.map(({ message }) => message).join()).toContain('"c9" and 5 more are whole');
});

test("of Parquet, which says its types itself, nothing is told", async () => {
  const world = new PipelineWorld();
  world.append([{ age: 1 }]);
  expect(await world.flush()).toBe(0);
  expect(world.told.troubles).toEqual([]);
});
