import { expect, test } from "vitest";
import { prometheusText } from "../../../src/base/prometheus-text.ts";
import { KeptResults } from "../../../src/cli/monitoring/kept-results.ts";
import { MonitorService } from "../../../src/cli/monitoring/monitor-service.ts";
import { parseMonitorPath } from "../../../src/layout/monitoring/monitor-path.ts";
import type { MonitorResult } from "../../../src/monitor/run/monitor-result.ts";
import { createMemoryStore } from "../../../src/store/memory-store.ts";
import { createHandClock } from "../../support/hand-clock.ts";
import { sampleResult } from "../../support/monitor/sample-result.ts";
import { samplesOf } from "../../support/prometheus-samples.ts";

const everyMs = 3_600_000;
const at = Date.UTC(2026, 10, 29, 12);
const place = { endpoint: "flights", deployment: "blue", id: "0123456789abcdef" };

function serviceOn(store = createMemoryStore(), run = async (): Promise<MonitorResult> => sampleResult) {
  const clock = createHandClock(at);
  const kept = new KeptResults(store, place);
  const runs: number[] = [];
  const service = new MonitorService({
    ...{ kept, everyMs, clock },
    run: async (time) => {
      runs.push(time);
      return await run();
    },
  });
  const runsOf = (): Record<string, number> => {
    const samples = samplesOf(prometheusText(service.metrics()));
    const of = (outcome: string) => samples.get(`mdc_monitor_runs_total{outcome="${outcome}"}`) ?? Number.NaN;
    return { done: of("done"), kept: of("kept"), failed: of("failed") };
  };
  return { service, store, clock, runs, runsOf, kept };
}

test("a run is kept beside the data, and another monitor of the same takes it instead of running", async () => {
  const first = serviceOn();
  expect(first.service.notReady()).toBe("the first run is not over");
  expect(await first.service.tick(at)).toEqual({ result: sampleResult });
  expect(first.service.notReady()).toBeUndefined();
  const paths: string[] = [];
  for await (const { path } of first.store.list("")) paths.push(path);
  expect(paths).toEqual(["flights/blue/_monitor/2026-11-29/20261129T120000Z-0123456789abcdef.json"]);
  expect(parseMonitorPath(paths[0] ?? "")).toEqual({ ...place, at });
  const second = serviceOn(first.store);
  expect(await second.service.tick(at)).toEqual({ result: sampleResult });
  expect([first.runs, second.runs]).toEqual([[at], []]);
  expect([first.runsOf(), second.runsOf()]).toEqual([
    { done: 1, kept: 0, failed: 0 },
    { done: 0, kept: 1, failed: 0 },
  ]);
});

test("a run that fails is told and makes it not ready, until one goes well; a late one does, too", async () => {
  let fails = true;
  const { service, runsOf, clock } = serviceOn(createMemoryStore(), async () => {
    if (fails) throw new RangeError("no such collection: secret");
    return sampleResult;
  });
  expect(await service.tick(at)).toEqual({ trouble: expect.any(String) });
  expect(service.notReady()).toContain("the last run failed");
  fails = false;
  await service.tick(at + everyMs);
  expect(service.notReady()).toBeUndefined();
  expect(runsOf()).toEqual({ done: 1, kept: 0, failed: 1 });
  await clock.advance(5 * everyMs);
  expect(service.notReady()).toBe("the last run was 240 min ago");
});

test("paths that are no kept result are none", () => {
  for (const path of [
    "flights/blue/_monitor/2026-11-29/20261129T120000Z-0123456789abcdeF.json",
    "flights/blue/_monitor/2026-11-28/20261129T120000Z-0123456789abcdef.json",
    "flights/blue/_monitor/2026-11-29/20261399T120000Z-0123456789abcdef.json",
    "flights/blue/_monitor/20261129T120000Z-0123456789abcdef.json",
  ])
    expect(parseMonitorPath(path), path).toBeUndefined();
});
