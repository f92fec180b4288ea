import { describe, expect, test } from "vitest";
import {
  createBaseline,
  type DriftMetricName,
  type FeatureResult,
  type MonitorOptions,
  type MonitorResult,
  runMonitor,
} from "../../../../src/monitor.ts";
import { day, memorySource, type MemoryRows, repeated } from "../../../support/monitor/memory-source.ts";
import { SeededNormals } from "../../../support/monitor/seeded-normals.ts";

/*
 * A monitor over rows of which others have computed what it must say: docs and tolerances as in the tests of the
 * metrics. Here it is seen that rows come from the source to the metrics as they are.
 */

const now = new Date("2026-11-29T00:00:00Z");

/** The first day is the baseline, the second the window. */
async function compared(
  before: MemoryRows["columns"],
  after: MemoryRows["columns"],
  options: Partial<MonitorOptions> & { thresholds?: MonitorOptions["collections"][0]["thresholds"] } = {},
): Promise<Map<string, FeatureResult>> {
  const { thresholds = {}, ...rest } = options;
  const source = memorySource([
    { at: day(1).from, columns: before },
    { at: day(2).from, columns: after },
  ]);
  const collections = [{ collection: "model_inputs", baseline: day(1), windows: [day(2)], thresholds }];
  const result = await runMonitor(source, { now, minRows: 1, collections, ...rest });
  return featuresOf(result);
}

function featuresOf(result: MonitorResult): Map<string, FeatureResult> {
  const [whole] = result.collections[0]?.windows.at(-1)?.slices ?? [];
  return new Map(whole?.features.map((feature) => [feature.feature, feature]));
}

function valueOf(feature: FeatureResult | undefined, metric: DriftMetricName): number {
  return feature?.metrics.find((one) => one.metric === metric)?.value ?? Number.NaN;
}

function expectClose(actual: number, expected: number): void {
  expect(Math.abs(actual - expected), `${actual}, expected ${expected}`).toBeLessThanOrEqual(
    1e-10 * Math.abs(expected),
  );
}

const seeded = (mean: number, size: number): Float64Array => new SeededNormals(0).normal(mean, 15, size);

describe("what others computed comes out of stored rows", () => {
  test("numbers", async () => {
    const features = await compared({ x: seeded(50, 1e5) }, { x: seeded(53, 1e5) });
    const x = features.get("x");
    expectClose(valueOf(x, "JensenShannonDistance"), 0.0844791909661);
    expectClose(valueOf(x, "PopulationStabilityIndex"), 0.0397135200056);
    expectClose(valueOf(x, "NormalizedWassersteinDistance"), 0.200532478992);
    expect(x?.verdict).toBe("breach");
    expect(x?.metrics[0]).toMatchObject({
      metric: "NormalizedWassersteinDistance",
      threshold: 0.1,
      thresholdSource: "azure-ai-ml SDK",
      method: "exact",
      breached: true,
    });
  });

  test("a maximum that falls off the last edge, and the test of ranks", async () => {
    const thresholds = { all: { TwoSampleKolmogorovSmirnovTest: 0.05 } };
    const features = await compared({ x: seeded(50, 9e3) }, { x: seeded(50, 900) }, { thresholds });
    const x = features.get("x");
    expectClose(valueOf(x, "JensenShannonDistance"), 0.0469304402113);
    expectClose(valueOf(x, "PopulationStabilityIndex"), 0.00914415474113);
    expectClose(valueOf(x, "NormalizedWassersteinDistance"), 0.0538529511494);
    expectClose(valueOf(x, "TwoSampleKolmogorovSmirnovTest"), 0.247392463652);
    expectClose(x?.effectSize?.value ?? 0, 0.0355555555556);
    expect(x?.metrics[0]).toMatchObject({ method: "exact", breached: false });
    expect(x?.verdict).toBe("pass");
  });

  test("categories", async () => {
    const before = { o: repeated(Object.fromEntries([..."abcdefgh"].map((name) => [name, 100]))) };
    const after = { o: repeated({ a: 180, b: 80, c: 70, d: 170, e: 200, f: 10, g: 130, h: 100 }) };
    const thresholds = { all: { PearsonsChiSquaredTest: 0.05, JensenShannonDistance: 0.1 } };
    const o = (await compared(before, after, { thresholds })).get("o");
    expectClose(valueOf(o, "JensenShannonDistance"), 0.257323241115);
    expectClose(valueOf(o, "PopulationStabilityIndex"), 0.408753728159);
    expectClose(valueOf(o, "PearsonsChiSquaredTest"), 7.08148298894e-50);
    expect(o?.verdict).toBe("breach");
  });
});

