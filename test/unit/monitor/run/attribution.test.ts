import { expect, test } from "vitest";
import {
  type AttributionMonitor,
  type MonitorOptions,
  type MonitorResult,
  reportHtml,
  resultGauges,
  resultTables,
  runMonitor,
} from "../../../../src/monitor.ts";
import { parquetOf } from "../../../../src/reader/export/export-rows.ts";
import { day, memorySource } from "../../../support/monitor/memory-source.ts";
import { duckdbQuery, fileBytes } from "../../../support/parquet-engines.ts";

const now = new Date("2026-11-29T00:00:00Z");
const values = Float64Array.from({ length: 200 }, (_, i) => i % 37);
const source = memorySource([1, 2].map((one) => ({ at: day(one).from, columns: { x: values } })));

/** Importances and the value that Azure ML's own test of them expects. */
const upstream = {
  baseline: { a: 1.2, b: 0, c: 0.1, d: 3 },
  production: { d: 0.1, a: 0.2, b: 3.7, c: 3 },
  value: 0.513_544_321_066_050_7,
};
const { baseline, production } = upstream;

async function judged(
  attribution: AttributionMonitor,
  options: Partial<MonitorOptions> = {},
): Promise<MonitorResult> {
  const collections = [{ collection: "model_inputs", baseline: day(1), windows: [day(2)], attribution }];
  return await runMonitor(source, { now, collections, ...options });
}

test("importances that rank features as others computed are judged by their threshold", async () => {
  const result = await judged({ baseline, production, threshold: 0.9 });
  const [collection] = result.collections;
  expect(result.verdict).toBe("breach");
  expect(collection?.features).toMatchObject([{ feature: "x", verdict: "pass" }]);
  expect(collection?.reasons).toEqual([
    "attributions have changed: NormalizedDiscountedCumulativeGain 0.514 is below 0.9",
  ]);
  const { value = 0, features, ...rest } = collection?.attribution ?? {};
  expect(Math.abs(value - upstream.value)).toBeLessThan(1e-14);
  expect(rest).toEqual({
    metric: "NormalizedDiscountedCumulativeGain",
    ...{ threshold: 0.9, breached: true, verdict: "breach", reason: null },
  });
  expect(features?.map(({ feature, rank }) => [feature, rank.baseline, rank.production])).toEqual([
    ...[["d", 1, 4] as const, ["a", 2, 3] as const, ["c", 3, 2] as const, ["b", 4, 1] as const],
  ]);
});

test("a value at its threshold is no breach, nor is one that nobody set a threshold for", async () => {
  const exact = (await judged({ baseline, production })).collections[0]?.attribution;
  expect(exact).toMatchObject({ verdict: "skipped", breached: false, reason: "no threshold was set" });
  const threshold = exact?.value ?? 0;
  expect((await judged({ baseline, production, threshold })).verdict).toBe("pass");
  expect((await judged({ baseline, production, threshold: threshold + 1e-12 })).verdict).toBe("breach");
  expect((await judged({ baseline, production: baseline, threshold: 1 })).verdict).toBe("pass");
});

test("features that never mattered say nothing, and what is not asked for is not told", async () => {
  const none = { baseline: { a: 0, b: 0 }, production: { a: 1, b: 2 }, threshold: 0.9 };
  expect((await judged(none)).collections[0]?.attribution).toMatchObject({
    ...{ verdict: "insufficient data", breached: false, reason: "no feature matters in the baseline" },
  });
  const result = await judged({ baseline, production, threshold: 0.9 }, { signals: ["drift"] });
  expect(result.verdict).toBe("pass");
  expect(result.collections[0]).not.toHaveProperty("attribution");
  const alone = await judged({ baseline, production, threshold: 0.4 }, { signals: ["attribution"] });
  expect(alone.verdict).toBe("pass");
});

test.each<[AttributionMonitor, string]>([
  [{ baseline: { a: -1 }, production: { a: 1 } }, "expected a finite number from 0 on"],
  [{ baseline: { a: 1 }, production: { b: 1 } }, "expected the same features on both sides"],
  [{ baseline, production, threshold: 2 }, "threshold: expected a number from 0 to 1"],
])("what is wrong is said before a row is read: %j", async (attribution, message) => {
  const before = source.reads();
  await expect(judged(attribution)).rejects.toThrow(message);
  expect(source.reads()).toBe(before);
});

test("it is a row of drift_metrics, a gauge, and a part of the page", async () => {
  const result = await judged({ baseline, production, threshold: 0.9 });
  const table = resultTables(result).find(({ name }) => name === "drift_metrics");
  if (table === undefined) throw new Error("there is no such table");
  const sql = `SELECT collection, column_name, metric_value, threshold_value, breached, method, drift_type, verdict,
    window_start::VARCHAR AS start FROM FILE WHERE metric_name = 'NormalizedDiscountedCumulativeGain'`;
  const [row, ...more] = await duckdbQuery(await fileBytes(parquetOf(table)), sql);
  expect(more).toEqual([]);
  expect(row).toMatchObject({
    ...{ collection: "model_inputs", column_name: null, threshold_value: 0.9, breached: true },
    ...{ method: "exact", drift_type: "BASELINE", verdict: "breach", start: "2026-11-02 00:00:00+00" },
  });
  expect(Number(row?.["metric_value"])).toBeCloseTo(upstream.value, 14);
  const gauges = new Map(resultGauges(result).map(({ name, samples }) => [name, samples]));
  expect(gauges.get("mdc_attribution")?.[0]?.value).toBeCloseTo(upstream.value, 14);
  expect(gauges.get("mdc_attribution_breached")).toEqual([
    { labels: { collection: "model_inputs" }, value: 1 },
  ]);
  const page = reportHtml(result, { now });
  expect(page).toContain("<h1>Attribution is out of bounds</h1>");
  expect(page).toContain('<a href="#attribution"><b class="mark bad">Attribution</b></a>');
  expect(page).toContain("normalized discounted cumulative gain 0.514, at least 0.9");
});
