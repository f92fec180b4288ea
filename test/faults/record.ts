import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, release } from "node:os";
import { dirname, join } from "node:path";
import type { Outcome } from "./outcome.ts";
import type { Scale } from "./rows.ts";

/** Where the outcomes of the last runs lie. */
export const recordPath: string = join(import.meta.dirname, "../../benchmarks/results/faults.json");

/** One run, and where and on what it was. */
interface RunRecord {
  /** ISO 8601. */
  readonly date: string;
  readonly seconds: number;
  /** The commit, `+changes` when files had changed since; null outside a clone. */
  readonly commit: string | null;
  readonly node: string;
  readonly machine: string;
  readonly scale: Scale;
  readonly outcomes: readonly Outcome[];
}

/**
 * What the file holds. `results` is what every file of its folder has: figures to compare, of which there are
 * none.
 */
interface FaultRecord {
  readonly name: "faults";
  readonly results: readonly [];
  readonly runs: Readonly<Record<string, RunRecord>>;
}

/** Keeps the outcomes of a run in place of those of its last time; the others stay. */
export function keep(name: string, scale: Scale, seconds: number, outcomes: readonly Outcome[]): void {
  const run: RunRecord = {
    date: new Date().toISOString(),
    seconds,
    commit: commit(),
    node: process.version,
    machine: `${process.platform} ${release()} ${process.arch}, ${availableParallelism()} x ${cpus()[0]?.model.trim() ?? "unknown"}`,
    scale,
    outcomes,
  };
  const record: FaultRecord = { name: "faults", results: [], runs: { ...lastRuns(), [name]: run } };
  mkdirSync(dirname(recordPath), { recursive: true });
  writeFileSync(recordPath, `${JSON.stringify(record, null, 2)}\n`);
}

function lastRuns(): FaultRecord["runs"] {
  if (!existsSync(recordPath)) return {};
  return (JSON.parse(readFileSync(recordPath, "utf8")) as FaultRecord).runs;
}

function commit(): string | null {
  try {
    const git = (...args: string[]): string =>
      execFileSync("git", args, {
        cwd: import.meta.dirname,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }).trim();
    const changed = git("status", "--porcelain", "--", "../../src", ".") !== "";
    return git("rev-parse", "--short=12", "HEAD") + (changed ? "+changes" : "");
  } catch {
    return null;
  }
}
