/** A service's event loop with one sink in it: at a given rate of frames, or as fast as the sink can. */
import { mkdir } from "node:fs/promises";
import { serve } from "./child.ts";
import { type Frame, makeFrames, readFrame } from "./frames.ts";
import type { Figures } from "./benchmark.ts";
import { Durations, meterProcess } from "./meters.ts";
import { expectAllKept } from "./sinks/ours.ts";
import type { Sink } from "./sinks/sink.ts";
import { openSink } from "./sinks/sinks.ts";

/** What {@link serve}d requests ask for. */
export type PipelineRequest = {
  readonly sink: string;
  readonly folder: string;
  /** Of a frame. */
  readonly rows: number;
  readonly columns: number;
  readonly seconds: number;
} & (
  | {
      readonly kind: "paced";
      readonly framesPerSecond: number;
      /** Not counted: a service runs for days, and V8 compiles for seconds. */
      readonly warmupSeconds: number;
    }
  | { readonly kind: "saturated" }
);

/** Different frames, so that ids repeat only after many of them. */
const distinctFrames = 2000;

serve(async (request: PipelineRequest): Promise<Figures> => {
  await mkdir(request.folder, { recursive: true });
  const frames = makeFrames(distinctFrames, request.rows, request.columns);
  const sink = await openSink(request.sink, request.folder);
  globalThis.gc?.();
  return request.kind === "paced" ? paced(sink, frames, request) : saturated(sink, frames, request);
});

/** Frames come at their times, whether or not the ones before are dealt with, as requests do. */
async function paced(
  sink: Sink,
  frames: readonly Frame[],
  { framesPerSecond, seconds, warmupSeconds }: Extract<PipelineRequest, { kind: "paced" }>,
): Promise<Figures> {
  await pace(sink, frames, framesPerSecond, warmupSeconds, new Durations());
  const durations = new Durations();
  const meter = meterProcess();
  const lateSeconds = await pace(sink, frames, framesPerSecond, seconds, durations);
  const use = meter();
  const [p50, p99, p999] = durations.quantiles([0.5, 0.99, 0.999]);
  await sink.close();
  return {
    p50: { unit: "µs", value: p50 ?? null },
    p99: { unit: "µs", value: p99 ?? null },
    "p99.9": { unit: "µs", value: p999 ?? null },
    "loop delay p99": { unit: "ms", value: use.loopDelayP99Ms },
    CPU: { unit: "% of a core", value: use.cpuPercent },
    RSS: { unit: "MB", value: use.peakRssBytes / 1e6 },
    lost: { unit: "%", value: (sink.lostFrames / (framesPerSecond * (seconds + warmupSeconds))) * 100 },
    "frames/s": { unit: "", value: durations.count / (seconds + lateSeconds) },
  };
}

/** Makes the calls that are due each time the loop comes round; returns how late the last was, seconds. */
async function pace(
  sink: Sink,
  frames: readonly Frame[],
  framesPerSecond: number,
  seconds: number,
  durations: Durations,
): Promise<number> {
  const total = Math.round(framesPerSecond * seconds);
  const start = performance.now();
  for (let made = 0; made < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - start) / 1000) * framesPerSecond));
    for (; made < due; made++) {
      const frame = frames[made % frames.length] as Frame;
      readFrame(frame, sink.form);
      const before = performance.now();
      sink.collect(frame);
      durations.add((performance.now() - before) * 1000);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return Math.max(0, (performance.now() - start) / 1000 - seconds);
}

/** Frames as fast as they are taken; the time counts until all are in files. */
async function saturated(
  sink: Sink,
  frames: readonly Frame[],
  { rows, seconds }: { rows: number; seconds: number },
): Promise<Figures> {
  const framesPerTurn = 50;
  const meter = meterProcess();
  const start = performance.now();
  let made = 0;
  while (performance.now() - start < seconds * 1000) {
    for (let i = 0; i < framesPerTurn; i++, made++) sink.collect(frames[made % frames.length] as Frame);
    await (sink.pressure() ?? new Promise(setImmediate));
  }
  await sink.close();
  expectAllKept(sink);
  const took = (performance.now() - start) / 1000;
  const use = meter();
  return {
    "rows/s": { unit: "", value: (made * rows) / took },
    CPU: { unit: "% of a core", value: use.cpuPercent },
    RSS: { unit: "MB", value: use.peakRssBytes / 1e6 },
  };
}
