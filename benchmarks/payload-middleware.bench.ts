/**
 * What payload logging adds to a server that streams: of middlewares against none, morgan, and pino-http that
 * is made to log bodies. And none against none, which says how much of that is chance.
 *
 * At two rates that leave the machine time, for what a request waits, and under full load, for what it costs:
 * there the 99th percentile is the length of the queue.
 */
import { existsSync } from "node:fs";
import { type Benchmark, type BenchmarkResult, NotHere } from "./benchmark.ts";
import { measureSubjects, nameOf, type Subject } from "./payload/subjects.ts";

const loggers = ["none", "ours", "none again", "morgan", "pino-http with bodies"];

const benchmark: Benchmark = async ({ scale, folder }) => {
  if (!existsSync("/proc/self/schedstat")) throw new NotHere("the use of other processes is read from /proc");
  const { kinds, ...turns } = {
    full: {
      kinds: ["node:http", "Express", "Fastify"],
      // So long that a 99th percentile is that of more than its two greatest times.
      ...{ warmUpSeconds: 6, rounds: 7, seconds: { 200: 3, 1_000: 1 }, fullLoadSeconds: 0.3 },
    },
    quick: { kinds: ["node:http"], warmUpSeconds: 1, rounds: 3, seconds: { 200: 1 }, fullLoadSeconds: 0.5 },
    smoke: {
      kinds: ["node:http", "Express", "Fastify"],
      ...{ warmUpSeconds: 0.1, rounds: 1, seconds: { 200: 0.1 }, fullLoadSeconds: 0.05 },
    },
  }[scale];
  const results: BenchmarkResult[] = [];
  // One kind after the other: else the logs of three servers would be delivered on one machine.
  for (const kind of kinds) results.push(...(await measureSubjects(subjectsOf(kind), turns, folder)));
  return results;
};

export default benchmark;

function subjectsOf(kind: string): Subject[] {
  const base = nameOf({ kind, logger: "none" });
  return loggers.map((logger) => ({ kind, logger, ...(logger === "none" ? {} : { base }) }));
}
