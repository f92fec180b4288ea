import { expect, test } from "vitest";
import type { Limits } from "../../../src/config/deployment-config.ts";
import type { RollingRate } from "../../../src/layout/partition.ts";
import { decodeBatch } from "../../../src/frame/wire/decode.ts";
import { Batcher } from "../../../src/pipeline/batching/batcher.ts";
import type { OutgoingBatch } from "../../../src/pipeline/backend.ts";
import type { FrameFacts } from "../../../src/frame/batch-builder.ts";
import { columnCells } from "../../support/column-cells.ts";
import { type DropReason, Ledger } from "../../../src/pipeline/ledger.ts";
import { parseLabel } from "../../../src/pipeline/segment-label.ts";
import type { Collection } from "../../../src/pipeline/collection.ts";
import { finishFacts, frameFacts, snapshotOf } from "../frame/frame-support.ts";
import { createHandClock, type HandClock } from "../../support/hand-clock.ts";
import { Queued } from "../../../src/pipeline/batching/frame-queue.ts";
import { limits as usualLimits, turn } from "./pipeline-world.ts";

const hour = 3_600_000;

class World {
  readonly clock: HandClock = createHandClock();
  readonly batches: OutgoingBatch[] = [];
  readonly drops: { reason: DropReason; frames: number; message: string }[] = [];
  readonly ledger = new Ledger();
  readonly batcher: Batcher;
  limits: Limits = usualLimits;

  constructor() {
    this.batcher = new Batcher({
      clock: this.clock,
      handOver: (batch) => this.batches.push(batch),
      dropped: (_, reason, { frames }, { message }) => this.drops.push({ reason, frames, message }),
      limits: () => this.limits,
      flushIntervalMs: 20,
    });
  }

  stream(given: Partial<Collection> = {}): Collection & { constants: Collection["constants"] } {
    return {
      name: "model_inputs",
      endpoint: "flights",
      deployment: "blue",
      format: "parquet",
      rollingRate: "hour" as RollingRate,
      ledger: this.ledger,
      constants: finishFacts.constants,
      ...given,
    };
  }

  add(stream: Collection, frame: object, requestTimeMs = this.clock.now()): void {
    const snapshot = snapshotOf(frame);
    stream.ledger.enter("buffered", 1, snapshot.rows, snapshot.bytes);
    this.batcher.enqueue(new Queued(stream, snapshot, frameFacts({ requestTimeMs }), snapshot.memory));
  }

  /** The values of a float64 column over all batches, in order. */
  values(name: string): number[] {
    return this.batches.flatMap(({ bytes }) => {
      const column = decodeBatch(bytes).columns.find((each) => each.name === name);
      return column?.values.kind === "float64" ? [...column.values.data] : [];
    });
  }

  expectBalance(): void {
    const inBatches = { frames: 0, rows: 0, bytes: 0 };
    for (const { counts } of this.batches) {
      inBatches.frames += counts.frames;
      inBatches.rows += counts.rows;
      inBatches.bytes += counts.bytes;
    }
    const stats = this.ledger.snapshot();
    for (const unit of ["frames", "rows", "bytes"] as const) {
      const { offered, buffered, dropped } = stats[unit];
      const lost = Object.values(dropped).reduce<number>((sum, count) => sum + (count ?? 0), 0);
      expect(buffered, unit).toBe(inBatches[unit]);
      expect(offered, unit).toBe(buffered + lost);
    }
  }
}

test("frames are handed over after the interval, together and in order", async () => {
  const world = new World();
  const stream = world.stream();
  for (let i = 0; i < 5; i++) world.add(stream, [{ a: i }]);
  await turn(3);
  await world.clock.advance(19);
  expect(world.batches).toEqual([]);
  await world.clock.advance(1);
  await turn();
  expect(world.batches.map(({ counts, sequence }) => ({ frames: counts.frames, sequence }))).toEqual([
    { frames: 5, sequence: 1 },
  ]);
  expect(world.values("a")).toEqual([0, 1, 2, 3, 4]);
  world.expectBalance();
});

test("batches of several collections that are due leave one by one, and others have a turn between them", async () => {
  const world = new World();
  const streams = ["model_inputs", "model_outputs", "features"].map((name) => world.stream({ name }));
  for (const stream of streams) world.add(stream, [{ a: 1 }]);
  const { monotonic } = world.clock;
  // Each takes long.
  world.clock.monotonic = () => monotonic() + world.batches.length;
  const left: number[] = [];
  setImmediate(function look() {
    left.push(world.batches.length);
    if (left.length < 20) setImmediate(look);
  });
  await world.clock.advance(20);
  await turn(20);
  expect([...new Set(left)].filter((count) => count > 0)).toEqual([1, 2, 3]);
  world.expectBalance();
});

