import { performance } from "node:perf_hooks";
import { type Frame, makeFrames } from "./frames.ts";
import type { Sink } from "./sinks/sink.ts";

/** One collection of a service. */
export interface Part {
  readonly sink: Sink;
  readonly frames: readonly Frame[];
}

/** Rows and columns of a frame of each collection, and how many different ones there are. */
const shapes = {
  inputs: [20, 10],
  outputs: [20, 2],
  requests: [1, 12],
  responses: [1, 8],
} as const;
const distinctFrames = 200;

/** The frames of each collection, the first two or all four. */
export function framesOf(collections: "two" | "four"): Readonly<Record<string, readonly Frame[]>> {
  const chosen = Object.entries(shapes).slice(0, collections === "two" ? 2 : 4);
  return Object.fromEntries(
    chosen.map(([name, [rows, columns]]) => [name, makeFrames(distinctFrames, rows, columns)]),
  );
}

/** Requests at their times, one after another, as they come to a service that answers each at once. */
export async function pace(
  parts: readonly Part[],
  requestsPerSecond: number,
  seconds: number,
): Promise<void> {
  const total = Math.round(requestsPerSecond * seconds);
  const start = performance.now();
  for (let made = 0; made < total; ) {
    const due = Math.min(total, 1 + Math.floor(((performance.now() - start) / 1000) * requestsPerSecond));
    for (; made < due; made++) {
      for (const { sink, frames } of parts) sink.collect(frames[made % frames.length] as Frame);
    }
    const next = start + (made / requestsPerSecond) * 1000;
    await new Promise((resolve) => setTimeout(resolve, Math.max(1, next - performance.now())));
  }
}
