/**
 * A service that sees 20,000 frames of 10 rows x 20 columns a second, and keeps them in one way or another: what a call
 * costs, how long the event loop is held up, CPU and memory. Then the same frames as fast as each design takes them,
 * until all are in files. Each design has a process of its own; runs are interleaved.
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

const rivals = ["JSON lines", "pino", "hyparquet-writer", "DuckDB appender"];
const modes = ["ours, group", "ours, memory", "ours, frame"];

const benchmark: Benchmark = async (context) => {
  const runs = context.scale === "full" ? 3 : 1;
  const [pacedSeconds, saturatedSeconds] = { full: [3, 2.5], quick: [2, 1.5], smoke: [0.1, 0.1] }[
    context.scale
  ];
  const framesPerSecond = context.smoke ? 2000 : 20_000;
  return [
    ...(await interleave(context, [...modes, ...rivals, "nothing"], runs, {
      kind: "paced",
      framesPerSecond,
      seconds: pacedSeconds ?? 0,
    })),
    ...(await interleave(context, [...modes, ...rivals], runs, {
      kind: "saturated",
      seconds: saturatedSeconds ?? 0,
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
  const figures = new Map(sinks.map((sink) => [sink, [] as Figures[]]));
  for (let run = 0; run < runs; run++) {
    for (const [sink, ofSink] of figures) {
      const folder = join(context.folder, `${part.kind}-${run}-${sink.replaceAll(/\W+/g, "-")}`);
      const request = { ...part, sink, folder } as PipelineRequest;
      ofSink.push(await askOnce<Figures>(new URL("./pipeline-process.ts", import.meta.url), request));
      await rm(folder, { recursive: true, force: true });
    }
  }
  return [...figures].flatMap(([sink, ofSink]) =>
    resultsOf(`${part.kind}: ${sink}`, ofSink, {
      facets: { part: part.kind, contender: sink },
      ...(sink === sinks[0] ? {} : { ratioTo: `${part.kind}: ${sinks[0]}` }),
    }),
  );
}
