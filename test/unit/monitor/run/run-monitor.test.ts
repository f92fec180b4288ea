import { describe, expect, test } from "vitest";
import {
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
