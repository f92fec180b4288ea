import { expect, test } from "vitest";
import { overlaps } from "../../../src/layout/partition.ts";
import { parseDataFile } from "../../../src/reader/data-file.ts";

const entry = (path: string) => ({ path, size: 7, lastModified: 0 });

test("a path tells endpoint, deployment, collection and partition at each depth", () => {
  const start = Date.parse("2026-11-22T00:00Z");
  const cases = [
    ["inference_date=2026-11-22", start, start + 86_400_000],
    ["inference_date=2026-11-22/inference_hour=05", start + 5 * 3_600_000, start + 6 * 3_600_000],
    [
      "inference_date=2026-11-22/inference_hour=05/inference_minute=08",
      start + 308 * 60_000,
      start + 309 * 60_000,
    ],
  ] as const;
  for (const [partition, from, to] of cases) {
    const path = `flights/blue/model_inputs/${partition}/x.parquet`;
    expect(parseDataFile(entry(path))).toEqual({
      format: "parquet",
      path,
      size: 7,
      endpoint: "flights",
      deployment: "blue",
      collection: "model_inputs",
      start: from,
      end: to,
    });
  }
});

test("what is not a data file of a collection is none", () => {
  for (const path of [
    "x.parquet",
    "flights/blue/model_inputs/x.parquet",
    "blue/model_inputs/inference_date=2026-11-22/x.parquet",
    "deep/flights/blue/model_inputs/inference_date=2026-11-22/x.parquet",
    "flights/blue/model_inputs/inference_date=2026-13-22/x.parquet",
    "flights/blue/model_inputs/inference_date=2026-11-22/x.json",
    "flights/blue/model_inputs/inference_date=2026-11-22/x.parquet.tmp",
    "flights/blue/model_inputs/inference_date=2026-11-22/inference_minute=05/x.parquet",
    "flights/blue/model_inputs/_schema/schema-000001.json",
    "flights/blue/_schema/model_inputs/schema-000001.json",
    "flights/blue/_schema/inference_date=2026-11-22/x.parquet",
    "flights/blue/model_inputs/2026/11/22/x.jsonl",
    "flights/blue/model_inputs/2026/11/22/05/x-000000.json",
  ]) {
    expect(parseDataFile(entry(path)), path).toBeUndefined();
  }
});

test("a file overlaps a range that shares an instant with its partition; ends are not part", () => {
  const file = {
    format: "parquet" as const,
    path: "",
    size: 0,
    endpoint: "",
    deployment: "",
    collection: "",
    start: 100,
    end: 200,
  };
  const range = (from: number, to: number) => overlaps(file, { from, to });
  expect([
    range(0, 100),
    range(0, 101),
    range(199, 300),
    range(200, 300),
    range(-Infinity, Infinity),
  ]).toEqual([false, true, true, false, true]);
});
