/**
 * Runs the benchmarks: `npm run bench`, or `npm run bench -- collect growth` for some of them. Each prints a
 * table and leaves `results/<name>.json`; at the end `docs/benchmarks.md` is made anew from what is there.
 *
 *   --smoke    tiny sizes that only prove that the benchmarks work; keeps nothing
 *   --gate     a tenth of the work, the ratios compared with bounds.ts, the page with the results: exits 1
 *              when one is out of bounds, and is so when measured once more; keeps nothing
 *   --report   no measurements: makes the page from the results that are there
 *   --ungated  of all benchmarks those that the gate does not run
 */
import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Benchmark, type BenchmarkResult, createContext, NotHere, type Scale } from "./benchmark.ts";
import { gatedBenchmarks, type Judgement, judge } from "./gate.ts";
import { saveRecord } from "./records.ts";
import { staleFiles, writeReport } from "./report.ts";
import { resultTable } from "./result-table.ts";

const ending = ".bench.ts";
const known = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(ending))
  .map((file) => file.slice(0, -ending.length))
  .sort();

const { values: flags, positionals } = parseArgs({
  options: {
    smoke: { type: "boolean", default: false },
    gate: { type: "boolean", default: false },
    report: { type: "boolean", default: false },
    ungated: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
/** A name stands for all that go on from it: `payload` for `payload-sidecar`, too. */
const namedBy = (name: string): string[] =>
  known.filter((other) => other === name || other.startsWith(`${name}-`));
const unknown = positionals.filter((name) => namedBy(name).length === 0);
const modes = [flags.smoke, flags.gate, flags.report].filter(Boolean).length;
if (flags.help || unknown.length > 0 || modes > 1) {
  if (unknown.length > 0) console.error(`No such benchmark: ${unknown.join(", ")}`);
  console.error(
    `Usage: npm run bench -- [--smoke | --gate | --report] [--ungated | name …]\nNames: ${known.join(", ")}`,
  );
  process.exit(flags.help ? 0 : 2);
}

const scale: Scale = flags.smoke ? "smoke" : flags.gate ? "quick" : "full";
// Benchmarks start from a collected heap; npm scripts cannot hand this flag to every Node.
setFlagsFromString("--expose-gc");
globalThis.gc = runInNewContext("gc") as typeof globalThis.gc;

const all = flags.gate
  ? gatedBenchmarks
  : known.filter((name) => !flags.ungated || !gatedBenchmarks.includes(name));
const chosen = positionals.length > 0 ? positionals.flatMap(namedBy) : all;
const measured = new Map<string, readonly BenchmarkResult[]>();
if (!flags.report) for (const name of chosen) await runOne(name);
if (scale === "full") console.log(`\n${await writeReport()}`);
if (flags.gate) process.exitCode = (await passesGate()) ? 0 : 1;

/**
 * Whether all bounds hold, with a line for each. Where one does not, its benchmark is run once more, and that is
 * what counts: a path that became several times slower is so again, and a machine that was busy elsewhere for a
 * minute mostly is not.
 */
async function passesGate(): Promise<boolean> {
  const failing = judge(measured).filter(({ holds }) => !holds);
  if (failing.length > 0) console.log(`\n${linesOf(failing)}\nonce more:`);
  for (const name of new Set(failing.map(({ benchmark }) => benchmark))) await runOne(name);
  const last = judge(measured);
  const stale = (await staleFiles()).map(
    (path) => `FAIL docs/${path} is not made from the results: npm run bench -- --report`,
  );
  // What fails comes last, where who looks at the end of a long log sees it.
  const failed = last.filter(({ holds }) => !holds);
  console.log(`\n${[linesOf(last.filter(({ holds }) => holds)), linesOf(failed), ...stale].join("\n")}`);
  return failed.length === 0 && stale.length === 0;
}

function linesOf(judgements: readonly Judgement[]): string {
  return judgements.map(({ line }) => line).join("\n");
}

/** One benchmark in a folder of its own, which is gone afterwards. */
async function runOne(name: string): Promise<void> {
  const note = { smoke: " (smoke: figures mean nothing)", quick: " (quick: read ratios only)", full: "" }[
    scale
  ];
  console.log(`\n${name}${note}`);
  const { default: benchmark } = (await import(`./${name}${ending}`)) as { default: Benchmark };
  const folder = await mkdtemp(join(tmpdir(), "mdc-bench-"));
  const [loadBefore = 0] = loadavg();
  const start = performance.now();
  try {
    const results = await benchmark(createContext({ scale, folder }));
    if (results.length === 0) throw new Error(`${name}${ending} returned no results`);
    measured.set(name, results);
    console.log(resultTable(results));
    if (scale === "full") await saveRecord(name, loadBefore, results);
  } catch (error) {
    if (!(error instanceof NotHere)) throw error;
    console.log(`not measured: ${error.message}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
    console.log(`${((performance.now() - start) / 1000).toFixed(0)} s`);
  }
}
