import { expect, test } from "vitest";
import type { Encoder } from "../../../src/codec/encoder.ts";
import { createParquetEncoder } from "../../../src/codec/parquet/parquet-encoder.ts";
import type { Batch } from "../../../src/frame/batch.ts";
import { writeEntries } from "../../../src/layout/ledger-entry.ts";
import { ledgerLabel } from "../../../src/pipeline/segment-label.ts";
import type { SealedSegment, SealedSegments } from "../../../src/spool/sealed-segments.ts";
import type { Spool } from "../../../src/spool/spool.ts";
import { createMemoryStore } from "../../../src/store/memory-store.ts";
import type { PutResult } from "../../../src/store/store.ts";
import { PipelineWorld, settings, turn } from "./pipeline-world.ts";

const transient: PutResult = { status: "retryable", class: "transient", error: new Error("503") };
const configuration: PutResult = {
  status: "retryable",
  class: "configuration",
  error: new Error("no container"),
};
const rejected: PutResult = { status: "rejected", error: new Error("400") };

/** Puts the schema, so that the failures that follow meet data. */
async function started(options?: ConstructorParameters<typeof PipelineWorld>[0]): Promise<PipelineWorld> {
  const world = new PipelineWorld(options);
  world.append({ a: [0] });
  expect(await world.flush()).toBe(0);
  return world;
}

test("a flush seals, encodes and stores everything appended before it", async () => {
  const world = new PipelineWorld();
  world.append([{ a: 1, s: "x" }]);
  world.append([{ a: 2, s: null }]);
  expect(await world.flush()).toBe(0);
  expect((await world.rows()).map(({ a, s }) => [a, s])).toEqual([
    [1, "x"],
    [2, null],
  ]);
  expect(world.told.deliveredFrames).toBe(2);
  expect(world.files).toEqual([
    expect.stringMatching(
      /^flights\/blue\/model_inputs\/inference_date=2026-11-22\/inference_hour=05\/20261122T050000000Z-[0-9a-f]{32}\.parquet$/,
    ),
  ]);
});

test.each(["parquet", "jsonl"] as const)(
  "beside a file of %s stand the bounds of its correlation ids, at whatever try it is stored",
  async (format) => {
    const world = await started();
    for (let i = 0; i < 11; i++) world.append([{ a: i }], { format });
    world.store.failPuts(transient, { times: 2 });
    await world.flush();
    const beside = [...world.store.objects]
      .filter(([path]) => path.endsWith(`.${format}`) && !path.includes("/_ledger/"))
      .map(([, { metadata }]) => metadata["ids"]);
    expect(beside.at(-1)).toBe("id-10..id-9");
  },
);

test("a segment is sealed at its age, and not before", async () => {
  const world = new PipelineWorld();
  world.append([{ a: 1 }]);
  await world.advance(59_000);
  expect(world.files).toHaveLength(0);
  await world.advance(2_000);
  expect(world.files).toHaveLength(1);
  expect(world.clock.timers).toBe(0);
});

test("a segment is sealed at its size", async () => {
  const world = new PipelineWorld({ settings: { rotation: { maxAgeMs: 60_000, maxBytes: 20_000 } } });
  for (let i = 0; i < 3; i++) world.append({ a: new Float64Array(1_000) });
  await turn();
  expect(world.files).toHaveLength(1);
  expect(world.told.deliveredFrames).toBe(3);
});

test("a clock that is set back does not hold a segment up", async () => {
  const world = new PipelineWorld();
  world.append([{ a: 1 }]);
  const { now } = world.clock;
  world.clock.now = () => now() - 7_200_000;
  await world.advance(2_000);
  expect(world.files).toHaveLength(1);
});

test("a shorter age takes effect for what is open already", async () => {
  const world = new PipelineWorld();
  world.append([{ a: 1 }]);
  await world.advance(5_000);
  world.engine.update({ ...settings, rotation: { maxAgeMs: 1_000, maxBytes: 1 << 20 } });
  await turn();
  expect(world.files).toHaveLength(1);
});

test("a transient failure is retried with growing pauses, the data is kept, and health heals", async () => {
  const world = await started();
  world.store.failPuts(transient, { times: 3 });
  world.append([{ a: 1 }]);
  const flushed = world.engine.flush("store", 600_000);
  await turn();
  expect(world.told.lastHealth).toEqual({ status: "degraded", reasons: ["503"] });
  expect(world.files).toHaveLength(1);
  for (let i = 0; i < 5; i++) await world.advance(60_000);
  expect(await flushed).toEqual({ pending: 0, trouble: undefined });
  expect(world.files).toHaveLength(2);
  expect(world.told.lastHealth).toEqual({ status: "ok", reasons: [] });
  expect(world.told.drops).toEqual([]);
  expect(world.told.troubles.map(({ code }) => code)).toEqual(Array(3).fill("DELIVERY_DELAYED"));
});

