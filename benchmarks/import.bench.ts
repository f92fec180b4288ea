/**
 * How long `import` of a package takes in a process that has nothing else to do, ours beside pino's: what a
 * command waits for, and a serverless function at its first request. Processes are interleaved; CPU time is
 * beside the time, for it says more on a busy machine.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Benchmark, type Figures, resultsOf } from "./benchmark.ts";

const run = promisify(execFile);

const contenders = {
  "ours, import": `await import("model-data-collector");`,
  "ours, require": `createRequire(import.meta.url)("./dist/cjs/index.js");`,
  "ours, the reader": `await import("model-data-collector/reader");`,
  "pino, import": `await import("pino");`,
};

const benchmark: Benchmark = async (context) => {
  const runs = { full: 41, quick: 15, smoke: 2 }[context.scale];
  const figures = Object.entries(contenders).map(([name, code]) => ({ name, code, ofRuns: [] as Figures[] }));
  for (let at = -1; at < runs; at++) {
    for (const { code, ofRuns } of figures) {
      const measured = await timed(code);
      // The first finds nothing in the file system's cache.
      if (at >= 0) ofRuns.push(measured);
    }
  }
  return figures.flatMap(({ name, ofRuns }) =>
    resultsOf(name, ofRuns, {
      facets: { contender: name },
      ...(name.startsWith("ours") ? { ratioTo: "pino, import" } : {}),
    }),
  );
};

export default benchmark;

async function timed(code: string): Promise<Figures> {
  const program = `
    import { createRequire } from "node:module";
    const cpu = process.cpuUsage();
    const start = performance.now();
    ${code}
    const took = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    console.log(JSON.stringify([took, (user + system) / 1000]));`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", program], {
    cwd: `${import.meta.dirname}/..`,
  });
  const [took, cpu] = JSON.parse(stdout) as [number, number];
  return { time: { unit: "ms", value: took }, CPU: { unit: "ms", value: cpu } };
}
