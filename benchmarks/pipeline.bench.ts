/**
 * A service that sees 20,000 frames of 10 rows x 20 columns a second, and keeps them in one way or another:
 * what a call costs, how long the event loop is held up, CPU and memory. Then the same frames as fast as each
 * design takes them, until all are in files. Each design has a process of its own in each run; runs are
 * interleaved.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import {
  type Benchmark,
  type BenchmarkContext,
  type BenchmarkResult,
  type Figures,
  resultsOf,
} from "./benchmark.ts";
import { askOnce } from "./child.ts";
import type { PipelineRequest } from "./pipeline-process.ts";

const shape = { rows: 10, columns: 20 };
const designs = [
  "ours, group",
  "ours, memory",
  "ours, frame",
  "JSON lines",
  "pino",
  "hyparquet-writer",
  "DuckDB appender",
];
/** Enough for the bounds, in runs as many as those of a full measurement. */
const quickDesigns = ["ours, group", "JSON lines", "hyparquet-writer"];

const benchmark: Benchmark = async (context) => {
  const { runs, warmupSeconds, pacedSeconds, saturatedSeconds } = {
    full: { runs: 3, warmupSeconds: 4, pacedSeconds: 3, saturatedSeconds: 10 },
    quick: { runs: 3, warmupSeconds: 1, pacedSeconds: 1, saturatedSeconds: 1.5 },
    smoke: { runs: 1, warmupSeconds: 0.1, pacedSeconds: 0.1, saturatedSeconds: 0.1 },
  }[context.scale];
  const framesPerSecond = context.smoke ? 2000 : 20_000;
  const measured = context.scale === "quick" ? quickDesigns : designs;
  return [
    ...(await interleave(context, [...measured, "nothing"], runs, {
      kind: "paced",
      ...shape,
      framesPerSecond,
      warmupSeconds,
      seconds: pacedSeconds,
    })),
    ...(await interleave(context, measured, runs, {
      kind: "saturated",
      ...shape,
      seconds: saturatedSeconds,
    })),
  ];
};

export default benchmark;

type Part = PipelineRequest extends infer One
  ? One extends unknown
    ? Omit<One, "sink" | "folder">
    : never
  : never;

async function interleave(
  context: BenchmarkContext,
  sinks: readonly string[],
  runs: number,
  part: Part,
): Promise<BenchmarkResult[]> {
  const { kind, ...facets } = part;
  const figures = new Map(sinks.map((sink) => [sink, [] as Figures[]]));
  for (let run = 0; run < runs; run++) {
    for (const [sink, ofSink] of figures) {
      const folder = join(context.folder, `${kind}-${run}-${sink.replaceAll(/\W+/g, "-")}`);
      const request = { ...part, sink, folder } as PipelineRequest;
      ofSink.push(await askOnce<Figures>(new URL("./pipeline-process.ts", import.meta.url), request));
      await rm(folder, { recursive: true, force: true });
    }
  }
  return [...figures].flatMap(([sink, ofSink]) =>
    resultsOf(`${kind}: ${sink}`, ofSink, {
      facets: { ...facets, part: kind, contender: sink },
      ...(sink === sinks[0] ? {} : { ratioTo: `${kind}: ${sinks[0]}` }),
    }),
  );
}