test("a wrong setting is reported as failing, with the data kept, until somebody mends it", async () => {
  const world = await started();
  world.store.failPuts(configuration, { times: 5 });
  world.append([{ a: 1 }]);
  const flushed = world.engine.flush("store", 30_000);
  await turn();
  expect(world.told.lastHealth).toEqual({ status: "failing", reasons: ["no container"] });
  await world.advance(30_000);
  expect(await flushed).toEqual({ pending: 1, trouble: "no container" });
  for (let i = 0; i < 6; i++) await world.advance(60_000);
  expect(world.told.deliveredFrames).toBe(2);
  expect(world.told.lastHealth.status).toBe("ok");
  expect(world.told.troubles[0]).toMatchObject({
    code: "DELIVERY_BLOCKED",
    message: "memory: no container; the data is kept, next try in 60 s",
  });
});

test("while the destination is away, what is only profiled leaves the spool all the same", async () => {
  const world = new PipelineWorld({ instance: "1".repeat(32) });
  world.store.failPuts(configuration, { times: 1_000 });
  world.append([{ a: 1 }]);
  await world.advance(61_000);
  expect(world.told.lastHealth.status).toBe("failing");
  for (let minute = 0; minute < 3; minute++) {
    world.append([{ a: 1 }], { format: "unsampled" });
    await world.advance(61_000);
    expect(world.told.settledSegments).toHaveLength(minute + 1);
  }
  expect(world.told.drops).toEqual([]);
  expect(world.files).toEqual([]);
});

test("an outage that begins before the types are pinned sets nothing aside, however long it lasts", async () => {
  const world = new PipelineWorld();
  world.store.failReads(new Error("offline"), 30);
  world.append([{ a: 1 }]);
  const flushed = world.engine.flush("store", 10_000_000);
  for (let i = 0; i < 40; i++) await world.advance(60_000);
  expect((await flushed).pending).toBe(0);
  expect(world.told.drops).toEqual([]);
  expect(world.told.deliveredFrames).toBe(1);
});

test("a flush tries at once what a pause would try later", async () => {
  const world = await started();
  world.store.failPuts(configuration);
  world.append([{ a: 1 }]);
  const late = world.engine.flush("store", 1_000);
  await world.advance(1_000);
  expect((await late).pending).toBe(1);
  expect(await world.flush()).toBe(0);
});

test("an answer that was lost does not make a second file", async () => {
  const world = await started();
  world.store.failPuts(transient, { stored: true });
  world.append([{ a: 1 }]);
  const flushed = world.engine.flush("store", 600_000);
  await turn();
  await world.advance(60_000);
  expect((await flushed).pending).toBe(0);
  expect(world.files).toHaveLength(2);
  expect(world.told.deliveredFrames).toBe(2);
});

test("another file of the same name is left alone and ours is set aside", async () => {
  const world = await started();
  world.store.failPuts({ status: "conflict", error: new Error("other content") });
  world.append([{ a: 1 }]);
  expect(await world.flush()).toBe(0);
  expect(world.told.droppedFrames).toEqual({ conflict: 1 });
  expect(world.told.troubles.at(-1)).toMatchObject({
    code: "QUARANTINED",
    message: "a segment of 1 frame was set aside: other content",
  });
  expect(world.spool.usage()).toMatchObject({ segments: 0, quarantined: 1 });
});

test("what another process stored of a segment of the ledger is the same, in other words", async () => {
  const world = await started();
  world.store.failPuts({ status: "conflict", error: new Error("other content") });
  const report = writeEntries([
    {
      kind: "counts",
      instance: "0".repeat(32),
      hour: "2026-01-01T00:00:00.000Z",
      collection: "a",
      offered: [1, 1],
    },
  ]);
  world.engine.append({
    label: ledgerLabel("endpoint", "deployment"),
    bytes: new TextEncoder().encode(report),
    counts: { frames: 0, rows: 0, bytes: 0 },
    sequence: 2 ** 40,
  });
  expect(await world.flush()).toBe(0);
  expect(world.told.troubles).toEqual([]);
  expect(world.spool.usage()).toMatchObject({ segments: 0, quarantined: 0 });
});

test("a file that the service refuses three times is set aside, and what follows is delivered", async () => {
  const world = await started();
  world.store.failPuts(rejected, { times: 3 });
  world.append([{ a: 1 }]);
  const flushed = world.engine.flush("store", 600_000);
  for (let i = 0; i < 3; i++) await world.advance(60_000);
  expect((await flushed).pending).toBe(0);
  expect(world.told.droppedFrames).toEqual({ poison: 1 });
  world.append([{ a: 2 }]);
  expect(await world.flush()).toBe(0);
  expect(world.told.deliveredFrames).toBe(2);
});

