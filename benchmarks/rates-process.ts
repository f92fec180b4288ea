/**
 * A service at the rate that services really have, with one way to keep its frames in it. It answers how much
 * a number of requests took; what came before them is in files by then.
 */
import { mkdir } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { serve } from "./child.ts";
import type { Figures } from "./benchmark.ts";
import { meterProcess } from "./meters.ts";
import { collectorSink, durabilityOf, expectAllKept, openIn } from "./sinks/ours.ts";
import { framesOf, pace, type Part } from "./rates-requests.ts";
import { openSink } from "./sinks/sinks.ts";

/** What {@link serve}d requests ask for: first to get warm, then to be measured. */
export type RatesRequest = { readonly kind: "warm up" | "measure" } & RatesCase;

/** What is measured. */
export interface RatesCase {
  readonly sink: string;
  readonly folder: string;
  readonly requestsPerSecond: number;
  /** What each request collects: `two` frames of twenty rows, or `four`, of which two have one row. */
  readonly collections: "two" | "four";
  readonly seconds: number;
  readonly warmupSeconds: number;
}

/** As in a service that has run for long: nothing is left to compile. */
const warmupPerSecond = 2000;

interface Service {
  readonly parts: readonly Part[];
  /** Resolves when all that was collected is in files. */
  store(): Promise<void>;
}

let service: Service | undefined;

serve(async (request: RatesRequest): Promise<Figures | null> => {
  if (request.kind === "measure" && service !== undefined) return measure(service, request);
  service = await open(request);
  await pace(service.parts, warmupPerSecond, request.warmupSeconds);
  await service.store();
  globalThis.gc?.();
  return null;
});

async function measure(
  { parts, store }: Service,
  { requestsPerSecond, seconds }: RatesCase,
): Promise<Figures> {
  await new Promise((resolve) => setTimeout(resolve, 300));
  const before = used();
  await pace(parts, requestsPerSecond, seconds);
  const running = since(before);
  await store();
  const stored = since(before);
  const rss = process.memoryUsage.rss();
  // Apart: the meter itself wakes the loop a thousand times a second.
  const meter = meterProcess();
  await pace(parts, requestsPerSecond, seconds / 4);
  const { loopDelayP99Ms } = meter();
  for (const { sink } of parts) {
    await sink.close();
    expectAllKept(sink);
  }
  const each = (value: number | null): number | null => value && value / (requestsPerSecond * seconds);
  return {
    CPU: { unit: "µs/request", value: each(stored.cpuUs) },
    "CPU without files": { unit: "µs/request", value: each(running.cpuUs) },
    "wake-ups": { unit: "/request", value: each(running.switches) },
    "reads and writes": { unit: "/request", value: each(running.calls) },
    written: { unit: "bytes/request", value: each(stored.bytes) },
    "loop delay p99": { unit: "ms", value: loopDelayP99Ms },
    RSS: { unit: "MB", value: rss / 1e6 },
  };
}

async function open({ sink, folder, collections }: RatesCase): Promise<Service> {
  const frames = framesOf(collections);
  const names = Object.keys(frames);
  const durability = durabilityOf(sink);
  if (durability !== undefined) {
    const deployment = await openIn(folder, durability);
    const parts = names.map((name) => ({
      sink: collectorSink(deployment, name, "rows"),
      frames: frames[name] ?? [],
    }));
    return { parts, store: async () => void (await deployment.flush({ deadlineMs: 60_000 })) };
  }
  const parts: Part[] = [];
  for (const name of names) {
    await mkdir(join(folder, name), { recursive: true });
    parts.push({ sink: await openSink(sink, join(folder, name)), frames: frames[name] ?? [] });
  }
  return { parts, store: async () => {} };
}

interface Used {
  readonly cpuUs: number;
  readonly switches: number;
  readonly calls: number | null;
  readonly bytes: number | null;
}

/** Of all threads; a thread that was woken had gone to sleep, of its own will, before. */
function used(): Used {
  const { userCPUTime, systemCPUTime, voluntaryContextSwitches } = process.resourceUsage();
  return { cpuUs: userCPUTime + systemCPUTime, switches: voluntaryContextSwitches, ...io() };
}

function io(): { readonly calls: number | null; readonly bytes: number | null } {
  if (process.platform !== "linux") return { calls: null, bytes: null };
  const text = readFileSync("/proc/self/io", "utf8");
  const of = (name: string): number => Number(new RegExp(`^${name}: (\\d+)$`, "m").exec(text)?.[1]);
  return { calls: of("syscr") + of("syscw"), bytes: of("wchar") };
}

function since(before: Used): Used {
  const now = used();
  return {
    cpuUs: now.cpuUs - before.cpuUs,
    switches: now.switches - before.switches,
    calls: difference(now.calls, before.calls),
    bytes: difference(now.bytes, before.bytes),
  };
}

function difference(now: number | null, before: number | null): number | null {
  return now === null || before === null ? null : now - before;
}
