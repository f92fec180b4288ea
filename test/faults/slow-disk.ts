import { setTimeout as sleep } from "node:timers/promises";
import { notRun, type Outcome, outcomeOf } from "./outcome.ts";
import { attach, straceMissing } from "./strace.ts";
import { createWorld } from "./world.ts";

const calls = "fdatasync,fsync,pwritev,pwrite64";

/**
 * Every write and every sync of the process takes `delayMs` longer. Who calls `collect` must not notice, but
 * for the two writes after which the caller's thread leaves them to the other one; what does not fit into
 * memory meanwhile is counted.
 */
export async function slowDisk(delayMs: number): Promise<Outcome> {
  const fault = `slow disk: each write and sync takes ${delayMs} ms longer`;
  const missing = straceMissing();
  if (missing !== undefined) return notRun(fault, missing);
  await using world = await createWorld("slow", undefined, { rate: 500 });
  const child = world.start();
  await child.ready;
  await sleep(500);
  await child.state();
  await sleep(4_000);
  const quick = await child.state();
  const action = `delay_exit=${delayMs * 1_000}`;
  const strace = await attach(child.process.pid ?? 0, { calls, action }, false);
  await child.state();
  await sleep(8_000);
  const slow = await child.state();
  strace.detach();
  await strace.ended;
  child.tell("end");
  const { code } = await child.ended;
  const problems = code === 0 ? [] : [`the process ended with ${code}: ${child.output.slice(0, 500)}`];
  const verdict = await world.judge();
  // Not a matter of speed: a call that waits for the disk takes as long as the disk.
  if (quantile(slow.callsMs, 0.99) > delayMs) problems.push("calls of collect wait for the disk");
  return outcomeOf(
    fault,
    { injected: 1, fired: strace.fired() },
    verdict,
    `collect without: ${spread(quick.callsMs)}; with: ${spread(slow.callsMs)}; ${verdict.dropped} frames dropped and counted`,
    problems,
  );
}

function spread(ms: readonly number[]): string {
  const at = (part: number): string => (quantile(ms, part) * 1_000).toFixed(0);
  return `p50 ${at(0.5)}, p99.9 ${at(0.999)} us (of ${ms.length})`;
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