test("two files refused one after the other are taken for a wrong setting, and nothing is dropped", async () => {
  const world = await started();
  world.store.failPuts(rejected, { times: 12 });
  world.append([{ a: 1 }]);
  world.append([{ b: 1 }], { collection: "model_outputs" });
  const flushed = world.engine.flush("store", 3_000_000);
  for (let i = 0; i < 4; i++) await world.advance(60_000);
  expect(world.told.lastHealth.status).toBe("failing");
  for (let i = 0; i < 20; i++) await world.advance(60_000);
  expect((await flushed).pending).toBe(0);
  expect(world.told.drops).toEqual([]);
  expect(world.told.deliveredFrames).toBe(3);
});

/** Fails for every batch that holds the number 13, and counts. */
function superstitious(): Encoder & { readonly calls: () => number } {
  const real = createParquetEncoder();
  let calls = 0;
  return {
    ...real,
    contentType: real.contentType,
    calls: () => calls,
    async *encode(batches, options) {
      calls++;
      const checked = function* (): Iterable<Batch> {
        for (const batch of batches()) {
          for (const { values } of batch.columns) {
            if (values.kind === "float64" && values.data.includes(13)) throw new Error("thirteen");
          }
          yield batch;
        }
      };
      yield* real.encode(checked, options);
    },
  };
}

test("of a segment that cannot be encoded only the poison record is set aside; the others are delivered", async () => {
  const world = new PipelineWorld({ parquet: superstitious() });
  for (const a of [11, 12, 13, 14]) world.append([{ a }]);
  expect(await world.flush()).toBe(0);
  expect((await world.rows()).map(({ a }) => a)).toEqual([11, 12, 14]);
  expect(world.told.drops).toMatchObject([
    { reason: "poison", counts: { frames: 1, rows: 1 }, origin: { from: "spool", sequences: [3] } },
  ]);
  expect(world.told.deliveries).toMatchObject([{ counts: { frames: 3, rows: 3 } }]);
  expect(world.spool.usage()).toMatchObject({ segments: 0, quarantined: 1 });
});

test("a segment of nothing but poison makes no file", async () => {
  const world = new PipelineWorld({ parquet: superstitious() });
  world.append([{ a: 13 }]);
  expect(await world.flush()).toBe(0);
  expect(world.files).toEqual([]);
  expect(world.told.droppedFrames).toEqual({ poison: 1 });
  expect(world.spool.usage().segments).toBe(0);
});

test("a record that the disk has damaged is counted, and the rest delivered", async () => {
  const world = new PipelineWorld({
    spool: (spool) =>
      withSealed(spool, {
        *read(segment: SealedSegment) {
          for (const record of spool.sealed.read(segment)) if (record.sequence !== 2) yield record;
        },
      }),
  });
  for (const a of [1, 2, 3]) world.append([{ a }]);
  expect(await world.flush()).toBe(0);
  expect((await world.rows()).map(({ a }) => a)).toEqual([1, 3]);
  expect(world.told.droppedFrames).toEqual({ corrupt: 1 });
  expect(world.told.deliveredFrames).toBe(2);
});

test("a spool that cannot be read for a while holds up its own segment only", async () => {
  let broken = true;
  const world = new PipelineWorld({
    spool: (spool) =>
      withSealed(spool, {
        *read(segment: SealedSegment) {
          if (broken && segment.label.includes("model_inputs")) {
            throw Object.assign(new Error("EIO: i/o error"), { code: "EIO" });
          }
          yield* spool.sealed.read(segment);
        },
      }),
  });
  world.append([{ a: 1 }]);
  world.append([{ a: 1 }], { collection: "model_outputs" });
  void world.engine.flush("store", 600_000);
  await turn();
  expect(world.told.deliveries.map(({ collection }) => collection)).toEqual(["model_outputs"]);
  expect(world.told.lastHealth).toEqual({ status: "degraded", reasons: ["EIO: i/o error"] });
  broken = false;
  await world.advance(60_000);
  expect(world.told.deliveredFrames).toBe(2);
  expect(world.told.lastHealth.status).toBe("ok");
});

test("a segment that is added twice is delivered and told once", async () => {
  const world = new PipelineWorld();
  world.append([{ a: 1 }]);
  const [segment] = world.spool.writer.seal();
  if (segment === undefined) throw new Error("no segment");
  world.engine.deliver(segment);
  world.engine.deliver(segment);
  expect(await world.flush()).toBe(0);
  world.engine.deliver(segment);
  expect(await world.flush()).toBe(0);
  expect(world.told.deliveredFrames).toBe(1);
  expect(world.told.drops).toEqual([]);
});

