/**
 * What it takes to find, aggregate and join what is stored in a folder, by number of rows (in as many files as
 * have a row group each) and by number of small files (of 100 rows), beside DuckDB alone over the same files.
 * `MDC_BENCH_ROWS` says how many rows the largest has; default ten million. `MDC_BENCH_KEPT` names a folder in
 * which what is stored stays for the next run, since storing takes longer than asking. Each question is asked
 * in a process of its own.
 */
import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Benchmark, type BenchmarkContext, type BenchmarkResult, spread } from "./benchmark.ts";
import { askOnce } from "./child.ts";
import type { Question } from "./reader/questions.ts";
import type { ReaderAnswer, ReaderRequest } from "./reader/reader-process.ts";
import { storeRows } from "./reader/stored-rows.ts";

const groupRows = 122_880;
const smallRows = 100;
const contenders = ["ours", "DuckDB"] as const;
const ofRows: readonly Question[] = ["one id", "one key", "aggregate", "join", "account"];
const ofFiles: readonly Question[] = ["what there is", "one id", "one key", "three columns", "aggregate"];

const benchmark: Benchmark = async (context) => {
  const most = Number(process.env["MDC_BENCH_ROWS"] ?? 10_000_000);
  const rows = { full: [most / 100, most / 10, most], quick: [100_000], smoke: [2_000] }[context.scale];
  const files = { full: [100, 1_000, 10_000], quick: [100], smoke: [10] }[context.scale];
  const results: BenchmarkResult[] = [];
  for (const one of rows)
    results.push(...(await measure(context, "rows", one, Math.ceil(one / groupRows), ofRows)));
  for (const one of files) results.push(...(await measure(context, "files", one * smallRows, one, ofFiles)));
  return results;
};

export default benchmark;

/** The rows are stored, and each question is asked of both in turns. */
async function measure(
  context: BenchmarkContext,
  by: "rows" | "files",
  rows: number,
  files: number,
  asked: readonly Question[],
): Promise<BenchmarkResult[]> {
  const kept = process.env["MDC_BENCH_KEPT"];
  const root = join(kept ?? context.folder, `${by}-${rows}`);
  if (!existsSync(root)) {
    await storeRows({ root: `${root}.part`, rows, files });
    await rename(`${root}.part`, root);
  }
  const results: BenchmarkResult[] = [];
  for (const question of asked) {
    for (const who of contenders) {
      const request: ReaderRequest = { root, rows, who, question, times: context.smoke ? 1 : 3 };
      const module = new URL("./reader/reader-process.ts", import.meta.url);
      const { first, ms, rssBytes } = await askOnce<ReaderAnswer>(module, request);
      const size = by === "rows" ? rows : files;
      const name = `${question}, ${size.toLocaleString("en-US")} ${by}: ${who}`;
      const facets = { question, by, size, contender: who };
      const ratioTo =
        who === "ours" ? { ratioTo: `${question}, ${size.toLocaleString("en-US")} ${by}: DuckDB` } : {};
      results.push({ name, metric: "time", unit: "ms", ...spread(ms), facets, ...ratioTo });
      results.push({ name, metric: "first", unit: "ms", ...spread([first]), facets });
      results.push({ name, metric: "RSS", unit: "MB", ...spread([rssBytes / 1e6]), facets });
    }
  }
  if (kept === undefined) await rm(root, { recursive: true, force: true });
  return results;
}
