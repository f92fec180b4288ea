/** What one way to take a frame costs its caller, call by call, for frames of several shapes. */
import { serve } from "./child.ts";
import type { Figures } from "./benchmark.ts";
import { openSubject } from "./collect-subjects.ts";
import { makeFrames } from "./frames.ts";
import { Durations } from "./meters.ts";

/** One shape of frame with one subject. */
export interface CollectRequest {
  /** A name that {@link openSubject} knows. */
  readonly subject: string;
  readonly rows: number;
  readonly columns: number;
  readonly folder: string;
  /** Milliseconds of calls before those that are measured. */
  readonly warmUpMs: number;
  /** Milliseconds of calls to measure at most. */
  readonly budgetMs: number;
}

/**
 * Calls between two pauses, in which a subject may catch up: no service makes calls without ever returning to
 * its loop.
 */
const cellsPerBurst = 20_000;
const maxCallsPerBurst = 100;
/** Fewer calls than this say nothing about one in a thousand. */
const callsForP999 = 5000;
const leastCalls = 20;

serve(async (request: CollectRequest): Promise<Figures> => {
  const { subject: name, rows, columns, folder, warmUpMs, budgetMs } = request;
  const burst = Math.max(1, Math.min(maxCallsPerBurst, Math.floor(cellsPerBurst / (rows * columns))));
  const subject = await openSubject(name, folder, makeFrames(burst * 2, rows, columns));
  globalThis.gc?.();
  const measure = async (untilMs: number, least: number): Promise<Durations> => {
    const durations = new Durations();
    for (let at = 0; performance.now() < untilMs || durations.count < least; ) {
      for (let i = 0; i < burst; i++, at++) {
        subject.read(at);
        const before = performance.now();
        subject.call(at);
        durations.add((performance.now() - before) * 1000);
      }
      await subject.rest();
    }
    return durations;
  };
  await measure(performance.now() + warmUpMs, 1);
  const begun = process.cpuUsage();
  const durations = await measure(performance.now() + budgetMs, leastCalls);
  const { user, system } = process.cpuUsage(begun);
  await subject.close();
  const [p50, p99, p999] = durations.quantiles([0.5, 0.99, 0.999]);
  return {
    p50: { unit: "µs", value: p50 ?? null },
    p99: { unit: "µs", value: p99 ?? null },
    "p99.9": { unit: "µs", value: durations.count < callsForP999 ? null : (p999 ?? null) },
    // Of all threads, with what is done later for what the calls took.
    CPU: { unit: "µs", value: (user + system) / durations.count },
  };
});