describe("what is no drift", () => {
  test("rows with a null in any column are left out, as Azure ML does, and counted", async () => {
    const [x, y] = [seeded(50, 1000), [...seeded(10, 1000)] as (number | null)[]];
    const holed = y.map((value, i) => (i % 4 === 0 ? null : value));
    const azure = await compared({ x, y }, { x, y: holed });
    expect(azure.get("x")).toMatchObject({ rows: { baseline: 1000, production: 750 } });
    expect(azure.get("x")?.nullsDropped).toEqual({ baseline: 0, production: 250 });
    const other = await compared({ x, y }, { x, y: holed }, { profile: "evidently" });
    expect(other.get("x")?.nullsDropped).toEqual({ baseline: 0, production: 0 });
    expect(other.get("y")?.nullsDropped).toEqual({ baseline: 0, production: 250 });
  });

  test("few rows in many categories differ by chance", async () => {
    const letters = (seed: number): string[] =>
      Array.from(new SeededNormals(seed).normal(0, 30, 300), (value) => String(Math.round(value)));
    const o = (await compared({ o: letters(1) }, { o: letters(2) })).get("o");
    expect(valueOf(o, "JensenShannonDistance")).toBeGreaterThan(0.3);
    expect(o?.verdict).toBe("insufficient data");
    expect(o?.reason).toContain("chance alone reaches");
  });

  test.each([1e3, 1e4, 1e5])("one distribution passes at %d rows, and another one breaches", async (rows) => {
    const numbers = (seed: number, mean: number): Float64Array =>
      new SeededNormals(seed).normal(mean, 15, rows);
    const letters = (seed: number): string[] =>
      Array.from(numbers(seed, 50), (value) => (value > 60 ? "a" : "b"));
    const before = { same: numbers(1, 50), moved: numbers(3, 50), letter: letters(5) };
    const after = { same: numbers(2, 50), moved: numbers(4, 56), letter: letters(6) };
    const thresholds = {
      numerical: { NormalizedWassersteinDistance: 0.1, TwoSampleKolmogorovSmirnovTest: 0.05 },
      categorical: { JensenShannonDistance: 0.1, PearsonsChiSquaredTest: 0.05 },
    };
    const features = await compared(before, after, { thresholds });
    const verdicts = ["same", "moved", "letter"].map((name) => features.get(name)?.verdict);
    expect(verdicts).toEqual(["pass", "breach", "pass"]);
  });
});

test("the slice that explains a drift is named", async () => {
  const country = Array.from({ length: 3000 }, (_, i) => ["de", "fr", "jp"][i % 3]);
  const before = new SeededNormals(11).normal(50, 15, 3000);
  const after = new SeededNormals(2)
    .normal(50, 15, 3000)
    .map((value, i) => (i % 3 === 2 ? value + 30 : value));
  const source = memorySource([
    { at: day(1).from, columns: { x: before, country } },
    { at: day(2).from, columns: { x: after, country } },
  ]);
  const collections = [{ collection: "model_inputs", baseline: day(1), windows: [day(2)], by: ["country"] }];
  const result = await runMonitor(source, { now, collections });
  const slices = result.collections[0]?.windows[0]?.slices ?? [];
  expect(slices.map(({ slice, verdict }) => [slice?.value, verdict])).toEqual([
    [undefined, "breach"],
    ["de", "pass"],
    ["fr", "pass"],
    ["jp", "breach"],
  ]);
  const x = featuresOf(result).get("x");
  expect(x?.explainedBy).toMatchObject({ column: "country", value: "jp" });
  expect(x?.explainedBy?.share).toBeGreaterThan(0.5);
});

