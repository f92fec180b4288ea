/** A service with one way to keep its frames in it: where the CPU of a request goes, by thread and by layer. */
import { mkdir } from "node:fs/promises";
import { readdirSync, readFileSync } from "node:fs";
import { type Profiler, Session } from "node:inspector/promises";
import { join } from "node:path";
import type { Figures } from "./benchmark.ts";
import { serve } from "./child.ts";
import { framesOf, pace, type Part } from "./rates-requests.ts";
import { collectorSink, openIn } from "./sinks/ours.ts";
import { openSink } from "./sinks/sinks.ts";

/** What {@link serve}d requests ask for. */
export type ProfileRequest =
  | { readonly kind: "warm up"; readonly sink: string; readonly folder: string; readonly requests: number }
  | {
      readonly kind: "threads" | "layers";
      readonly requestsPerSecond: number;
      readonly seconds: number;
    };

/** How far apart single requests are that warm up: each is a batch, as at a low rate. */
const warmupPerSecond = 200;

let parts: readonly Part[] = [];
let store: () => Promise<unknown> = async () => {};

serve(async (request: ProfileRequest): Promise<Figures | null> => {
  if (request.kind === "warm up") {
    await open(request);
    return null;
  }
  await store();
  globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, 500));
  return request.kind === "threads" ? threads(request) : layers(request);
});

async function open({ sink, folder, requests }: Extract<ProfileRequest, { kind: "warm up" }>): Promise<void> {
  const frames = Object.entries(framesOf("two"));
  const warmupSeconds = requests / warmupPerSecond;
  if (sink.startsWith("ours")) {
    const openOurs = async (name: string, flushIntervalMs?: number): Promise<void> => {
      const deployment = await openIn(join(folder, name), "group", flushIntervalMs);
      parts = frames.map(([collection, each]) => ({
        sink: collectorSink(deployment, collection, "rows"),
        frames: each,
      }));
      store = () => deployment.flush({ deadlineMs: 60_000 });
    };
    await openOurs("warm", 1);
    await pace(parts, warmupPerSecond, warmupSeconds);
    await parts[0]?.sink.close();
    await openOurs("measured");
  } else {
    parts = await Promise.all(
      frames.map(async ([collection, each]) => {
        await mkdir(join(folder, collection), { recursive: true });
        return { sink: await openSink(sink, join(folder, collection)), frames: each };
      }),
    );
  }
  await pace(parts, warmupPerSecond, warmupSeconds / 4);
}

/** CPU time of each kind of thread, as the system counts it. */
async function threads({
  requestsPerSecond,
  seconds,
}: Extract<ProfileRequest, { kind: "threads" | "layers" }>): Promise<Figures> {
  const before = threadTimes();
  await pace(parts, requestsPerSecond, seconds);
  const after = threadTimes();
  return Object.fromEntries(
    Object.entries(after).map(([kind, us]) => [
      kind,
      { unit: "µs/request", value: (us - (before[kind] ?? 0)) / (requestsPerSecond * seconds) },
    ]),
  );
}

/** Names that threads have in Node 24, and in older ones, where all have that of the program. */
const kinds: readonly (readonly [RegExp, string])[] = [
  [/^(MainThread|node)$/, "main thread"],
  [/^model-data-coll/, "background thread"],
  [/^(V8Worker|DelayedTask)/, "compiler and garbage collector"],
  [/^libuv-worker/, "file system's threads"],
];

function threadTimes(): Record<string, number> {
  const times: Record<string, number> = Object.fromEntries(kinds.map(([, kind]) => [kind, 0]));
  for (const id of readdirSync("/proc/self/task")) {
    const read = (file: string): string => readFileSync(`/proc/self/task/${id}/${file}`, "utf8");
    const kind = kinds.find(([name]) => name.test(read("comm").trim()))?.[1];
    if (kind !== undefined) times[kind] = (times[kind] ?? 0) + Number(read("schedstat").split(" ")[0]) / 1000;
  }
  return times;
}

/**
 * What the main thread is at, by the innermost of these functions on its stack; a share of the samples in
 * which it is at something.
 */
const layerOf: readonly (readonly [RegExp, string])[] = [
  [/^(writeBuffers|writeBuffer|writeString|writeSync|writevSync)$/, "writing: the system call"],
  [/^\(garbage collector\)$/, "garbage collector"],
  [/^(write|append|#appendTo|writeNear|handOver)$/, "spool: the record, and who is told"],
  [/^finish$/, "batch: columns laid out as bytes"],
  [/^(#drain|#step|#beDue|#handOverAll)$/, "gathering: cells into columns"],
  [/^collect$/, "collect: admission and copy"],
];
const restOfLoop = "event loop, timers, the loop that asks";

async function layers({
  requestsPerSecond,
  seconds,
}: Extract<ProfileRequest, { kind: "threads" | "layers" }>): Promise<Figures> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: 250 });
  await session.post("Profiler.start");
  await pace(parts, requestsPerSecond, seconds);
  const { profile } = await session.post("Profiler.stop");
  session.disconnect();
  const shares = sharesOf(profile);
  return Object.fromEntries(
    [...layerOf.map(([, layer]) => layer), restOfLoop].map((layer) => [
      layer,
      { unit: "% of the main thread", value: 100 * (shares.get(layer) ?? 0) },
    ]),
  );
}

function sharesOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Map<string, number> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const layer = (id: number): string => {
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const name = byId.get(at)?.callFrame.functionName ?? "";
      const found = layerOf.find(([pattern]) => pattern.test(name));
      if (found !== undefined) return found[1];
    }
    return restOfLoop;
  };
  const times = new Map<string, number>();
  let total = 0;
  for (const [at, id] of samples.entries()) {
    if (byId.get(id)?.callFrame.functionName === "(idle)") continue;
    const time = timeDeltas[at + 1] ?? 0;
    total += time;
    times.set(layer(id), (times.get(layer(id)) ?? 0) + time);
  }
  return new Map([...times].map(([name, time]) => [name, time / total]));
}
