/**
 * What it takes to compare a stored day of more columns than fit into memory with a baseline that was kept of
 * 100,000 rows: all metrics with both tests, files included, in a process of its own.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Benchmark, type Figures, resultsOf } from "./benchmark.ts";
import { askOnce } from "./child.ts";
import type { BaselineRequest } from "./monitor/baseline-process.ts";
import type { MonitorRequest } from "./monitor/monitor-process.ts";
import { storeMonitoredRows } from "./monitor/monitored-rows.ts";

const monitorModule = new URL("./monitor/monitor-process.ts", import.meta.url);
const baselineModule = new URL("./monitor/baseline-process.ts", import.meta.url);
const maxAnswerMs = 1_800_000;

const benchmark: Benchmark = async ({ folder, scale }) => {
  const root = join(folder, "stored");
  const { rows, baselineRows, columns } = {
    full: { rows: 3_000_000, baselineRows: 100_000, columns: 1_000 },
    quick: { rows: 100_000, baselineRows: 50_000, columns: 100 },
    smoke: { rows: 1_000, baselineRows: 1_000, columns: 3 },
  }[scale];
  await storeMonitoredRows({ root, rows, baselineRows, numbers: columns, texts: 0 });
  const kept = join(folder, "baseline.json");
  const learn: BaselineRequest = { root, path: kept };
  await askOnce<void>(baselineModule, learn, maxAnswerMs);
  const request: MonitorRequest = { root, profile: "azureml", read: "rows", hours: 24, kept };
  const ours = [await askOnce<Figures>(monitorModule, request, maxAnswerMs)];
  await rm(root, { recursive: true, force: true });
  const name = `${rows.toLocaleString("en-US")} × ${columns.toLocaleString("en-US")}: kept baseline`;
  return resultsOf(name, ours, { facets: { rows, columns, baselineRows } });
};

export default benchmark;
