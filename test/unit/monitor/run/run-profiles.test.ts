import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  Baseline,
  type CollectionMonitor,
  CollectionProfile,
  type FeatureResult,
  type MonitorResult,
  type MonitorSource,
  runMonitor,
} from "../../../../src/monitor.ts";
import { openDataset } from "../../../../src/reader.ts";
import { day, memorySource, type MemoryRows, repeated } from "../../../support/monitor/memory-source.ts";
import { SeededNormals } from "../../../support/monitor/seeded-normals.ts";
import { tempFolder } from "../../../support/temp-folder.ts";
import { run } from "../../cli/run.ts";

/*
 * What profiles say is held against what the rows say that they were made of: counts are the same, ranks within
 * the error that is told.
 */

const now = new Date("2026-11-29T00:00:00Z");
const normals = new SeededNormals(7);
const size = 20_000;
const letters = (counts: Record<string, number>): string[] => repeated(counts);
const days: Record<number, MemoryRows["columns"]> = {
  1: { x: normals.normal(50, 15, size), letter: letters({ a: 9_000, b: 6_000, c: 5_000 }) },
  2: { x: normals.normal(53, 15, size), letter: letters({ a: 12_000, b: 5_000, d: 3_000 }) },
  3: { x: normals.normal(50, 15, size), letter: letters({ a: 9_050, b: 5_950, c: 5_000 }) },
};
const rows = Object.entries(days).map(([number, columns]) => ({ at: day(Number(number)).from, columns }));
const baseline = Baseline.create({ collection: "model_inputs", ...day(1), columns: days[1] as never });

/** Rows of each day as profiles of 24 parts, merged; counted by the baseline, or not. */
function profiled(isCounted: boolean): MonitorSource {
  return {
    ...memorySource([]),
    windowProfiles: async ({ collection, windows, columns: asked }) =>
      windows.map((window) => {
        const empty = (): CollectionProfile =>
          isCounted ? baseline.profile(window) : new CollectionProfile({ collection, ...window });
        const whole = empty();
        for (const { at, columns } of rows) {
          if (at < window.from || at >= window.to) continue;
          for (let part = 0; part < 24; part++) {
            const hour = empty();
            const own = Object.entries(columns).map(
              ([name, values]) => [name, Array.from(values).filter((_, i) => i % 24 === part)] as const,
            );
            hour.add({ length: own[0]?.[1].length ?? 0, columns: new Map(own) });
            whole.merge(hour);
          }
        }
        expect(asked).toBeUndefined();
        return whole;
      }),
  };
}

async function resultOf(
  source: MonitorSource,
  before: CollectionMonitor["baseline"],
  more: Partial<CollectionMonitor> = {},
): Promise<MonitorResult> {
  const windows = [day(2), day(3)];
  const thresholds = { all: { TwoSampleKolmogorovSmirnovTest: 0.05, PearsonsChiSquaredTest: 0.05 } };
  const monitor = { collection: "model_inputs", baseline: before, windows, thresholds, ...more };
  return await runMonitor(source, { now, collections: [monitor], signals: ["drift", "quality"] });
}

function features(result: MonitorResult, window: number): Map<string, FeatureResult> {
  const found = result.collections[0]?.windows[window]?.slices[0]?.features ?? [];
  return new Map(found.map((one) => [one.feature, one]));
}

function metric(feature: FeatureResult | undefined, name: string) {
  const found = feature?.metrics.find((one) => one.metric === name);
  if (found?.value == null) throw new Error(`no ${name}`);
  return { ...found, value: found.value };
}

const groupNames = [
  ...["JensenShannonDistance", "PopulationStabilityIndex", "HellingerDistance"],
  ...["TotalVariationDistance", "ChebyshevDistance"],
];