test("a drain works longer in a turn while much waits than when little does", async () => {
  const turnsOf = async (frames: number): Promise<number> => {
    const world = new World();
    const stream = world.stream();
    for (let i = 0; i < frames; i++) world.add(stream, { a: new Float64Array(25_000) });
    let now = 0;
    world.clock.monotonic = () => (now += 0.1);
    let turns = 0;
    let next = setImmediate(function look() {
      turns++;
      next = setImmediate(look);
    });
    await world.batcher.flush();
    clearImmediate(next);
    world.expectBalance();
    return turns;
  };
  const little = await turnsOf(1);
  expect(await turnsOf(3)).toBeLessThan(little * 2);
});

test("nothing is done within the call but to set a timer, one for all frames", async () => {
  const world = new World();
  const stream = world.stream();
  for (let i = 0; i < 3; i++) world.add(stream, [{ a: i }]);
  expect(world.clock.timers).toBe(1);
  await turn(3);
  expect(world.batches).toEqual([]);
  await world.clock.advance(20);
  // Requests that have come meanwhile go first.
  expect(world.batches).toEqual([]);
  await turn();
  expect(world.batches.map(({ counts }) => counts.frames)).toEqual([3]);
  expect(world.clock.timers).toBe(0);
});

test("frames after a silence go on the next turn, all of that turn together; those that follow wait", async () => {
  const world = new World();
  const stream = world.stream();
  await world.clock.advance(21);
  for (let i = 0; i < 3; i++) world.add(stream, [{ a: i }]);
  expect(world.clock.timers).toBe(0);
  expect(world.batches).toEqual([]);
  await turn(3);
  expect(world.batches.map(({ counts }) => counts.frames)).toEqual([3]);
  await world.clock.advance(5);
  for (let i = 3; i < 5; i++) world.add(stream, [{ a: i }]);
  await turn(3);
  expect(world.batches.length).toBe(1);
  await world.clock.advance(20);
  await turn();
  expect(world.batches.map(({ counts }) => counts.frames)).toEqual([3, 2]);
  expect(world.values("a")).toEqual([0, 1, 2, 3, 4]);
  world.expectBalance();
});

test("a batch that is large enough goes at once", async () => {
  const world = new World();
  const stream = world.stream();
  for (let i = 0; i < 5; i++) world.add(stream, { a: Float64Array.from({ length: 20_000 }, () => i) });
  await turn();
  expect(world.batches.length).toBeGreaterThanOrEqual(2);
  expect(world.batches.every(({ counts }) => counts.bytes >= 256 * 1024)).toBe(true);
  world.batcher.flushNow();
  expect(world.values("a")).toHaveLength(100_000);
  world.expectBalance();
});

test("a batch of very many columns goes at once, unless they are those of one frame", async () => {
  const world = new World();
  const stream = world.stream();
  for (let i = 0; i < 5_000; i++) world.add(stream, [{ [`user_${i}`]: i }]);
  await world.batcher.flush();
  const widths = world.batches.map(({ bytes }) => decodeBatch(bytes).columns.length);
  expect(Math.max(...widths)).toBeLessThan(520);
  expect(widths.reduce((sum, width) => sum + width, 0)).toBe(5_000);
  world.expectBalance();

  const wide = new World();
  const frame = Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`c${i}`, i]));
  for (let i = 0; i < 3; i++) wide.add(wide.stream({ name: "wide" }), [frame]);
  await turn(10);
  expect(wide.batches).toEqual([]);
});

test("a timer that finds nothing hands over nothing, and is set again for the next frame", async () => {
  const world = new World();
  const stream = world.stream();
  world.add(stream, [{ a: 1 }]);
  await turn(3);
  await world.batcher.flush();
  await world.clock.advance(100);
  expect(world.batches).toHaveLength(1);
  expect(world.clock.timers).toBe(0);
  world.add(stream, [{ a: 2 }]);
  await turn(3);
  await world.clock.advance(20);
  expect(world.values("a")).toEqual([1, 2]);
});

test("each partition of the request's time has its own batch", async () => {
  const world = new World();
  const stream = world.stream();
  const noon = Date.UTC(2026, 0, 1, 12);
  world.add(stream, [{ a: 1 }], noon - 1);
  world.add(stream, [{ a: 2 }], noon);
  world.add(stream, [{ a: 3 }], noon + hour - 1);
  world.add(stream, [{ a: 4 }], -1);
  await world.batcher.flush();
  const partitions = world.batches.map(({ label, counts }) => [parseLabel(label).partition, counts.rows]);
  expect(partitions).toEqual([
    [noon - hour, 1],
    [noon, 2],
    [-hour, 1],
  ]);
});

