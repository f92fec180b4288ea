import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { PerformanceResult } from "../../../src/monitor/run/performance-result.ts";
import { duckdbSql } from "../../support/parquet-engines.ts";
import { samplesOf } from "../../support/prometheus-samples.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { idAt, storeFile, type StoredFrame } from "../reader/stored-data.ts";
import { run } from "./run.ts";

const day = 86_400_000;
const monday = Date.parse("2026-11-23T00:00:00Z");

/** Requests of two days, one row each; the labels of the second day have mostly not come. */
async function folder(): Promise<string> {
  const root = await tempFolder();
  for (const [index, labelled] of [200, 20].entries()) {
    const requestTime = new Date(monday + index * day).toISOString();
    const frames = (
      collection: string,
      rowOf: (i: number) => Record<string, unknown>,
      count = 200,
    ): StoredFrame[] =>
      Array.from({ length: count }, (_, i) => ({
        ...{ collection, id: idAt(requestTime, i), requestTime, rows: [rowOf(i)] },
      }));
    const score = (i: number): number => ((i * 37) % 200) / 200;
    storeFile(
      root,
      frames("model_inputs", (i) => ({ origin: i % 4 === 0 ? "JFK" : "SEA" })),
      { origin: "STRING" },
    );
    storeFile(
      root,
      frames("model_outputs", (i) => ({ late: score(i) > 0.5, p: score(i) })),
      {
        ...{ late: "BOOLEAN", p: "DOUBLE" },
      },
    );
    const truth = (i: number): object => ({ was_late: ((i * 53) % 200) / 200 < score(i) });
    storeFile(
      root,
      frames("labels", (i) => ({ ...truth(i) }), labelled),
      { was_late: "BOOLEAN" },
    );
  }
  return root;
}

const asked = ["--prediction", "late", "--label", "was_late", "--score", "p", "--window", "1d"] as const;

test("performance is told by window and slice, estimated where labels have not come, and 1 is a breach", async () => {
  const root = await folder();
  const place = ["--root", root] as const;
  const { code, out, err } = await run("performance", ...place, ...asked, "--by", "origin", "--json");
  expect({ code, err }).toEqual({ code: 1, err: "" });
  const { rows, task, join: account, predicted, actual } = JSON.parse(out) as PerformanceResult;
  expect([task, predicted, actual]).toEqual(["classification", "model_outputs.late", "labels.was_late"]);
  expect(
    rows.map(({ start, slice, rows: count, labelCoverage, estimated }) => [
      ...[start.slice(0, 10), slice?.value, count, labelCoverage, estimated],
    ]),
  ).toEqual([
    ["2026-11-23", undefined, 200, 1, false],
    ["2026-11-23", "SEA", 150, 1, false],
    ["2026-11-23", "JFK", 50, 1, false],
    ["2026-11-24", undefined, 200, 0.1, true],
    ["2026-11-24", "SEA", 150, 0.1, true],
    ["2026-11-24", "JFK", 5, 0.1, false],
  ]);
  expect(account?.counts).toMatchObject({ matched: 400, labelled: 220, inputsOnly: 0, duplicates: 0 });
  // By another hand: how many of the first day's were right.
  const right = Array.from({ length: 200 }, (_, i) => ((i * 37) % 200) / 200).filter(
    (score, i) => score > 0.5 === ((i * 53) % 200) / 200 < score,
  );
  expect(rows[0]?.metrics[0]).toMatchObject({
    metric: "Accuracy",
    value: right.length / 200,
    threshold: 0.9,
  });
  const lenient = await run("performance", ...place, ...asked, "--threshold", "accuracy=0.1");
  expect(lenient.code).toBe(0);
  expect(lenient.out).toContain("pass (estimated)");
  expect(lenient.out).toContain("joined: matched 400");
});

test("one window of two is no breach, unless it is said to be", async () => {
  const root = await folder();
  const place = [
    "--root",
    root,
    ...asked,
    "--threshold",
    "AreaUnderCurve=0.85",
    "--threshold",
    "accuracy=0.1",
  ];
  const { code, out } = await run("performance", ...place);
  expect({ code, told: out.includes("pass (beyond a threshold: 1 of 2 windows)") }, out).toEqual({
    code: 0,
    told: true,
  });
  expect((await run("performance", ...place, "--need", "1/2")).code).toBe(1);
  expect(await run("performance", ...place, "--need", "2/1")).toMatchObject({
    code: 2,
    err: expect.stringContaining("--need: expected k/n, such as 2/3"),
  });
});

test("the same as Parquet and for Prometheus", async () => {
  const root = await folder();
  const into = join(root, "..", "out");
  const files = ["--parquet", into, "--prometheus", `${root}.prom`];
  await run("performance", "--root", root, ...asked, ...files);
  const rows = await duckdbSql(`from "${join(into, "performance_metrics.parquet")}"`);
  const accuracy = rows.filter((row) => row["metric_name"] === "Accuracy");
  expect(accuracy.map((row) => [row["granularity"], row["estimated"], row["rows"], row["breached"]])).toEqual(
    [
      ["1 day", false, 200n, true],
      ["1 day", true, 200n, true],
    ],
  );
  const samples = samplesOf(readFileSync(`${root}.prom`, "utf8"));
  expect(samples.get('mdc_performance{metric="Accuracy",estimated="true"}')).toBe(
    accuracy[1]?.["metric_value"],
  );
  expect(samples.get("mdc_label_coverage")).toBe(0.1);
  const alone = await run("performance", "--root", root, ...asked, "--prometheus", "-");
  expect(samplesOf(alone.out).size).toBe(samples.size);
});

test("what is missing or wrong is said, with what there is", async () => {
  const root = await folder();
  const told = async (...args: string[]): Promise<[number, string]> => {
    const { code, err } = await run("performance", "--root", root, ...args);
    return [code, err];
  };
  expect(await told()).toEqual([2, expect.stringContaining("expected --prediction <column>")]);
  expect(await told("--prediction", "late", "--label", "was_lat")).toEqual([
    2,
    'mdc: --label: no file of labels has a column "was_lat"; did you mean "was_late"?\n',
  ]);
  expect(await told("--prediction", "lat")).toEqual([2, expect.stringContaining('did you mean "late"?')]);
  expect(await told(...asked, "--threshold", "accurat=1")).toEqual([
    2,
    expect.stringContaining("--threshold: expected one of Accuracy"),
  ]);
  expect(await told("--prediction", "late", "--window", "7x")).toEqual([
    2,
    expect.stringContaining("a length of time such as 7d"),
  ]);
});
