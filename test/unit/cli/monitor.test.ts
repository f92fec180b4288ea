import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { FeatureResult, MonitorResult } from "../../../src/monitor.ts";
import { duckdbSql } from "../../support/parquet-engines.ts";
import { repeated } from "../../support/monitor/memory-source.ts";
import { storeFile } from "../reader/stored-data.ts";
import { run } from "./run.ts";

/*
 * Stored files by another hand, whose columns are those of the oracles: numbers without a generator, and two
 * categories. 300 rows a day, of three days; the baseline has 500.
 */

const before = Array.from({ length: 500 }, (_, i) => ((7919 * i) % 1009) / 10);
const after = Array.from({ length: 300 }, (_, i) => (((104_729 * i) % 1009) / 10) * 0.9 + 8);
let root = "";

function store(day: number, values: readonly number[], letters: readonly string[], hour = 10): void {
  const date = `2026-11-${String(day).padStart(2, "0")}T${hour}:00:00Z`;
  const rows = values.map((x, i) => ({ x, letter: letters[i % letters.length], gone: null }));
  const frame = { collection: "model_inputs", id: `frame-${day}-${hour}`, requestTime: date, rows };
  storeFile(root, [frame], { x: "DOUBLE", letter: "STRING", gone: "DOUBLE" });
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "mdc-monitor-"));
  // 250 and 250, then 240 and 60: the shares of 100 and 100, and of 92 and 23.
  store(1, before, repeated({ a: 250, b: 250 }));
  for (const day of [2, 3, 4]) store(day, after, repeated({ a: 240, b: 60 }));
  store(5, after, repeated({ a: 240, b: 60 }));
});

async function driftOf(...args: string[]): Promise<{ code: number; result: MonitorResult }> {
  const { code, out, err } = await run("drift", ...args, "--root", root, "--json");
  expect(err).toBe("");
  return { code, result: JSON.parse(out) };
}

function feature(result: MonitorResult, name: string): FeatureResult | undefined {
  return result.collections[0]?.windows.at(-1)?.slices[0]?.features.find((one) => one.feature === name);
}

function expectClose(actual: number | null | undefined, expected: number): void {
  expect(Math.abs((actual ?? Number.NaN) - expected), `${actual}, expected ${expected}`).toBeLessThanOrEqual(
    1e-10 * Math.abs(expected),
  );
}