test("a hundred partitions at once lose nothing and keep no more than some open", async () => {
  const world = new World();
  const stream = world.stream();
  const rounds = 20;
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < 100; i++) world.add(stream, [{ a: i }], i * hour);
  }
  await turn();
  expect(world.batches.length).toBeGreaterThan(0);
  await world.batcher.flush();
  expect(world.values("a").sort((x, y) => x - y)).toEqual(
    Array.from({ length: 100 * rounds }, (_, i) => Math.floor(i / rounds)),
  );
  world.expectBalance();
});

test("new constants end the batch, and each frame keeps those of its call", async () => {
  const world = new World();
  const stream = world.stream();
  world.add(stream, [{ a: 1 }]);
  stream.constants = { ...finishFacts.constants, modelVersion: "2" };
  world.add(stream, [{ a: 2 }]);
  await world.batcher.flush();
  expect(world.batches.map(({ bytes }) => decodeBatch(bytes).header.constants.modelVersion)).toEqual([
    null,
    "2",
  ]);
  expect(world.values("a")).toEqual([1, 2]);
});

test("a frame that turns out too large is dropped, counted and told; those around it stay", async () => {
  const world = new World();
  world.limits = { ...usualLimits, maxFrameBytes: 4_096 };
  const stream = world.stream();
  world.add(stream, [{ a: 1 }]);
  world.add(stream, { a: [9], s: ["x".repeat(10_000)] });
  world.add(stream, [{ a: 2 }]);
  await world.batcher.flush();
  expect(world.values("a")).toEqual([1, 2]);
  expect(world.drops).toEqual([
    { reason: "too_large", frames: 1, message: expect.stringContaining("limits.maxFrameBytes") },
  ]);
  expect(world.ledger.snapshot().frames).toMatchObject({
    offered: 3,
    buffered: 2,
    dropped: { too_large: 1 },
  });
  world.expectBalance();
});

test("a frame that cannot be built is dropped and does not end the host", async () => {
  const world = new World();
  const stream = world.stream();
  world.add(stream, [{ a: 1 }]);
  const snapshot = snapshotOf([{ a: 5 }]);
  stream.ledger.enter("buffered", 1, snapshot.rows, snapshot.bytes);
  const broken = {
    ...snapshot,
    get columns(): never {
      throw new Error("broken");
    },
    release: () => snapshot.release(),
  };
  world.batcher.enqueue(
    new Queued(stream, broken, frameFacts({ requestTimeMs: world.clock.now() }), broken.memory),
  );
  world.add(stream, [{ a: 2 }]);
  await world.batcher.flush();
  expect(world.drops).toEqual([{ reason: "invalid", frames: 1, message: "broken" }]);
  expect(world.values("a")).toEqual([1, 2]);
  world.expectBalance();
});

test("a long frame is filled in over several turns of the event loop, once and whole", async () => {
  const world = new World();
  const stream = world.stream();
  const rows = 30_000;
  // The clock moves with every look at it, so each step is a turn of its own.
  let now = 0;
  world.clock.monotonic = () => (now += 1);
  world.add(stream, [{ a: -1 }]);
  world.add(stream, { a: Float64Array.from({ length: rows }, (_, i) => i) });
  world.add(stream, [{ a: -2 }]);
  await turn(4);
  await world.clock.advance(20);
  expect(world.values("a")).toEqual([]);
  await turn();
  await world.clock.advance(20);
  await world.batcher.flush();
  const values = world.values("a");
  expect(values).toHaveLength(rows + 2);
  expect(values[0]).toBe(-1);
  expect(values.at(-1)).toBe(-2);
  expect(values.slice(1, -1).every((value, i) => value === i)).toBe(true);
  world.expectBalance();
});

test("a flush covers what was added before it, also when a later frame of the same batch is half filled in", async () => {
  const world = new World();
  const stream = world.stream();
  let now = 0;
  world.clock.monotonic = () => (now += 1);
  world.add(stream, [{ a: 1 }]);
  const flushed = world.batcher.flush();
  world.add(stream, { a: Float64Array.from({ length: 50_000 }, () => 2) });
  await flushed;
  expect(world.values("a")).toEqual([1]);
  await world.batcher.flush();
  expect(world.values("a")).toHaveLength(50_001);
  world.expectBalance();
});

test("overlapping flushes each wait for their own frames only", async () => {
  const world = new World();
  const stream = world.stream();
  let now = 0;
  world.clock.monotonic = () => (now += 1);
  const seen: Record<string, number> = {};
  world.add(stream, [{ a: 1 }]);
  const first = world.batcher.flush().then(() => (seen["first"] = world.values("a").length));
  world.add(stream, [{ a: 2 }]);
  world.add(stream, [{ a: 3 }]);
  const second = world.batcher.flush().then(() => (seen["second"] = world.values("a").length));
  const third = world.batcher.flush().then(() => (seen["third"] = world.values("a").length));
  await Promise.all([first, second, third]);
  expect(seen).toEqual({ first: 1, second: 3, third: 3 });
});

