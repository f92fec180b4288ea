import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commitPath } from "../../../src/delta/log-paths.ts";
import { bodyPath } from "../../../src/layout/body-path.ts";
import { parsePath } from "../../../src/layout/dataset-path.ts";
import { monitorPath } from "../../../src/layout/monitoring/monitor-path.ts";
import { planPath, recordPath } from "../../../src/layout/upkeep/upkeep-path.ts";
import { parseStem } from "../../../src/layout/paths/segment-stem.ts";

const root = join(import.meta.dirname, "../../..");

test("the paths that documents show are those that are written", async () => {
  const text = await readFile(join(root, "docs/stored-data.md"), "utf8");
  const tree = /^<endpoint>.*\n(?: {2}.*\n)+/m.exec(text)?.[0] ?? "";
  const paths = [...tree.matchAll(/^ {2}(\S.*?\.\w+)(?: |$)/gm)].map(([, path = ""]) =>
    `flights/blue/${path}`
      .replace("<collection>", "Model_Inputs")
      .replace("<collection, lower case>", "model_inputs")
      .replace("<begun at>", "20261122T051742123Z")
      .replace("_upkeep/records/2026-11-29/<time>", "_upkeep/records/2026-11-29/20261129T130000123Z")
      .replace("20261129T130000123Z-<id>", "20261129T130000123Z-0123456789abcdef")
      .replace("<time>-<id>", "20261122T051742Z-0123456789abcdef")
      .replaceAll(/<segment>|<id>|<32 hex digits>/g, "0193512345677abc8def0123456789ab"),
  );
  const read = paths.slice(0, -5).map(parsePath);
  expect(read.map((path) => path?.kind)).toEqual([
    "parquet",
    "jsonl",
    "beside",
    "schema",
    "ledger",
    "profile",
    "profile",
  ]);
  const id = "0193512345677abc8def0123456789ab";
  expect(read.flatMap((path) => (path !== undefined && "stem" in path ? [path.stem] : []))).toEqual([
    `20261122T051742123Z-${id}`,
    `${id}000000`,
    `${id}000000`,
    `20261122T051742123Z-${id}`,
    `20261122T051742123Z-${id}`,
    `day-${id}`,
  ]);
  expect(parseStem("parquet", `20261122T051742123Z-${id}`)).toEqual({
    id,
    createdAt: Date.parse("2026-11-22T05:17:42.123Z"),
  });
  const place = { endpoint: "flights", deployment: "blue", collection: "Model_Inputs" };
  const partition = { partition: Date.parse("2026-11-22T05:00:00Z"), rollingRate: "hour" } as const;
  const at = Date.parse("2026-11-22T05:17:42Z");
  expect(paths.at(-5)).toBe(
    monitorPath({ endpoint: "flights", deployment: "blue", at, id: "0123456789abcdef" }),
  );
  const partitionPlace = { start: partition.partition, rate: partition.rollingRate };
  expect(paths.at(-4)).toBe(planPath({ ...place, ...partitionPlace, format: "parquet" }));
  const recordedAt = Date.parse("2026-11-29T13:00:00.123Z");
  expect(paths.at(-3)).toBe(recordPath("flights", "blue", recordedAt, "0123456789abcdef"));
  expect(paths.at(-2)).toBe(commitPath("flights/blue/Model_Inputs", 0));
  expect(paths.at(-1)).toBe(bodyPath({ ...place, ...partition, id }));
});

test("a file's name that no segment has says nothing of one", () => {
  const id = "0193512345677abc8def0123456789ab";
  for (const stem of [
    "",
    id,
    `20261322T051742123Z-${id}`,
    `20260230T051742123Z-${id}`,
    `20261122T241742123Z-${id}`,
    `20261122T051742123Z-${id.toUpperCase()}`,
    `20261122T051742123Z-${id}0`,
    `20261122T051742Z-${id}`,
  ]) {
    expect(parseStem("parquet", stem), stem).toBeUndefined();
  }
  for (const stem of ["", id, `${id}000001`, `${id}0000000`, `${id.toUpperCase()}000000`]) {
    expect(parseStem("jsonl", stem), stem).toBeUndefined();
  }
});
