/** Frames as fast as they are taken, for a while, with a look at memory and disk every second. */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { serve } from "./child.ts";
import { makeFrames } from "./frames.ts";
import { collectorSink, expectAllKept, openIn } from "./sinks/ours.ts";

export interface GrowthRequest {
  readonly folder: string;
  readonly seconds: number;
  readonly sampleMs: number;
  /** Of a frame. */
  readonly rows: number;
  readonly columns: number;
}

/** One look. */
export interface GrowthSample {
  readonly second: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly spoolBytes: number;
  /** Delivered so far. */
  readonly rows: number;
}

serve(async ({ folder, seconds, sampleMs, rows, columns }: GrowthRequest): Promise<GrowthSample[]> => {
  const frames = makeFrames(2000, rows, columns);
  const deployment = await openIn(folder);
  const sink = collectorSink(deployment, "frames", "columns");
  const samples: GrowthSample[] = [];
  const start = performance.now();
  const elapsed = (): number => (performance.now() - start) / 1000;
  let nextSample = 0;
  for (let made = 0; elapsed() < seconds; ) {
    for (let i = 0; i < 50; i++, made++)
      sink.collect(frames[made % frames.length] ?? { columns: {}, rows: [] });
    await (sink.pressure() ?? new Promise(setImmediate));
    if (elapsed() * 1000 < nextSample) continue;
    nextSample += sampleMs;
    const { rss, heapUsed } = process.memoryUsage();
    samples.push({
      second: elapsed(),
      rssBytes: rss,
      heapBytes: heapUsed,
      spoolBytes: await sizeOf(join(folder, "spool")),
      rows: deployment.stats().rows.delivered,
    });
    await discardDelivered(join(folder, "collected"));
  }
  await sink.close();
  expectAllKept(sink);
  return samples;
});

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  // The spool is made with the first write, and what is delivered meanwhile is gone.
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (entry.isFile())
      bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => undefined))?.size ?? 0;
  }
  return bytes;
}

/** Gigabytes would come together; a file at the destination is whole, and nobody looks at it again. */
async function discardDelivered(folder: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: true }).catch(() => [])) {
    if (name.endsWith(".parquet")) await rm(join(folder, name), { force: true });
  }
}