describe("mdc drift", () => {
  test("against rows, what others have computed comes out of files", async () => {
    const args = [
      "model_inputs",
      "--against",
      "2026-11-01/2026-11-02",
      "--from",
      "2026-11-02",
      "--window",
      "1d",
    ];
    const { code, result } = await driftOf(...args, "--threshold", "x:TwoSampleKolmogorovSmirnovTest=0.05");
    const x = feature(result, "x");
    const valueOf = (metric: string): number | null | undefined =>
      x?.metrics.find((one) => one.metric === metric)?.value;
    expectClose(valueOf("JensenShannonDistance"), 0.163300636232135);
    expectClose(valueOf("PopulationStabilityIndex"), 0.148043651739168);
    expectClose(valueOf("NormalizedWassersteinDistance"), 0.140166658629461);
    expectClose(valueOf("TwoSampleKolmogorovSmirnovTest"), 0.056666369753113);
    expectClose(x?.effectSize?.value, 0.0966666666666667);
    expect(x).toMatchObject({ rows: { baseline: 500, production: 300 }, verdict: "pass" });
    const letter = feature(result, "letter");
    expectClose(letter?.metrics[0]?.value, 0.270377528526);
    expect(letter?.verdict).toBe("breach");
    expect(result.collections[0]?.skipped).toEqual([{ column: "gone", reason: "only nulls" }]);
    expect(code).toBe(1);
  });

  test("against the window before, and only breaches that come twice", async () => {
    const last = ["model_inputs", "--against", "previous", "--window", "1d"];
    const quiet = await driftOf(...last, "--from", "2026-11-03", "--to", "2026-11-06");
    expect(quiet.code).toBe(0);
    expect(quiet.result.collections[0]?.features.map(({ verdict }) => verdict)).toEqual(["pass", "pass"]);
    const once = await driftOf(...last, "--from", "2026-11-02", "--to", "2026-11-05");
    const [letter] = once.result.collections[0]?.features ?? [];
    expect(letter).toMatchObject({
      feature: "letter",
      breachedWindows: 1,
      judgedWindows: 3,
      verdict: "pass",
    });
    expect(once.code).toBe(0);
    const strict = await driftOf(...last, "--from", "2026-11-02", "--to", "2026-11-05", "--need", "1/3");
    expect(strict.code).toBe(1);
    expect(strict.result.collections[0]?.reasons).toEqual(["letter drifts in 1 window"]);
  });

  test("ranks by importance, and looks at slices", async () => {
    const args = [
      "model_inputs",
      "--against",
      "2026-11-01/2026-11-02",
      "--from",
      "2026-11-02",
      "--by",
      "letter",
    ];
    const { result } = await driftOf(
      ...args,
      "--threshold",
      "PopulationStabilityIndex=0.01",
      "--importance",
      "x=9",
    );
    const [first] = result.collections[0]?.features ?? [];
    expect(first?.feature).toBe("x");
    expect(result.collections[0]?.windows[0]?.slices.map(({ slice }) => slice?.value)).toEqual([
      undefined,
      "a",
      "b",
    ]);
  });

  test("with a baseline that was kept: counts are those of DuckDB, distances within their bound", async () => {
    const file = join(root, "baseline.json");
    const made = await run(
      "baseline",
      "create",
      "model_inputs",
      "-o",
      file,
      "--to",
      "2026-11-02",
      "--root",
      root,
    );
    expect(made).toMatchObject({ code: 0, err: "skipped: gone: only nulls\n" });
    const { result } = await driftOf(
      "model_inputs",
      "--baseline",
      file,
      "--from",
      "2026-11-02",
      "--to",
      "2026-11-03",
    );
    const x = feature(result, "x");
    const distance = x?.metrics.find(({ metric }) => metric === "NormalizedWassersteinDistance");
    expect(distance?.method).toBe("binned");
    expect(Math.abs((distance?.value ?? 0) - 0.140166658629461)).toBeLessThan(distance?.maxError ?? 0);
    expect(distance?.maxError).toBeLessThan(0.02);
    const pair = x?.histogram?.kind === "numerical" ? x.histogram : undefined;
    const bins = (pair?.edges ?? []).slice(0, -1).map(
      (edge, i) => `count(*) filter (where x >= ${edge} and (x <
      ${pair?.edges[i + 1]} ${i === (pair?.edges.length ?? 0) - 2 ? `or x = ${pair?.edges[i + 1]}` : ""})) as c${i}`,
    );
    const files = `${root}/flights/blue/model_inputs/inference_date=2026-11-02/**/*.parquet`;
    const [counts] = await duckdbSql(`select ${bins.join(", ")} from read_parquet('${files}')`);
    expect(pair?.production).toEqual(Object.values(counts ?? {}).map(Number));
    expect(pair?.baseline.reduce((sum, count) => sum + count, 0)).toBe(500);
    const again = await run("baseline", "create", "model_inputs", "-o", file, "--root", root);
    expect(again).toMatchObject({ code: 2, err: `mdc: --output: there is something at ${file} already\n` });
  });

  test("insufficient data is an answer", async () => {
    const args = ["model_inputs", "--against", "2026-11-01/2026-11-02", "--from", "2026-11-02"];
    const { code, result } = await driftOf(...args, "--min-rows", "2000");
    expect(code).toBe(0);
    expect(result.verdict).toBe("insufficient data");
    expect(feature(result, "x")?.reason).toBe("500 of the 2000 values that the baseline needs");
  });

  test("tells for people what is compared with what", async () => {
    const args = ["drift", "model_inputs", "--against", "2026-11-01/2026-11-02", "--from", "2026-11-02"];
    const { out } = await run(...args, "--to", "2026-11-03", "--root", root);
    expect(out).toContain(
      "model_inputs: breach\n1 window 2026-11-02 00:00 to 2026-11-03 00:00 (300 rows) against",
    );
    expect(out).toMatch(/^letter +breach +JensenShannonDistance +0\.2704 +0\.1 +1 of 1 +300 /m);
    expect(out).toContain("skipped: gone: only nulls");
  });
});

describe("mdc quality", () => {
  test("holds values against the baseline's, and ends with 1", async () => {
    const args = ["--against", "2026-11-02/2026-11-03", "--from", "2026-11-01", "--to", "2026-11-02"];
    const { code, out } = await run("quality", "model_inputs", ...args, "--root", root, "--json");
    const result: MonitorResult = JSON.parse(out);
    const slice = result.collections[0]?.windows[0]?.slices[0];
    expect(slice?.features).toEqual([]);
    const x = slice?.quality.find(({ column }) => column === "x");
    const inside = before.filter(
      (value) => value >= Math.min(...after) && value <= Math.max(...after),
    ).length;
    expect(x?.rates.map(({ value, breached }) => [value, breached])).toEqual([
      [0, false],
      [0, false],
      [(500 - inside) / 500, true],
    ]);
    expect(code).toBe(1);
  });
});