test("a flush ends at its deadline and says what is missing and why", async () => {
  const world = await started();
  world.store.failPuts(transient, { times: 1_000 });
  world.append([{ a: 1 }]);
  world.append([{ a: 2 }]);
  const flushed = world.engine.flush("store", 5_000);
  await world.advance(4_999);
  let done = false;
  void flushed.then(() => (done = true));
  await turn();
  expect(done).toBe(false);
  await world.advance(1);
  expect(await flushed).toEqual({ pending: 2, trouble: "503" });
});

test("closing spools and delivers; what cannot be delivered by the deadline is told, and running flushes end", async () => {
  const world = await started();
  world.store.failPuts(transient, { times: 1_000 });
  world.append([{ a: 1 }]);
  const flushed = world.engine.flush("store", 600_000);
  const closed = world.engine.close(5_000);
  await world.advance(5_000);
  await closed;
  expect((await flushed).pending).toBe(1);
  // The spool is in memory here, so what is left is lost with it.
  expect(world.told.droppedFrames).toEqual({ closed: 1 });
  expect(world.clock.timers).toBe(0);
});

test("closing ends an attempt that hangs", async () => {
  const world = await started();
  const put = world.store.put.bind(world.store);
  let hanging = 0;
  world.store.put = (path, body, options) => {
    if (!path.endsWith(".parquet")) return put(path, body, options);
    hanging++;
    return new Promise((resolve) => {
      options?.signal?.addEventListener("abort", () =>
        resolve({ status: "retryable", class: "transient", error: new Error("aborted") }),
      );
    });
  };
  world.append([{ a: 1 }]);
  const closed = world.engine.close(1_000);
  await turn();
  expect(hanging).toBe(1);
  await world.advance(1_000);
  await closed;
  expect(world.told.deliveredFrames).toBe(1);
});

test("a batch that comes after the close is a counted drop", async () => {
  const world = new PipelineWorld();
  await world.engine.close(0);
  world.append([{ a: 1 }]);
  expect(world.told.drops).toMatchObject([{ reason: "closed", counts: { frames: 1 } }]);
});

/** A spool with some methods of its sealed segments replaced. */
function withSealed(spool: Spool, over: Partial<SealedSegments>): Spool {
  const { sealed } = spool;
  return { ...spool, sealed: Object.assign(Object.create(sealed) as SealedSegments, bound(sealed), over) };
}

/** Methods of a class with private fields, for an object that inherits from it. */
function bound(sealed: SealedSegments): Partial<SealedSegments> {
  const methods: Record<string, unknown> = {};
  for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(sealed))) {
    const value: unknown = (sealed as unknown as Record<string, unknown>)[name];
    if (typeof value === "function" && name !== "constructor") methods[name] = value.bind(sealed);
  }
  return methods as Partial<SealedSegments>;
}

test("reasons of the same kind are told a few at a time", async () => {
  const world = new PipelineWorld({
    spool: (spool) =>
      withSealed(spool, {
        read(segment: SealedSegment) {
          throw Object.assign(new Error(`EMFILE: ${segment.id}`), { code: "EMFILE" });
        },
      }),
  });
  for (let i = 0; i < 8; i++) world.append([{ a: i }], { collection: `c${i}` });
  void world.engine.flush("store", 100);
  await turn();
  const { status, reasons } = world.told.lastHealth;
  expect(status).toBe("degraded");
  expect(reasons.map((reason) => reason.replace(/EMFILE: .*/, "EMFILE"))).toEqual([
    ...Array.from({ length: 5 }, () => "EMFILE"),
    "3 more like these",
  ]);
});

test("a collection has one folder and one name, however each process and each retry spells it", async () => {
  const store = createMemoryStore();
  const first = new PipelineWorld({ store });
  first.append([{ a: 1 }], { collection: "Model_Inputs" });
  expect(await first.flush()).toBe(0);

  // Another process: its file is made, and its upload fails.
  const second = new PipelineWorld({ store });
  second.ids.uuid();
  second.append([{ a: 2 }]);
  store.failPuts(transient, { stored: true });
  void second.engine.flush("store", 1_000);
  await turn();
  expect(second.told.troubles.map(({ code }) => code)).toEqual(["DELIVERY_DELAYED"]);

  // A third one takes it over, and finds that it was stored after all.
  const third = new PipelineWorld({ store, spool: () => second.spool });
  for (const segment of second.spool.sealed.list()) third.engine.deliver(segment);
  expect(await third.flush()).toBe(0);
  expect(third.told.deliveredFrames).toBe(1);

  expect(third.files).toHaveLength(2);
  expect(third.files.every((path) => path.startsWith("flights/blue/Model_Inputs/inference_date="))).toBe(
    true,
  );
  const rows = await third.rows("Model_Inputs");
  expect(rows.map(({ a, mdc_collection }) => [a, mdc_collection])).toEqual([
    [1, "Model_Inputs"],
    [2, "Model_Inputs"],
  ]);
});
