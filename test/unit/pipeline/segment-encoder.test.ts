import { expect, test } from "vitest";
import { systemClock } from "../../../src/base/time/clock.ts";
import { systemIds } from "../../../src/base/ids.ts";
import { createParquetEncoder } from "../../../src/codec/parquet/parquet-encoder.ts";
import { BatchBuilder } from "../../../src/frame/batch-builder.ts";
import { takeSnapshot } from "../../../src/frame/snapshot.ts";
import type { SchemaRegistry } from "../../../src/pipeline/delivery/pins/schema-registry.ts";
import { DeliveryTask } from "../../../src/pipeline/delivery/delivery-task.ts";
import { SegmentEncoder } from "../../../src/pipeline/delivery/encoding/segment-encoder.ts";
import { labelText } from "../../../src/pipeline/segment-label.ts";
import { createMemorySpool } from "../../../src/spool/memory-spool.ts";

test("while segments are encoded, the event loop comes round: between two of them, and during a long one", async () => {
  const MiB = 1024 * 1024;
  const spool = createMemorySpool({ maxBytes: 100 * MiB, clock: systemClock, ids: systemIds });
  // Two short ones and a long one.
  const tasks = [10, 10, 200_000].map((rows, index) => {
    const record = recordOf(rows);
    const counts = { frames: 1, rows, bytes: record.length };
    const text = labelText({
      format: "parquet",
      rollingRate: "hour",
      endpoint: "e",
      deployment: "d",
      collection: `c${index}`,
      partition: 0,
    });
    spool.writer.append(text, record, counts, index + 1);
    const [segment] = spool.writer.seal();
    if (segment === undefined) return expect.unreachable();
    return new DeliveryTask(segment);
  });
  const registry: SchemaRegistry = {
    pin: async () => expect.unreachable(),
    lookUp: ({ collection }, wanted) => ({ status: "pinned", schema: wanted, collection }),
  };
  const parquet = createParquetEncoder();
  const encoder = new SegmentEncoder({
    spool: spool.sealed,
    registry,
    encoders: { parquet, jsonl: parquet },
    clock: systemClock,
    emit: (event) => {
      if (event.kind !== "encoding") expect.unreachable(JSON.stringify(event));
    },
  });
  let turns = 0;
  let counting = true;
  const count = (): void => {
    turns++;
    if (counting) setImmediate(count);
  };
  count();
  const { signal } = new AbortController();
  const atEnd = await Promise.all(
    tasks.map(async (task) => {
      const { status } = await encoder.encode(task, signal);
      return { status, turns };
    }),
  );
  counting = false;
  expect(atEnd.map(({ status }) => status)).toEqual(["frozen", "frozen", "frozen"]);
  const [first, second, long] = atEnd.map((one) => one.turns) as [number, number, number];
  expect(second).toBeGreaterThan(first);
  expect(long - second).toBeGreaterThan(2);
});

/** A batch of one frame with ten columns of numbers. */
function recordOf(rows: number): Uint8Array {
  const numbers = Float64Array.from({ length: rows }, (_, row) => Math.sin(row));
  const frame = Object.fromEntries(Array.from({ length: 10 }, (_, column) => [`c${column}`, numbers]));
  const limits = { maxFrameBytes: 1e9, maxFrameRows: 1e9, maxFrameColumns: 100 };
  const taken = takeSnapshot(frame, { limits });
  if (taken.status !== "ok") throw taken.error;
  const builder = new BatchBuilder({ maxStringBytes: 100 });
  builder.begin(taken.snapshot, {
    correlationId: "a",
    eventId: "b",
    eventTimeMs: 0,
    requestTimeMs: 0,
    requestId: null,
    clientRequestId: null,
    tags: null,
    samplingRate: 1,
    configVersion: 1,
  });
  while (!builder.advance(1e6));
  const constants = {
    source: "/e/d",
    endpoint: "e",
    deployment: "d",
    modelName: null,
    modelVersion: null,
    instanceId: null,
    agent: "a",
  };
  return builder.finish({ collection: "c", partition: 0, constants, bytes: 0 });
}
