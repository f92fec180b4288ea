import { expect, test } from "vitest";
import { runScript, scratch } from "../support/scratch.ts";

/**
 * Loads that fill the memory, in loops that never give the event loop back: what waits is then all that was
 * collected. Each ends with the first frame that was dropped for want of memory, and prints how much the
 * process has grown at most.
 */
const loads: Readonly<Record<string, string>> = {
  "one row of one number": "(i) => [{ a: i }]",
  "one row of eight kinds": '(i) => [{ a: 1, b: 2, c: 3, d: 4, e: "x", f: true, g: null, h: i }]',
  "ten rows of twenty numbers":
    '(i) => Object.fromEntries(Array.from({ length: 20 }, (_, c) => ["c" + c, Array.from({ length: 10 }, (_, r) => i + c + r + 0.5)]))',
  "small integers in a typed array": "() => ({ a: new Uint8Array(1_000) })",
  "texts of two bytes a character": '(i) => [{ a: "日本語".repeat(40) + i }]',
  "bytes and instants": "(i) => [{ a: new Uint8Array(8), b: new Date(i) }]",
  objects: "(i) => [{ a: { x: i, y: [1, 2, 3] } }]",
  "large frames": "(i) => ({ a: Float64Array.from({ length: 200_000 }, (_, r) => i + r) })",
  "contexts with attributes":
    '(i) => { context = CorrelationContext.create({ attributes: { a: "x".repeat(4_000) + i } }); return [{ a: i }]; }',
};

const MiB = 2 ** 20;
const limit = 64 * MiB;
/**
 * What does not depend on the limit: most of all the engine's heap for young objects, which grows to 128 MiB
 * under such loads.
 */
const fixed = 160 * MiB;

/** Prints, as JSON, the greatest growth of the process and how its frames ended. */
const script = (load: string): string => `
  import { CorrelationContext, openDeployment } from "model-data-collector";
  const deployment = await openDeployment({ limits: { maxMemoryBytes: ${limit} }, spool: { minFreeBytes: 0 }, onError() {} });
  const inputs = deployment.collector("model_inputs");
  let context;
  const make = ${load};
  const before = process.memoryUsage.rss();
  let peak = before;
  let i = 0;
  for (; i < 3_000_000 && deployment.stats().frames.dropped.memory === undefined; i++) {
    inputs.collect(make(i), context);
    if (i % 500 === 0) peak = Math.max(peak, process.memoryUsage.rss());
  }
  peak = Math.max(peak, process.memoryUsage.rss());
  const { frames, bytes } = deployment.stats();
  console.log(JSON.stringify({ grown: peak - before, i, frames, bytes }));
  process.exit(0);`;

test.each(Object.entries(loads))("%s: the process grows by no more than the limit says", async (_, load) => {
  const { env } = await scratch();
  const { code, stdout, stderr } = await runScript(script(load), { env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const { grown, i, frames } = JSON.parse(stdout) as {
    grown: number;
    i: number;
    frames: Record<string, unknown>;
  };
  // It was the limit that ended it.
  expect(frames).toMatchObject({ offered: i, dropped: { memory: 1 } });
  expect(grown).toBeLessThan(limit + fixed);
});
