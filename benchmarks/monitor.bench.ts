/**
 * What it takes to compare two stored days, by rows and columns, all metrics with both tests, files included,
 * beside Evidently, which is given the same columns in memory and read by pandas; and the halves of a year by
 * its hourly profiles alone. Each in a process of its own.
 * `MDC_BENCH_ROWS` says how many rows the largest day has; default 1.43 million.
 */
import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { createFolderStore } from "../src/store/folder-store.ts";
import { mergeProfileDays } from "../src/upkeep/profiles/merge-days.ts";
import {
  type Benchmark,
  type BenchmarkContext,
  type BenchmarkResult,
  type Figures,
  resultsOf,
} from "./benchmark.ts";
import { askOnce } from "./child.ts";
import type { MonitorRequest } from "./monitor/monitor-process.ts";
import { storeMonitoredRows } from "./monitor/monitored-rows.ts";
import { storeProfiledHours } from "./monitor/profiled-hours.ts";

const run = promisify(execFile);
const module = new URL("./monitor/monitor-process.ts", import.meta.url);
const packages = ["evidently", "pandas<3", "pyarrow", "setuptools<81"];
const installMs = 900_000;
const scriptMs = 600_000;
/** Evidently takes long: beyond, it is not asked. */
const maxEvidentlyValues = 30_000_000;

interface Shape {
  readonly rows: number;
  readonly numbers: number;
  readonly texts: number;
}

const benchmark: Benchmark = async (context) => {
  const most = Number(process.env["MDC_BENCH_ROWS"] ?? 1_430_000);
  const narrow = { numbers: 14, texts: 4 };
  const shapes: readonly Shape[] = {
    full: [
      { rows: most / 10, ...narrow },
      { rows: most, ...narrow },
      { rows: most / 10, numbers: 100, texts: 0 },
    ],
    quick: [{ rows: 50_000, ...narrow }],
    smoke: [{ rows: 1_000, numbers: 2, texts: 1 }],
  }[context.scale];
  const python = context.scale === "full" ? await environmentIn(context) : undefined;
  const results = [];
  for (const [i, shape] of shapes.entries()) {
    const root = join(context.folder, `${i}`);
    await storeMonitoredRows({ root, ...shape });
    const columns = shape.numbers + shape.texts;
    const name = (who: string): string => `${shape.rows.toLocaleString("en-US")} × ${columns}: ${who}`;
    const facets = { rows: shape.rows, columns };
    const request: MonitorRequest = { root, profile: "azureml", read: "rows", hours: 24 };
    const ours: Figures[] = [];
    const times = context.scale === "full" && shape.rows * columns < 10_000_000 ? 3 : 1;
    for (let time = 0; time < times; time++) ours.push(await askOnce<Figures>(module, request));
    const isAsked = python !== undefined && shape.rows * columns <= maxEvidentlyValues;
    const theirs = isAsked ? [await evidently(python, root)] : [];
    results.push(
      ...resultsOf(name("ours"), ours, {
        facets: { ...facets, contender: "ours" },
        ...(theirs.length > 0 ? { ratioTo: name("Evidently") } : {}),
      }),
      ...resultsOf(name("Evidently"), theirs, { facets: { ...facets, contender: "Evidently" } }),
    );
    await rm(root, { recursive: true, force: true });
  }
  return [...results, ...(await profiledHours(context))];
};

export default benchmark;

/** Hours of 5,000 rows each, sketches of more are hardly larger: as they come, and their days merged. */
async function profiledHours(context: BenchmarkContext): Promise<BenchmarkResult[]> {
  const root = join(context.folder, "profiles");
  const hours = { full: 8_760, quick: 876, smoke: 48 }[context.scale];
  const [numbers, texts] = context.smoke ? [2, 1] : [14, 6];
  await storeProfiledHours({ root, hours, rows: 5_000, numbers, texts });
  const request: MonitorRequest = { root, profile: "azureml", read: "profiles", hours: hours / 2 };
  const columns = numbers + texts;
  const results: BenchmarkResult[] = [];
  for (const stored of ["hours", "days"]) {
    if (stored === "days") await mergeDays(root);
    const ours: Figures[] = [];
    for (let time = 0; time < (context.scale === "full" ? 3 : 1); time++)
      ours.push(await askOnce<Figures>(module, request));
    const name = `${hours.toLocaleString("en-US")} hours × ${columns}: profiles, ${stored}`;
    results.push(...resultsOf(name, ours, { facets: { hours, columns, stored, contender: "ours" } }));
  }
  await rm(root, { recursive: true, force: true });
  return results;
}

async function mergeDays(root: string): Promise<void> {
  const scope = { endpoint: undefined, deployment: undefined, dryRun: false };
  let merged = 0;
  const options = { ...scope, now: Infinity, olderThanMs: 0, onDay: () => void merged++ };
  const start = performance.now();
  await mergeProfileDays(createFolderStore({ root }), options);
  console.log(`profiles of ${merged} days merged in ${Math.round(performance.now() - start)} ms`);
}

async function evidently(python: string, root: string): Promise<Figures> {
  const script = join(import.meta.dirname, "monitor", "evidently_drift.py");
  const { stdout } = await run(python, [script, root], { timeout: scriptMs });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Figures;
}

/** The path of a Python that has Evidently; undefined, and said, where it cannot be had. */
async function environmentIn({ folder }: BenchmarkContext): Promise<string | undefined> {
  const environment = join(folder, "venv");
  try {
    await run("python3", ["-m", "venv", environment], { timeout: installMs });
    const python = join(environment, "bin", "python");
    const flags = ["--quiet", "--disable-pip-version-check", "--no-compile"];
    const install = ["-m", "pip", "install", ...flags, ...packages];
    await run(python, install, { timeout: installMs });
    return python;
  } catch (error) {
    const isLate = error instanceof Error && "killed" in error && error.killed === true;
    const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    const reason = isLate ? `it took more than ${installMs / 60_000} min` : line;
    console.log(`without Evidently, which needs Python 3 with venv and a package index (${reason})`);
    return undefined;
  }
}
