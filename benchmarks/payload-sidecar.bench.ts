/**
 * What the sidecar adds on the way to a server that streams, with a log of bodies and without, against
 * http-proxy, and nginx. And http-proxy against itself, which says how much of that is chance.
 *
 * At two rates that leave the machine time, for what a request waits, and under full load, for what it costs.
 */
import { existsSync } from "node:fs";
import { type Benchmark, NotHere } from "./benchmark.ts";
import { findNginx } from "./payload/rivals.ts";
import { measureSubjects, nameOf, type Subject } from "./payload/subjects.ts";

const target: Subject = { kind: "node:http", logger: "none" };
const rival: Subject = { kind: "http-proxy", logger: "none" };
const loggingRival: Subject = { kind: "http-proxy", logger: "with a body log" };

const subjects: readonly Subject[] = [
  target,
  rival,
  { kind: "sidecar", logger: "none", base: nameOf(rival) },
  { kind: "http-proxy", logger: "none again", base: nameOf(rival) },
  loggingRival,
  { kind: "sidecar", logger: "ours", base: nameOf(loggingRival) },
];

const benchmark: Benchmark = async ({ scale, folder }) => {
  if (!existsSync("/proc/self/schedstat")) throw new NotHere("the use of other processes is read from /proc");
  const turns = {
    full: { warmUpSeconds: 6, rounds: 20, seconds: { 200: 0.6, 1_000: 0.3 }, fullLoadSeconds: 0.4 },
    quick: { warmUpSeconds: 1, rounds: 3, seconds: { 200: 1 }, fullLoadSeconds: 0.5 },
    smoke: { warmUpSeconds: 0.1, rounds: 1, seconds: { 200: 0.1 }, fullLoadSeconds: 0.05 },
  }[scale];
  const hasNginx = scale !== "quick" && findNginx() !== undefined;
  if (!hasNginx && scale !== "quick")
    console.log("nginx is left out: it is not on this machine (Debian's package nginx has it)");
  const besides: Subject[] = hasNginx ? [{ kind: "nginx", logger: "none", base: nameOf(rival) }] : [];
  return measureSubjects([...subjects, ...besides], turns, folder, nameOf(target));
};

export default benchmark;
