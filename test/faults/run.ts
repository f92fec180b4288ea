/**
 * Breaks what can break, on purpose, and checks that nothing accepted is lost: `npm run test:faults`. Prints a row for
 * each fault, leaves `benchmarks/results/faults.json` after a run of everything, and ends with 1 if a promise was broken.
 *
 *     npm run test:faults -- kills=500 syscallStep=3         with other counts, see `Scale` in rows.ts
 *     npm run test:faults -- kill-group-folder clock         some of the runs only; keeps nothing
 */
import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, release } from "node:os";
import { join } from "node:path";
import { type Outcome, outcomeTable } from "./outcome.ts";
import { faultRuns, fullScale } from "./rows.ts";

const given = process.argv.slice(2);
const counts = given.filter((argument) => argument.includes("="));
const names = given.filter((argument) => !argument.includes("="));
const scale = { ...fullScale, ...Object.fromEntries(counts.map(parseCount)) };
for (const name of names) {
  if (!faultRuns.some((run) => run.name === name)) {
    fail(`no such run: ${name}; there are ${faultRuns.map((run) => run.name).join(", ")}`);
  }
}

const chosen = faultRuns.filter(({ name }) => names.length === 0 || names.includes(name));
const outcomes: Outcome[] = [];
for (const { name, run } of chosen) {
  const start = performance.now();
  const found = [await outcomesOf(name, () => run(scale))].flat();
  outcomes.push(...found);
  say(
    `${name}: ${found.some(({ problems }) => problems.length > 0) ? "FAILED" : "done"}, ${seconds(start)} s`,
  );
  for (const { fault, problems } of found) {
    for (const problem of problems.slice(0, 20)) say(`    ${fault}: ${problem}`);
  }
}
say(`\n${outcomeTable(outcomes)}`);
if (names.length === 0) say(`\n${await save()}`);
process.exitCode = outcomes.some(({ problems }) => problems.length > 0) ? 1 : 0;

/** A run that breaks off is a row too: it must not hide the others. */
async function outcomesOf(
  name: string,
  run: () => Promise<Outcome | readonly Outcome[]>,
): Promise<readonly Outcome[]> {
  try {
    return [await run()].flat();
  } catch (error) {
    const none = { injected: 0, fired: 0, offered: 0, acknowledged: 0, lost: 0, duplicated: 0, invented: 0 };
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return [{ fault: name, ...none, figure: "", problems: [`the run broke off: ${text}`] }];
  }
}

async function save(): Promise<string> {
  const folder = join(import.meta.dirname, "../../benchmarks/results");
  const path = join(folder, "faults.json");
  const record = {
    name: "faults",
    date: new Date().toISOString(),
    commit: commit(),
    machine: {
      node: process.version,
      cpu: cpus()[0]?.model.trim() ?? "unknown",
      cores: availableParallelism(),
      os: `${process.platform} ${release()} ${process.arch}`,
    },
    scale,
    results: [],
    faults: outcomes,
  };
  await mkdir(folder, { recursive: true });
  await writeFile(path, `${JSON.stringify(record, null, 2)}\n`);
  return path;
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

function parseCount(argument: string): [string, number] {
  const [name = "", value = ""] = argument.split("=");
  if (!(name in fullScale)) fail(`no such count: ${name}; there are ${Object.keys(fullScale).join(", ")}`);
  const count = Number(value);
  if (!Number.isInteger(count) || count < 1) fail(`${name}: expected a whole number from 1, got ${value}`);
  return [name, count];
}

function seconds(start: number): string {
  return ((performance.now() - start) / 1_000).toFixed(0);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function fail(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(2);
}
