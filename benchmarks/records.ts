import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { join } from "node:path";
import type { BenchmarkResult } from "./benchmark.ts";

/** What `results/<name>.json` holds: the figures, and where they come from. */
export interface BenchmarkRecord {
  readonly name: string;
  /** ISO 8601. */
  readonly date: string;
  /** The commit, `+changes` when files had changed since; null outside a clone. */
  readonly commit: string | null;
  readonly machine: Machine;
  readonly results: readonly BenchmarkResult[];
}

/** Where figures were taken. */
export interface Machine {
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly os: string;
  /** Mean number of runnable processes in the minute before; null where the system does not say. */
  readonly loadBefore: number | null;
}

/** Whether the machine had other work when it was measured: then times say little, and CPU time says more. */
export function isBusy({ machine: { loadBefore, cores } }: BenchmarkRecord): boolean {
  return loadBefore !== null && loadBefore >= cores / 2;
}

const folder: string = join(import.meta.dirname, "results");

/** Keeps the results of a benchmark, in place of those of its last run. */
export async function saveRecord(
  name: string,
  loadBefore: number,
  results: readonly BenchmarkResult[],
): Promise<void> {
  const record = {
    name,
    date: new Date().toISOString(),
    commit: commit(),
    machine: machine(loadBefore),
    results,
  };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(record, null, 2)}\n`);
}

/** What was kept, by name of the benchmark. */
export function readRecords(): ReadonlyMap<string, BenchmarkRecord> {
  if (!existsSync(folder)) return new Map();
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return new Map(
    files.sort().map((file) => {
      const record = JSON.parse(readFileSync(join(folder, file), "utf8")) as BenchmarkRecord;
      return [record.name, record];
    }),
  );
}

function machine(loadBefore: number): Machine {
  return {
    node: process.version,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    os: `${platform()} ${release()} ${process.arch}`,
    loadBefore: platform() === "win32" ? null : loadBefore,
  };
}

function commit(): string | null {
  try {
    const git = (...args: string[]) =>
      execFileSync("git", args, {
        cwd: import.meta.dirname,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }).trim();
    const changed = git("status", "--porcelain", "--", "../src", ".", ":!results") !== "";
    return git("rev-parse", "--short=12", "HEAD") + (changed ? "+changes" : "");
  } catch {
    return null;
  }
}