test("a flush of nothing resolves", async () => {
  const world = new World();
  await world.batcher.flush();
  expect(world.batches).toEqual([]);
});

test("flushNow brings everything over before it returns, also what was half done", async () => {
  const world = new World();
  const stream = world.stream();
  let now = 0;
  world.clock.monotonic = () => (now += 1);
  world.add(stream, { a: Float64Array.from({ length: 50_000 }, () => 2) });
  await turn(2);
  world.add(stream, [{ a: 3 }]);
  world.batcher.flushNow();
  expect(world.values("a")).toHaveLength(50_001);
  world.expectBalance();
  await turn();
  expect(world.values("a")).toHaveLength(50_001);
});

test("a changed limit on strings holds for the next batch", async () => {
  const world = new World();
  const stream = world.stream();
  const text = "x".repeat(1_000);
  world.add(stream, { s: [text] });
  await world.batcher.flush();
  world.limits = { ...usualLimits, maxStringBytes: 100 };
  world.add(stream, { s: [text] });
  await world.batcher.flush();
  const sizes = world.batches.map(({ bytes }) => {
    const values = decodeBatch(bytes).columns[0]?.values;
    const plain =
      values?.kind === "dictionary" ? values.dictionary : values?.kind === "bytes" ? values : undefined;
    return (plain?.data.byteLength ?? 0) - 4;
  });
  expect(sizes[0]).toBe(1_000);
  expect(sizes[1]).toBeLessThanOrEqual(100);
});

test.each<[string, Partial<FrameFacts>]>([
  ["a request time that is no number", { requestTimeMs: Number.NaN }],
  ["a request time in nanoseconds", { requestTimeMs: 1.7e18 }],
  ["a request time with a fraction", { requestTimeMs: 1.7e12 + 0.5 }],
  ["a request time after the year 9999", { requestTimeMs: Date.UTC(10_000, 0) }],
  ["an event time that is no number", { eventTimeMs: Number.NaN }],
  ["an id that is no text", { correlationId: 7 as unknown as string }],
  ["an event id that is no text", { eventId: undefined as unknown as string }],
  ["tags that are no text", { tags: {} as string }],
])("%s costs its frame alone, and its neighbours in the batch are whole", async (_, facts) => {
  const world = new World();
  const stream = world.stream();
  world.add(stream, [{ a: 1 }]);
  const snapshot = snapshotOf([{ a: 5, b: "x" }]);
  stream.ledger.enter("buffered", 1, snapshot.rows, snapshot.bytes);
  world.batcher.enqueue(
    new Queued(stream, snapshot, frameFacts({ requestTimeMs: world.clock.now(), ...facts }), snapshot.memory),
  );
  world.add(stream, [{ a: 2 }]);
  await world.batcher.flush();
  expect(world.drops).toMatchObject([{ reason: "invalid", frames: 1 }]);
  expect(world.values("a")).toEqual([1, 2]);
  const [batch] = world.batches;
  const { frames, columns } = decodeBatch(batch?.bytes as Uint8Array);
  expect(columns.map(({ name }) => name)).toEqual(["a"]);
  for (const column of frames.columns) {
    expect(columnCells(column, 2).filter((cell) => cell !== undefined).length % 2).toBe(0);
  }
  world.expectBalance();
});

test("in a loop that never gives the event loop back, the queue stays short and batches are made, to be handed over later", async () => {
  const world = new World();
  world.limits = { ...usualLimits, maxMemoryBytes: 3_000_000 };
  const stream = world.stream();
  const frames = 20_000;
  let most = 0;
  for (let i = 0; i < frames; i++) {
    world.add(stream, [{ a: i }]);
    most = Math.max(most, world.batcher.heldBytes(0, 0));
  }
  // All of them would take many times as much.
  expect(most).toBeLessThan(3_000_000);
  expect(world.batches).toEqual([]);
  await turn();
  expect(world.batches.length).toBeGreaterThan(0);
  await world.batcher.flush();
  expect(world.values("a")).toEqual(Array.from({ length: frames }, (_, i) => i));
  expect(world.batcher.heldBytes(0, 0)).toBe(0);
  world.expectBalance();
});

test("a share of what may be held is set aside for the queue", () => {
  const { batcher } = new World();
  expect(batcher.heldBytes(0, 3_000)).toBe(1_500);
  expect(batcher.heldBytes(2_000, 3_000)).toBe(2_000);
});
