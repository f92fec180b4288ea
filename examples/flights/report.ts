import { writeFile } from "node:fs/promises";
import {
  type MonitorResult,
  monitorWindows,
  PerformanceWindows,
  reportHtml,
  runMonitor,
} from "model-data-collector/monitor";
import type { Dataset } from "model-data-collector/reader";
import { summer, winter } from "./flights.ts";

const week = 7 * 86_400_000;
const windows = monitorWindows({ to: summer.to, windowMs: week, count: 3 });

/** Holds the weeks of summer against the winter, and writes what has changed as a page. */
export async function reportChange(data: Dataset, file: string): Promise<MonitorResult> {
  const now = new Date();
  const changed = await runMonitor(data, {
    now,
    collections: [
      {
        collection: "model_inputs",
        baseline: winter,
        windows,
        // Not when they departed: no two weeks have that in common.
        features: ["distance", "origin", "destination", "origin_late_yesterday"],
        // One flight in a hundred may go where none went before.
        quality: { numerical: { outOfBoundsRate: 0.01 }, categorical: { outOfBoundsRate: 0.01 } },
      },
      { collection: "model_outputs", baseline: winter, windows },
    ],
  });
  const result = { ...changed, performance: await performanceOf(data) };
  await writeFile(file, reportHtml(result, { now }));
  return result;
}

/** How good the predictions were, as far as it is known what became of the flights. */
async function performanceOf(data: Dataset): Promise<MonitorResult["performance"]> {
  const collections = { inputs: "model_inputs", outputs: "model_outputs", labels: "labels" };
  const performance = new PerformanceWindows({
    windows,
    predicted: "model_outputs.late",
    actual: "labels.late",
    // Half of what it has learnt from was late, so it says so too often: its ranks are what counts.
    thresholds: { Accuracy: 0.45, AreaUnderCurve: 0.6 },
  });
  const join = await data.join({ ...collections, ...summer, lateness: Infinity });
  for await (const { requestTime: at, outputs, labels } of join.rows())
    performance.add({
      at,
      predicted: outputs["late"],
      actual: labels?.["late"],
      score: outputs["late_probability"],
    });
  const { collections: _, hours: __, ...counts } = join.account;
  return performance.result({ ...collections, counts });
}