describe("mdc profile", () => {
  test("tells what DuckDB tells", async () => {
    const { out } = await run("profile", "model_inputs", "--to", "2026-11-02", "--root", root, "--json");
    const rows: Record<string, unknown>[] = JSON.parse(out);
    const files = `${root}/flights/blue/model_inputs/inference_date=2026-11-01/**/*.parquet`;
    const [x] = await duckdbSql(
      `select count(*) as count, min(x) as min, max(x) as max, stddev_samp(x) as dev, count(distinct x) as distinct
       from read_parquet('${files}')`,
    );
    const told = rows.find(({ column_name: name }) => name === "x");
    expect([told?.["count"], told?.["min"], told?.["max"], told?.["distinct_count"]]).toEqual([
      ...[Number(x?.["count"]), x?.["min"], x?.["max"], Number(x?.["distinct"])],
    ]);
    expectClose(Number(told?.["stddev"]), Number(x?.["dev"]));
    expect(told).toMatchObject({ min_length: null, max_length: null, avg_length: null });
    expect(rows.find(({ column_name: name }) => name === "letter")?.["frequent_items"]).toEqual([
      ["a", 250],
      ["b", 250],
    ]);
  });
});

describe("monitor.yml", () => {
  const monitored = async (
    yaml: string,
    ...args: string[]
  ): Promise<{ code: number; out: string; err: string }> => {
    const file = join(root, "monitor.yml");
    writeFileSync(file, yaml);
    return await run("drift", "--config", file, ...args, "--root", root, "--json");
  };

  test("says all of it", async () => {
    const { code, out } = await monitored(`
window: 1d
need: 1
of: 2
min_rows: 50
collections:
  model_inputs:
    baseline: { from: 2026-11-01, to: 2026-11-02 }
    features: [x]
    thresholds: { numerical: { jensen_shannon_distance: 0.15 } }
`);
    const result: MonitorResult = JSON.parse(out);
    expect(result.rule).toEqual({ need: 1, of: 2 });
    const [x, ...others] = result.collections[0]?.features ?? [];
    expect(others).toEqual([]);
    expect(x).toMatchObject({ metric: "JensenShannonDistance", threshold: 0.15 });
    expect(feature(result, "x")?.metrics[0]?.thresholdSource).toBe("set for kind");
    expect([0, 1]).toContain(code);
  });

  test.each([
    ["windo: 1d", 'monitor.yml:1: expected a known name (did you mean "window"?), got "windo"'],
    ["window: soon", "monitor.yml:1: window: expected a length of time"],
    [
      "collections:\n  model_inputs:\n    by: 3",
      "monitor.yml:3: collections.model_inputs.by[0]: expected a text",
    ],
    [
      "collections:\n  model_inputs:\n    thresholds:\n      numerical: { jensen_shanon_distance: 1 }",
      "monitor.yml:4: collections.model_inputs.thresholds.numerical: expected names of metrics (did you mean",
    ],
  ])("names the line of what is wrong: %j", async (yaml, message) => {
    const { code, err } = await monitored(yaml);
    expect(err).toContain(message);
    expect(code).toBe(2);
  });

  test("reads what an Azure ML monitor means, and tells the rest", async () => {
    const { out, err } = await monitored(
      `
$schema: http://azureml/sdk-2-0/Schedule.json
name: flights
trigger: { type: recurrence, frequency: day, interval: 1 }
create_monitor:
  compute: { instance_type: standard_e4s_v3 }
  monitoring_signals:
    drift:
      type: data_drift
      production_data: { data_context: model_inputs, data_window: { lookback_window_size: P1D } }
      reference_data: { data_context: model_inputs, data_window: { lookback_window_size: P1D, lookback_window_offset: P0D } }
      features: [x]
      metric_thresholds: { numerical: { population_stability_index: 0.2 } }
    attribution:
      type: feature_attribution_drift
`,
      ...["--from", "2026-11-02", "--to", "2026-11-03"],
    );
    expect(err.split("\n")).toEqual([
      "mdc: monitor.yml:4: trigger is not read",
      "mdc: monitor.yml:6: create_monitor.compute is not read",
      "mdc: model_inputs: attributions are not compared: give --baseline-importances and --production-importances",
      "",
    ]);
    const result: MonitorResult = JSON.parse(out);
    expect(result.collections[0]?.baseline).toMatchObject({
      from: "reference",
      start: "2026-11-01T00:00:00.000Z",
    });
    expect(feature(result, "x")?.metrics[0]).toMatchObject({
      metric: "PopulationStabilityIndex",
      threshold: 0.2,
    });
  });
});
