import { expect, test } from "vitest";
import { PipelineWorld, turn } from "./pipeline-world.ts";

const frameOf = (text: string): object[] => Array.from({ length: 100 }, () => ({ a: text }));
const large = frameOf("x".repeat(60_000));
const small = frameOf("small");

/** Hands over a segment of two large payloads and a small one between them. */
function deliver(world: PipelineWorld): void {
  for (const frame of [large, small, large]) world.append(frame, { format: "jsonl" });
  for (const segment of world.spool.writer.seal()) world.engine.deliver(segment);
}

function check(world: PipelineWorld): void {
  const paths = [...world.store.objects.keys()].filter((path) => !path.includes("_schema"));
  const file = paths.filter((path) => path.endsWith(".jsonl"));
  expect(file).toHaveLength(1);
  const stem = (file[0] ?? "").slice(0, -".jsonl".length);
  // All that it refers to was there before it.
  expect(paths).toEqual([`${stem}-000000.json`, `${stem}-000001.json`, `${stem}.jsonl`]);
  const records = textOf(world, file[0] ?? "")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const folder = stem.slice(0, stem.lastIndexOf("/") + 1);
  const frames = records.map(
    ({ data, dataref }) => data ?? (JSON.parse(textOf(world, folder + String(dataref))) as unknown),
  );
  expect(frames).toEqual([large, small, large]);
  expect(world.told.deliveredFrames).toBe(3);
  expect(world.told.drops).toEqual([]);
}

function textOf(world: PipelineWorld, path: string): string {
  return Buffer.from(world.store.objects.get(path)?.bytes ?? []).toString();
}

test("what a file refers to is stored beside it, before it", async () => {
  const world = new PipelineWorld();
  deliver(world);
  await turn(400);
  check(world);
  const { metadata, contentType } =
    [...world.store.objects].find(([path]) => path.endsWith("-000000.json"))?.[1] ?? {};
  expect(contentType).toBe("application/json");
  expect(metadata?.["content"]).toMatch(/^[0-9a-f]{64}-0$/);
});

test.each([0, 1, 2])(
  "a store that fails at put %i, and loses the answer of the one before, changes nothing",
  async (at) => {
    const world = new PipelineWorld();
    // The schema is put first.
    world.store.failPuts({ status: "stored" }, { stored: true });
    const transient = { status: "retryable", class: "transient", error: new Error("busy") } as const;
    for (let put = 0; put < at; put++) world.store.failPuts(transient, { stored: true });
    world.store.failPuts(transient);
    deliver(world);
    for (let i = 0; i < 6; i++) {
      await turn(400);
      await world.advance(120_000);
    }
    await turn(400);
    check(world);
  },
);
