/**
 * What a request costs at the rates that services really have, in CPU of all threads: most answer some
 * requests a second in each process, and there it is not the work that costs but waking up for it. Each way
 * to keep frames has a process of its own in each run; runs are interleaved, and slow rates run side by side.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Benchmark, type BenchmarkContext, type Figures, resultsOf } from "./benchmark.ts";
import { askOnce } from "./child.ts";
import type { RatesRequest } from "./rates-process.ts";

const contenders = ["nothing", "ours, group", "ours, memory", "ours, frame", "JSON lines", "pino"];
/** Enough for the bounds. */
const quickContenders = ["nothing", "ours, group", "JSON lines"];
/** Processes at this rate or a lower one hardly use the machine, all together. */
const maxSideBySide = 20;

type Case = Pick<RatesRequest, "sink" | "requestsPerSecond" | "collections">;

const benchmark: Benchmark = async (context) => {
  const { runs, seconds, warmupSeconds, rates } = {
    full: { runs: 3, seconds: 6, warmupSeconds: 3, rates: [1, 20, 200, 2000] },
    quick: { runs: 3, seconds: 3, warmupSeconds: 2, rates: [20, 200, 2000] },
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
    const measure = async (one: Case): Promise<void> => {
      figures.get(one)?.push(await measured(context, { ...one, seconds, warmupSeconds }, run));
    };
    for (const rate of rates) {
      const atRate = cases.filter(({ requestsPerSecond }) => requestsPerSecond === rate);
      if (rate <= maxSideBySide) await Promise.all(atRate.map(measure));
      else for (const one of atRate) await measure(one);
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

async function measured(
  context: BenchmarkContext,
  request: Omit<RatesRequest, "folder">,
  run: number,
): Promise<Figures> {
  const { sink, requestsPerSecond, collections } = request;
  const name = `${run}-${requestsPerSecond}-${collections}-${sink.replaceAll(/\W+/g, "-")}`;
  const folder = join(context.folder, name);
  const figures = await askOnce<Figures>(new URL("./rates-process.ts", import.meta.url), {
    ...request,
    folder,
  } satisfies RatesRequest);
  await rm(folder, { recursive: true, force: true });
  return figures;
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
