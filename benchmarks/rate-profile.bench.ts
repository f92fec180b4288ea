/**
 * Where the CPU of a request goes at rates at which a process mostly sleeps, so that a reader sees which part
 * is ours and which the platform's: by thread for ours, for JSON lines, and for what keeps nothing but wakes
 * up as often; of our main thread by layer; and what the memory of an idle collector is made of.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Benchmark, type BenchmarkResult, type Figures, NotHere, resultsOf } from "./benchmark.ts";
import { startChild } from "./child.ts";
import type { ProfileRequest } from "./rate-profile-process.ts";

const contenders = ["nothing", "an empty timer", "JSON lines", "JSON lines, gathered", "ours, group"];
const rates = [20, 200];

/** What a process does before its memory is looked at. */
const processes = {
  "Node, and nothing": "",
  "with a thread that does nothing": `new (await import("node:worker_threads")).Worker("setInterval(() => {}, 1e6)", { eval: true });`,
  "ours, imported": `await import("model-data-collector");`,
  "ours, a deployment that waits": `
    const { openDeployment } = await import("model-data-collector");
    const deployment = await openDeployment({ destination: folder + "/collected", spool: { directory: folder + "/spool" } });
    deployment.collector("model_inputs");`,
};

const benchmark: Benchmark = async (context) => {
  if (process.platform !== "linux") throw new NotHere("it counts the time of threads, which needs Linux");
  const { runs, seconds, requests } = {
    full: { runs: 2, seconds: 4, requests: 1_600 },
    quick: { runs: 1, seconds: 1, requests: 200 },
    smoke: { runs: 1, seconds: 0.1, requests: 10 },
  }[context.scale];
  const threads = new Map<string, Figures[]>();
  const layers = new Map<string, Figures[]>();
  const memory = new Map<string, Figures[]>();
  for (let run = 0; run < runs; run++) {
    for (const sink of contenders) {
      const child = startChild(new URL("./rate-profile-process.ts", import.meta.url));
      const ask = (request: ProfileRequest): Promise<Figures> => child.ask<Figures>(request);
      try {
        const folder = join(context.folder, `${run}-${sink.replaceAll(/\W+/g, "-")}`);
        await ask({ kind: "warm up", sink, folder, requests });
        for (const requestsPerSecond of rates) {
          const name = `${requestsPerSecond}/s: ${sink}`;
          const times = requestsPerSecond < 100 ? 2 * seconds : seconds;
          keep(threads, name, await ask({ kind: "threads", requestsPerSecond, seconds: times }));
          if (!sink.startsWith("ours")) continue;
          keep(layers, name, await ask({ kind: "layers", requestsPerSecond, seconds: times }));
        }
      } finally {
        await child.stop();
      }
    }
    for (const [name, code] of Object.entries(processes))
      keep(memory, name, await residentSet(code, join(context.folder, `memory-${run}`)));
  }
  const told = (part: string, figures: ReadonlyMap<string, Figures[]>): BenchmarkResult[] =>
    [...figures].flatMap(([name, ofRuns]) => {
      const [, rate, contender = name] = /^(\d+)\/s: (.*)$/.exec(name) ?? [];
      const facets = { part, contender, ...(rate === undefined ? {} : { requestsPerSecond: Number(rate) }) };
      return resultsOf(name, ofRuns, { facets });
    });
  return [...told("threads", threads), ...told("layers", layers), ...told("memory", memory)];
};

export default benchmark;

function keep(all: Map<string, Figures[]>, name: string, figures: Figures): void {
  all.set(name, [...(all.get(name) ?? []), figures]);
}

/** Of a process that waits, a second later. */
async function residentSet(code: string, folder: string): Promise<Figures> {
  const program = `
    import { readFileSync } from "node:fs";
    const folder = ${JSON.stringify(folder)};
    ${code}
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const own = Number(/^Anonymous:\\s+(\\d+)/m.exec(readFileSync("/proc/self/smaps_rollup", "utf8"))?.[1]) * 1024;
    console.log(JSON.stringify([process.memoryUsage.rss(), own]));
    process.exit();`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], {
    cwd: `${import.meta.dirname}/..`,
  });
  const [rss = 0, own = 0] = JSON.parse(stdout) as number[];
  return {
    RSS: { unit: "MB", value: rss / 1e6 },
    "not of a file": { unit: "MB", value: own / 1e6 },
  };
}
