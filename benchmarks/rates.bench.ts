/**
 * What a request costs at the rates that services really have, in CPU of all threads: most answer some
 * requests a second in each process, and there it is not the work that costs but waking up for it. Each way
 * to keep frames has a process of its own in each run; runs are interleaved, and slow rates run side by side.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Benchmark, type BenchmarkContext, type Figures, resultsOf } from "./benchmark.ts";
import { startChild } from "./child.ts";
import type { RatesCase, RatesRequest } from "./rates-process.ts";

const contenders = ["nothing", "ours, group", "ours, memory", "ours, frame", "JSON lines", "pino"];
/** Enough for the bounds. */
const quickContenders = ["nothing", "ours, group", "JSON lines"];
/** Processes at this rate or a lower one hardly use the machine, all together. */
const maxSideBySide = 20;

type Case = Pick<RatesCase, "sink" | "requestsPerSecond" | "collections">;

const benchmark: Benchmark = async (context) => {
  const { runs, seconds, warmupSeconds, rates } = {
    full: { runs: 3, seconds: 6, warmupSeconds: 3, rates: [1, 20, 200, 2000] },
    quick: { runs: 2, seconds: 2.5, warmupSeconds: 2, rates: [200, 2000] },
    smoke: { runs: 1, seconds: 0.2, warmupSeconds: 0.1, rates: [20] },
  }[context.scale];
  const sinks = context.scale === "full" ? contenders : quickContenders;
  const cases = rates.flatMap((requestsPerSecond): Case[] =>
    (["two", "four"] as const)
      .filter((collections) => collections === "two" || context.scale === "full" || requestsPerSecond === 200)
      .flatMap((collections) => sinks.map((sink) => ({ sink, requestsPerSecond, collections }))),
  );
  const figures = new Map(cases.map((one) => [one, [] as Figures[]]));
  for (let run = 0; run < runs; run++) {
    for (const rate of rates) {
      const atRate = cases.filter(({ requestsPerSecond }) => requestsPerSecond === rate);
      const groups = rate <= maxSideBySide ? [atRate] : atRate.map((one) => [one]);
      for (const group of groups) {
        const all = group.map((one) => ({
          ...one,
          seconds,
          warmupSeconds,
          folder: folderOf(context, one, run),
        }));
        for (const [at, measured] of (await measureTogether(all)).entries())
          figures.get(group[at] as Case)?.push(measured);
      }
    }
  }
  return [...figures].flatMap(([{ sink, requestsPerSecond, collections }, ofRuns]) => {
    const bare = [...figures].find(
      ([other]) =>
        other.sink === "nothing" &&
        other.requestsPerSecond === requestsPerSecond &&
        other.collections === collections,
    );
    return resultsOf(nameOf(sink, requestsPerSecond, collections), beyond(ofRuns, bare?.[1] ?? []), {
      facets: { contender: sink, requestsPerSecond, collections },
      ...(sink === "JSON lines" || sink === "nothing"
        ? {}
        : { ratioTo: nameOf("JSON lines", requestsPerSecond, collections) }),
    });
  });
};

export default benchmark;

function nameOf(sink: string, requestsPerSecond: number, collections: string): string {
  return `${requestsPerSecond}/s, ${collections}: ${sink}`;
}

function folderOf(
  context: BenchmarkContext,
  { sink, requestsPerSecond, collections }: Case,
  run: number,
): string {
  return join(context.folder, `${run}-${requestsPerSecond}-${collections}-${sink.replaceAll(/\W+/g, "-")}`);
}

/** Processes that get warm one after another, and are then measured side by side. */
async function measureTogether(cases: readonly RatesCase[]): Promise<Figures[]> {
  const children = cases.map((one) => ({
    one,
    child: startChild(new URL("./rates-process.ts", import.meta.url)),
  }));
  try {
    for (const { one, child } of children)
      await child.ask<null>({ kind: "warm up", ...one } satisfies RatesRequest);
    return await Promise.all(
      children.map(({ one, child }) =>
        child.ask<Figures>({ kind: "measure", ...one } satisfies RatesRequest),
      ),
    );
  } finally {
    for (const { child, one } of children) {
      await child.stop();
      await rm(one.folder, { recursive: true, force: true });
    }
  }
}

/** What a request costs beyond the same loop that keeps nothing; that one itself is told as it is. */
function beyond(runs: readonly Figures[], bare: readonly Figures[]): Figures[] {
  if (runs === bare) return [...runs];
  return runs.map((figures, run) =>
    Object.fromEntries(
      Object.entries(figures).map(([metric, { unit, value }]) => {
        const without = bare[run]?.[metric]?.value ?? null;
        const isDifference = unit.endsWith("/request");
        return [
          metric,
          { unit, value: isDifference && value !== null && without !== null ? value - without : value },
        ];
      }),
    ),
  );
}
