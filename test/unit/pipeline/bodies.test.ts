import { expect, test } from "vitest";
import { noCounts } from "../../../src/base/counts.ts";
import { bodyPath } from "../../../src/layout/body-path.ts";
import { partitionStart } from "../../../src/layout/partition.ts";
import type { OutgoingBatch } from "../../../src/pipeline/backend.ts";
import { bodyGivenUp, writeBodyEnd } from "../../../src/pipeline/delivery/bodies/body-end.ts";
import { labelText, parseLabel, type SegmentLabel } from "../../../src/pipeline/segment-label.ts";
import type { Spool } from "../../../src/spool/spool.ts";
import { PipelineWorld, turn } from "./pipeline-world.ts";

const id = "0123456789abcdef0123456789abcdef";
const busy = { status: "retryable", class: "transient", error: new Error("busy") } as const;

/** A body of the collection `request`, on its way to the spool. */
class Body {
  readonly label: SegmentLabel;
  readonly #world: PipelineWorld;
  #sequence = 1_000;

  constructor(world: PipelineWorld) {
    this.#world = world;
    const place = { endpoint: "flights", deployment: "blue", collection: "request" } as const;
    const partition = partitionStart(world.clock.now(), "hour");
    this.label = { ...place, format: "body", rollingRate: "hour", partition, body: id };
  }

  get path(): string {
    return bodyPath({ ...this.label, id });
  }

  piece(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.#append(bytes, { ...noCounts, bytes: bytes.length });
  }

  end(size: number): void {
    this.#append(writeBodyEnd({ size, sha256: "f".repeat(64) }), noCounts);
  }

  giveUp(): void {
    this.#append(bodyGivenUp, noCounts);
  }

  #append(bytes: Uint8Array, counts: OutgoingBatch["counts"]): void {
    this.#world.engine.append({ sequence: ++this.#sequence, label: labelText(this.label), bytes, counts });
  }
}

function text(world: PipelineWorld, path: string): string | undefined {
  const bytes = world.store.objects.get(path)?.bytes;
  return bytes && new TextDecoder().decode(bytes);
}

/** The same spool, which refuses what leaves room to others from the `nth` of it on. */
function crowded(nth: number): (spool: Spool) => Spool {
  let seen = 0;
  return (spool) => {
    const writer = Object.create(spool.writer) as Spool["writer"];
    writer.append = (label, record, counts, sequence, share) =>
      share !== undefined && ++seen >= nth
        ? { status: "full", reason: "spool_full" }
        : spool.writer.append(label, record, counts, sequence, share);
    for (const name of ["seal", "open", "sync", "discard", "close"] as const)
      writer[name] = spool.writer[name].bind(spool.writer) as never;
    return { ...spool, writer, usage: () => spool.usage() };
  };
}

test("the label of a body is read as it was written, and no other", () => {
  const { label } = new Body(new PipelineWorld());
  expect(parseLabel(labelText(label))).toEqual(label);
  for (const body of ["", "x", id.toUpperCase(), `${id}0`])
    expect(() => parseLabel(labelText({ ...label, body }))).toThrow(SyntaxError);
  expect(() => parseLabel(labelText({ ...label, format: "parquet" }))).toThrow(SyntaxError);
});

test("pieces become one object when the end has come, and not before", async () => {
  const world = new PipelineWorld();
  const body = new Body(world);
  body.piece("one ");
  body.piece("two");
  expect(await world.flush()).toBe(0);
  await world.advance(120_000);
  expect(world.store.objects.size).toBe(0);
  body.end(7);
  expect(await world.flush()).toBe(0);
  expect(text(world, body.path)).toBe("one two");
  const { metadata, contentType } = world.store.objects.get(body.path) ?? {};
  expect(metadata).toMatchObject({ content: "f".repeat(64), rows: "0" });
  expect(contentType).toBe("application/octet-stream");
  expect(world.told.deliveries).toMatchObject([{ collection: "request", counts: { frames: 0, bytes: 7 } }]);
  expect(world.spool.usage()).toMatchObject({ segments: 0 });
});

test("rows that came after a body wait for its object, and others do not", async () => {
  const world = new PipelineWorld();
  const body = new Body(world);
  body.piece("large");
  body.end(5);
  const put = world.store.put.bind(world.store);
  let failures = 2;
  world.store.put = (path, ...rest) =>
    path === body.path && failures-- > 0 ? Promise.resolve(busy) : put(path, ...rest);
  await turn();
  world.append({ a: [1] }, { collection: "request" });
  world.append({ a: [2] });
  const flushed = world.engine.flush("store", 1_000_000);
  for (let i = 0; i < 4; i++) await world.advance(60_000);
  expect(await flushed).toMatchObject({ pending: 0 });
  const order = [...world.store.objects.keys()].filter((path) => /request.*(bin|parquet)$/.test(path));
  expect(order[0]).toBe(body.path);
  expect(order).toHaveLength(2);
  expect(world.files.filter((path) => path.includes("/model_inputs/"))).toHaveLength(1);
});

test("a body of which a piece is refused is nowhere: its end is refused, too, and it leaves nothing behind", async () => {
  const world = new PipelineWorld({ spool: crowded(2) });
  const body = new Body(world);
  body.piece("one");
  body.piece("two");
  body.piece("three");
  body.end(11);
  await world.flush();
  expect(world.store.objects.size).toBe(0);
  const lost = world.told.drops.map(({ reason, counts, origin }) => [reason, counts.bytes, origin.from]);
  expect(lost).toEqual([
    ["spool_full", 3, "memory"],
    ["spool_full", 3, "spool"],
    ["spool_full", 5, "memory"],
    ["spool_full", 0, "memory"],
  ]);
  expect(world.spool.usage()).toMatchObject({ segments: 0 });
});

test.each([
  ["whose beginning is missing", (body: Body) => (body.piece("end"), body.end(8)), "io_error"],
  ["that is given up", (body: Body) => (body.piece("end"), body.giveUp()), "closed"],
])("a body %s is no object", async (_, write, reason) => {
  const world = new PipelineWorld();
  const body = new Body(world);
  write(body);
  await world.flush();
  expect(world.store.objects.size).toBe(0);
  expect(world.told.drops).toContainEqual(
    expect.objectContaining({ reason, counts: { frames: 0, rows: 0, bytes: 3 } }),
  );
  expect(world.spool.usage()).toMatchObject({ segments: 0 });
});

test("a body whose end has not come when all is closed is lost, and told so", async () => {
  const world = new PipelineWorld();
  const body = new Body(world);
  body.piece("begun");
  await world.engine.close(1_000);
  expect(world.store.objects.size).toBe(0);
  expect(world.told.drops).toMatchObject([{ reason: "closed", counts: { bytes: 5 } }]);
});

test("an answer that was lost puts no second object", async () => {
  const world = new PipelineWorld();
  const body = new Body(world);
  world.store.failPuts(busy, { stored: true });
  body.piece("once");
  body.end(4);
  for (let i = 0; i < 4; i++) await world.advance(60_000);
  expect(text(world, body.path)).toBe("once");
  expect(world.told.deliveries).toHaveLength(1);
});