/** Ten million, which take minutes, only when asked for: `MDC_TEST_MOST_ROWS=1e7`. */
const mostRows = Number(process.env["MDC_TEST_MOST_ROWS"] ?? 1e5);

test("verdicts are those of the distribution, whatever the number of rows", async () => {
  const thresholds = { all: { JensenShannonDistance: 0.12, PopulationStabilityIndex: 0.1 } };
  const monitor = { collection: "model_inputs", baseline: day(1), windows: [day(2)] };
  const verdictsOf = async (size: number): Promise<(string | undefined)[][]> => {
    const columns = (seed: number, shift: number): MemoryRows["columns"] => {
      const x = new SeededNormals(seed).normal(50, 15, size);
      const moved = x.map((value, i) => value + (i % 2 === 0 ? shift * 15 : 0));
      const letter = Array.from(x, (_, i) => (i % 100 < 50 + 30 * shift ? "a" : "b"));
      return { kept: Array.from(x, (_, i) => `c${i % 7}`), letter, moved, same: x };
    };
    const source = memorySource([
      { at: day(1).from, columns: columns(3, 0) },
      { at: day(2).from, columns: columns(4, 1) },
    ]);
    const [usual, evidently, chosen] = [
      await runMonitor(source, { now, collections: [monitor] }),
      await runMonitor(source, { now, collections: [monitor], profile: "evidently" }),
      await runMonitor(source, { now, collections: [{ ...monitor, thresholds }] }),
    ].map(featuresOf);
    const names = ["kept", "letter", "moved", "same"];
    return names.map((name) => [name, ...[usual, evidently, chosen].map((one) => one?.get(name)?.verdict)]);
  };
  const thousand = await verdictsOf(1e3);
  expect(thousand).toEqual([
    ["kept", "pass", "pass", "pass"],
    ["letter", "breach", "breach", "breach"],
    ["moved", "breach", "breach", "breach"],
    ["same", "pass", "pass", "pass"],
  ]);
  for (const rows of [1e4, 1e5, 1e6, 1e7].filter((count) => count <= mostRows))
    expect(await verdictsOf(rows), `${rows} rows`).toEqual(thousand);
}, 600_000);

test("a result is the same to the byte whatever the order of files, batches, and room in memory", async () => {
  const part = (seed: number, at: Date): MemoryRows => {
    const x = new SeededNormals(seed).normal(50 + seed, 15, 400);
    const y = Array.from(x, (value, i) => (i % 50 === 0 ? null : `c${Math.round(value / 10)}`));
    const mdc_sampling_rate = Float64Array.from(x, (_, i) => (i % 3 === 0 ? 0.5 : 1));
    return { at, columns: { x, y, mdc_sampling_rate } };
  };
  const rows = [1, 2, 3, 4].flatMap((seed) => [part(seed, day(1).from), part(seed + 1, day(2).from)]);
  const run = async (given: readonly MemoryRows[], batchRows: number, maxBytes?: number): Promise<string> => {
    const source = memorySource(given, batchRows);
    const collections = [{ collection: "model_inputs", baseline: day(1), windows: [day(2)], by: ["y"] }];
    const options = { now, collections, ...(maxBytes === undefined ? {} : { maxBytes }) };
    const text = JSON.stringify(await runMonitor(source, options));
    if (maxBytes !== undefined) expect(source.reads()).toBeGreaterThan(4);
    return text;
  };
  const once = await run(rows, 1000);
  expect(JSON.parse(once).collections[0].windows[0].slices[0].weightedRows).toBe(1600 + 4 * 134);
  expect(await run(rows.toReversed(), 64)).toBe(once);
  expect(await run(rows, 128, 4096)).toBe(once);
});