describe("profiles in place of rows", () => {
  test("counted by the baseline say what its rows say, to the digit; ranks are within their error", async () => {
    const byRows = await resultOf(memorySource(rows), baseline);
    const byProfiles = await resultOf(profiled(true), baseline, { read: "profiles" });
    expect(byProfiles.collections[0]?.read).toBe("profiles");
    expect(byProfiles.verdict).toBe(byRows.verdict);
    for (const window of [0, 1]) {
      const [expected, found] = [features(byRows, window), features(byProfiles, window)];
      for (const name of ["x", "letter"]) {
        for (const one of groupNames) {
          const { value, method, maxError } = metric(found.get(name), one);
          expect(value, one).toBe(metric(expected.get(name), one).value);
          expect([method, maxError]).toEqual(["binned", 0]);
        }
        expect(found.get(name)?.histogram).toEqual(expected.get(name)?.histogram);
        expect(found.get(name)?.verdict).toBe(expected.get(name)?.verdict);
      }
      const moved = metric(found.get("x"), "NormalizedWassersteinDistance");
      const exact = metric(expected.get("x"), "NormalizedWassersteinDistance");
      expect(moved.method).toBe("sketch");
      expect(Math.abs(moved.value - exact.value)).toBeLessThanOrEqual(moved.maxError + exact.maxError);
      expect(moved.maxError).toBeLessThan(0.15);
      expect(byProfiles.collections[0]?.windows[window]?.slices[0]?.quality).toEqual(
        byRows.collections[0]?.windows[window]?.slices[0]?.quality,
      );
    }
  });

  test.each([true, false])("held against profiles, counted alike: %s", async (isCounted) => {
    const byRows = await resultOf(memorySource(rows), day(1));
    const byProfiles = await resultOf(profiled(isCounted), day(1), { read: "profiles" });
    for (const window of [0, 1]) {
      const [expected, found] = [features(byRows, window), features(byProfiles, window)];
      for (const one of ["NormalizedWassersteinDistance", "TotalVariationDistance"]) {
        const { value, maxError, method } = metric(found.get("x"), one);
        const exact = metric(expected.get("x"), one).value;
        // Of other bins than the rows' where they were counted by the baseline's.
        const slack = isCounted && one === "TotalVariationDistance" ? 0.03 : 0;
        expect(Math.abs(value - exact), one).toBeLessThanOrEqual(maxError + slack);
        expect(method).toBe(isCounted && one === "TotalVariationDistance" ? "binned" : "sketch");
      }
      const test = metric(found.get("x"), "TwoSampleKolmogorovSmirnovTest");
      const height = metric(expected.get("x"), "TwoSampleKolmogorovSmirnovTest").statistic ?? 0;
      expect(Math.abs((test.statistic ?? 0) - height)).toBeLessThanOrEqual(test.maxError);
      for (const one of groupNames)
        expect(metric(found.get("letter"), one).value).toBeCloseTo(
          metric(expected.get("letter"), one).value,
          // New categories are others, to a baseline.
          isCounted ? 1 : 12,
        );
    }
  });

  test("slices need rows, and a source without profiles has none", async () => {
    await expect(resultOf(profiled(true), day(1), { read: "profiles", by: ["letter"] })).rejects.toThrow(
      "expected rows to be read",
    );
    await expect(resultOf(memorySource(rows), day(1), { read: "profiles" })).rejects.toThrow(
      "expected a source that has profiles",
    );
  });
});

/** Lines that no code of ours has written: those of docs/stored-data.md, as another program may. */
function handWritten(root: string, date: string, counts: readonly number[], texts: readonly number[]): void {
  const place = { instance: "spark-1", hour: `2026-11-${date}T10:00:00.000Z`, collection: "Model_Inputs" };
  const all = counts.reduce((sum, count) => sum + count, 0);
  const common = { rows: all, nulls: 0, nans: 0, zeros: 0, infinite: 0 };
  // Each bin's values in its middle: 50, 150, 250; so the moments are whole numbers, told in hexadecimal.
  const sum = counts.reduce((total, count, i) => total + count * (50 + 100 * i), 0);
  const squares = counts.reduce((total, count, i) => total + count * (50 + 100 * i) ** 2, 0);
  const values = counts.flatMap((count, i) => new Array<number>(count).fill(50 + 100 * i));
  const lines = [
    { kind: "rows", ...place, rows: all },
    {
      ...{ kind: "column", ...place, rows: all, column: "x" },
      profile: {
        ...{ kind: "numerical", ...common, min: 50, max: 250, distinct: { hashes: [1, 2, 3] } },
        moments: { count: all, sum: `0x${sum.toString(16)}p0`, sumOfSquares: `0x${squares.toString(16)}p0` },
        quantiles: { count: all, variance: 0, levels: [values] },
        groups: { edges: [0, 100, 200, 300], counts: [0, ...counts, 0] },
      },
    },
    {
      ...{ kind: "column", ...place, rows: all, column: "letter" },
      profile: {
        ...{ kind: "categorical", ...common, min: "a", max: "b", distinct: { hashes: [4, 5] } },
        frequent: {
          values: [
            ["a", texts[0]],
            ["b", texts[1]],
          ],
          maxError: 0,
        },
      },
    },
  ];
  const name = `202611${date}T100000000Z-${date.padStart(32, "0")}.jsonl`;
  const path = join(root, "flights/blue/_profile", `2026-11-${date}`, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line, null, 0)}\n`).join(""));
}

test("profiles that another program has written are taken, also without any row", async () => {
  const root = await tempFolder();
  handWritten(root, "01", [100, 200, 100], [300, 100]);
  handWritten(root, "02", [200, 100, 100], [300, 100]);
  const args = ["drift", "model_inputs", "--against", "2026-11-01/2026-11-02", "--root", root, "--json"];
  const span = ["--from", "2026-11-02", "--to", "2026-11-03"];
  const { code, out, err } = await run(...args, ...span, "--read", "profiles");
  expect(err).toBe("");
  const [x, letter] = ["x", "letter"].map((name) => features(JSON.parse(out) as MonitorResult, 0).get(name));
  // A quarter of the rows went down by a bin of 100; the deviation of 100 x 50, 200 x 150, 100 x 250 is 70.8.
  const deviation = Math.sqrt((200 * 100 ** 2) / 399);
  expect(metric(x, "NormalizedWassersteinDistance").value).toBeCloseTo(25 / deviation, 12);
  expect(metric(x, "TotalVariationDistance")).toMatchObject({ value: 0.25, method: "binned" });
  expect(x).toMatchObject({ rows: { baseline: 400, production: 400 }, verdict: "breach" });
  expect(letter).toMatchObject({ verdict: "pass" });
  expect(code).toBe(1);
  await using data = await openDataset(root);
  const [both] = await data.windowProfiles({
    collection: "model_inputs",
    windows: [{ from: day(1).from, to: day(2).to }],
  });
  expect([both?.rows, both?.columns.get("x")?.rows]).toEqual([800, 800]);
});
