import { join } from "node:path";
import { expect, test } from "vitest";
import type { MonitorResult } from "../../../src/monitor.ts";
import { duckdbSql } from "../../support/parquet-engines.ts";
import { samplesOf } from "../../support/prometheus-samples.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { storeFile } from "../reader/stored-data.ts";
import { run } from "./run.ts";

async function folder(): Promise<string> {
  const root = await tempFolder();
  for (const [day, shift] of [0, 50].entries()) {
    const requestTime = `2026-11-${String(20 + day)}T10:00:00.000Z`;
    const rows = Array.from({ length: 200 }, (_, i) => ({ x: ((i * 37) % 200) + shift, origin: "SEA" }));
    const frame = { collection: "model_inputs", id: `frame-${day}`, requestTime, rows };
    storeFile(root, [frame], { x: "DOUBLE", origin: "STRING" });
  }
  return root;
}

const span = ["model_inputs", "--from", "2026-11-21", "--to", "2026-11-22"] as const;

test("drift and quality also go to Parquet and Prometheus, with what is not whole in front", async () => {
  const root = await folder();
  const into = join(root, "..", "tables");
  const against = ["--root", root, "--against", "2026-11-20/2026-11-21"] as const;
  const { code, out } = await run("drift", ...span, ...against, "--parquet", into, "--json");
  expect(code).toBe(1);
  const [drift] = (JSON.parse(out) as MonitorResult).collections;
  const [window] = drift?.windows ?? [];
  const signals = Object.fromEntries(window?.signals?.map(({ signal, value }) => [signal, value]) ?? []);
  expect(signals).toMatchObject({ volume: 1, schema: 0, rejected: 0 });
  const rows = await duckdbSql(`from '${into}/drift_metrics.parquet' order by metric_name`);
  const [metric] = window?.slices[0]?.features.find(({ feature }) => feature === "x")?.metrics ?? [];
  expect(
    rows.find((row) => row["column_name"] === "x" && row["metric_name"] === metric?.metric),
  ).toMatchObject({
    ...{ metric_value: metric?.value, threshold_value: metric?.threshold, breached: true, n_prod: 200n },
  });
  const counted = `select sum(bucket_count)::int as rows from '${into}/histograms.parquet' where feature_bucket = 'x'`;
  expect(await duckdbSql(counted)).toEqual([{ rows: 200 }]);
  const prometheus = await run("quality", ...span, ...against, "--prometheus", "-");
  const samples = samplesOf(prometheus.out);
  expect(samples.get('mdc_quality{collection="model_inputs",column="x",metric="OutOfBoundsRate"}')).toBe(
    0.25,
  );
  expect(samples.get('mdc_window_rows{collection="model_inputs"}')).toBe(200);
  const both = await run("quality", ...span, ...against, "--prometheus", "-", "--json");
  expect(both).toMatchObject({ code: 2, err: expect.stringContaining("expected one of them") });
});

test("profiles go to Parquet, over those of before", async () => {
  const root = await folder();
  const into = join(root, "..", "profiles");
  for (let i = 0; i < 2; i++) await run("profile", ...span, "--root", root, "--parquet", into);
  const rows = await duckdbSql(
    `select column_name, count, max, max_text from '${into}/profile_metrics.parquet'`,
  );
  expect(rows).toEqual([
    { column_name: "origin", count: 200n, max: null, max_text: "SEA" },
    { column_name: "x", count: 200n, max: 249, max_text: null },
  ]);
});