describe("numbers that are categories are the same in rows as in a kept baseline", () => {
  const of = (values: readonly unknown[]): unknown[] =>
    Array.from({ length: 300 }, (_, i) => values[i % values.length]);
  test.each<readonly [string, readonly unknown[], string]>([
    ["infinite ones", [1, Infinity, -Infinity, 2], "double"],
    ["none, and zeros of either sign", [1, Number.NaN, null, 0, -0], "double"],
    ["integers of which several are one double", [2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, 7n], "int64"],
    ["integers of few bits", [1, 2, 3], "int32"],
    ["booleans", [true, false, null], "boolean"],
  ])("%s", async (_, values, type) => {
    const rows = (at: Date, given: readonly unknown[]): MemoryRows => ({
      at,
      columns: { c: of(given) },
      types: { c: type },
    });
    const source = memorySource([rows(day(1).from, values), rows(day(2).from, values.toReversed())], 128);
    const kept = await createBaseline(source, {
      collection: "model_inputs",
      ...day(1),
      kinds: { c: "categorical" },
    });
    for (const maxBytes of [undefined, 512])
      for (const baseline of [kept, day(1)]) {
        const columns = { c: { kind: "categorical" as const } };
        const collections = [{ collection: "model_inputs", baseline, windows: [day(2)], columns }];
        const result = await runMonitor(source, {
          now,
          collections,
          ...(maxBytes === undefined ? {} : { maxBytes }),
        });
        const c = featuresOf(result).get("c");
        expect(c?.kind).toBe("categorical");
        expect(
          c?.metrics.every(({ value }) => value === 0),
          JSON.stringify(c),
        ).toBe(true);
        expect(c?.rows).toEqual({ baseline: known(of(values)), production: known(of(values)) });
      }
  });

  const known = (values: readonly unknown[]): number =>
    values.filter((value) => value !== null && !Number.isNaN(value)).length;
});

test("of columns that do not fit into memory each is read once, and twice where rows are left out", async () => {
  const x = seeded(50, 1000);
  const readsOf = async (last: ArrayLike<unknown>): Promise<readonly [number, string]> => {
    const columns = { a: x, b: x, c: x, d: last };
    const source = memorySource([1, 2].map((n) => ({ at: day(n).from, columns })));
    const collections = [{ collection: "model_inputs", baseline: day(1), windows: [day(2)] }];
    const grouped = JSON.stringify(await runMonitor(source, { now, collections, maxBytes: 32_000 }));
    const reads = source.reads();
    expect(JSON.stringify(await runMonitor(source, { now, collections }))).toBe(grouped);
    return [reads, grouped];
  };
  const holed = Array.from(x, (value, i) => (i % 10 === 0 ? null : value));
  const [whole] = await readsOf(x);
  const [both, result] = await readsOf(holed);
  // Beyond the attempt at all of them, and what the rows are without them.
  expect([whole - 2 - 2, both - 2 - 2]).toEqual([2 * 2, 2 * 2 * 2]);
  expect(JSON.parse(result).collections[0].windows[0].slices[0].features[0].rows.production).toBe(900);
});

test("a column of another type, one of lists, an identifier and a new one are skipped, with the reason", async () => {
  const n = 100_100;
  const numbers = Float64Array.from({ length: n }, (_, i) => i);
  const source = memorySource(
    [
      { at: day(1).from, columns: { x: numbers, "a.b": numbers, typed: numbers, gone: numbers, id: ids(n) } },
      {
        at: day(2).from,
        columns: { x: numbers, "a.b": numbers, typed: ids(n), fresh: numbers, id: ids(n), tags: ids(n) },
        types: { tags: "list<string>" },
      },
    ],
    n,
  );
  const collections = [{ collection: "model_inputs", baseline: day(1), windows: [day(2)] }];
  const result = await runMonitor(source, { now, collections });
  expect(result.collections[0]?.skipped).toEqual([
    { column: "a.b", reason: "Azure ML refuses names with a dot" },
    { column: "fresh", reason: "not in the baseline" },
    { column: "gone", reason: "missing now" },
    { column: "id", reason: "more than 100000 distinct values" },
    { column: "tags", reason: "no scalars" },
    { column: "typed", reason: "more than 100000 distinct values" },
  ]);
});

function ids(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `id-${i}`);
}
