/**
 * What it takes to make the small files of a collection few, by their number: files of 100 rows and 29 columns,
 * of the 24 hours of a day. Ours reads the new files back, compares them, and deletes the small ones; DuckDB
 * reads the same files, sorts, and writes. Each has a process of its own.
 */
import { existsSync } from "node:fs";
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Benchmark, type BenchmarkResult, type Figures, resultsOf } from "./benchmark.ts";
import { askOnce } from "./child.ts";
import type { CompactAnswer, CompactRequest } from "./compact-process.ts";
import { inputs, storeRows } from "./reader/stored-rows.ts";

const smallRows = 100;
const contenders = ["DuckDB", "ours", "ours, one thread"];

const benchmark: Benchmark = async (context) => {
  const sizes = { full: [1_000, 10_000], quick: [500], smoke: [30] }[context.scale];
  const results: BenchmarkResult[] = [];
  for (const files of sizes) {
    const kept = process.env["MDC_BENCH_KEPT"];
    const stored = join(kept ?? context.folder, `small-${files}`);
    if (!existsSync(stored)) await storeRows({ root: stored, rows: files * smallRows, files, only: inputs });
    const runs = new Map<string, Figures[]>();
    for (let time = 0; time < (context.scale === "full" ? 2 : 1); time++)
      for (const who of contenders) {
        const figures = await timed(stored, join(context.folder, "root"), who, files * smallRows);
        runs.set(who, [...(runs.get(who) ?? []), figures]);
      }
    if (kept === undefined) await rm(stored, { recursive: true });
    const named = (who: string): string => `${files.toLocaleString("en-US")} files: ${who}`;
    for (const [who, ofRuns] of runs)
      results.push(
        ...resultsOf(named(who), ofRuns, {
          facets: { contender: who, files },
          ...(who === "DuckDB" ? {} : { ratioTo: named("DuckDB") }),
        }),
      );
  }
  return results;
};

export default benchmark;

async function timed(stored: string, root: string, who: string, rows: number): Promise<Figures> {
  await cp(stored, root, { recursive: true });
  const module = new URL("./compact-process.ts", import.meta.url);
  const request: CompactRequest = { root, who };
  const answer = await askOnce<CompactAnswer>(module, request);
  await rm(root, { recursive: true });
  if (answer.rows !== rows) throw new Error(`${who}: ${answer.rows} rows instead of ${rows}`);
  return {
    time: { unit: "ms", value: answer.ms },
    CPU: { unit: "ms", value: answer.cpuMs },
    RSS: { unit: "MB", value: answer.rssBytes / 1e6 },
  };
}
