import type { Batch, BatchColumn, ListElements, Values } from "../../../src/frame/batch.ts";
import { BatchBuilder, type FinishFacts, type FrameFacts } from "../../../src/frame/batch-builder.ts";
import { typeText } from "../../../src/layout/column-type.ts";
import { type Snapshot, type SnapshotOptions, takeSnapshot } from "../../../src/frame/snapshot.ts";
import { decodeBatch } from "../../../src/frame/wire/decode.ts";

/** Limits that no test reaches by accident. */
export const limits: SnapshotOptions["limits"] = {
  maxFrameBytes: 64 << 20,
  maxFrameRows: 1_000_000,
  maxFrameColumns: 2_000,
};

/** Facts of a frame, some of them given. */
export function frameFacts(given: Partial<FrameFacts> = {}): FrameFacts {
  return {
    correlationId: "0192f0c4-7a3b-7c11-8d22-123456789abc",
    eventId: "0192f0c4-7a3b-7c11-8d22-123456789abd",
    eventTimeMs: 1_700_000_000_123,
    requestTimeMs: 1_700_000_000_001,
    requestId: null,
    clientRequestId: null,
    samplingRate: 1,
    configVersion: 1,
    tags: null,
    ...given,
  };
}

export const finishFacts: FinishFacts = {
  collection: "flights",
  partition: 1_700_000_000_000,
  bytes: 99,
  constants: {
    source: "source",
    endpoint: "endpoint",
    deployment: null,
    modelName: null,
    modelVersion: null,
    instanceId: null,
    agent: "agent",
  },
};

/** The snapshot of a frame; fails the test when it is dropped. */
export function snapshotOf(frame: unknown, options: Partial<SnapshotOptions> = {}): Snapshot {
  const result = takeSnapshot(frame, { limits, ...options });
  if (result.status !== "ok") throw result.error;
  return result.snapshot;
}

/** The values of a snapshot's columns, however it keeps them. */
export function snapshotCells({ columns, rows }: Snapshot): unknown[][] {
  return columns.map((column) => {
    if (!("data" in column)) return [...column];
    return Array.from({ length: rows }, (_, i) => column.data[column.start + i]);
  });
}

/** Why a frame is dropped; fails the test when it is not. */
export function dropOf(
  frame: unknown,
  options: Partial<SnapshotOptions> = {},
): { reason: string; message: string } {
  const result = takeSnapshot(frame, { limits, ...options });
  if (result.status !== "dropped") throw new Error("the frame was not dropped");
  return { reason: result.reason, message: result.error.message };
}

/** Frames through snapshot, builder and wire. */
export function batchOf(
  frames: readonly unknown[],
  options: Partial<SnapshotOptions & { maxStringBytes: number }> = {},
): Batch {
  const builder = new BatchBuilder({ maxStringBytes: options.maxStringBytes ?? 1 << 20 });
  for (const frame of frames) {
    builder.begin(snapshotOf(frame, options), frameFacts());
    while (!builder.advance(7));
  }
  return decodeBatch(builder.finish(finishFacts));
}

/**
 * What each row of a batch has, read without any of the project's code: `{ type, value }` by name, null left
 * out.
 */
export function cellsOf(batch: Batch): Map<string, { type: string; value: unknown }>[] {
  const rows: Map<string, { type: string; value: unknown }>[] = [];
  for (let i = 0; i < batch.header.rows; i++) rows.push(new Map());
  for (const column of batch.columns) {
    const type = column.type === "rejected" ? "rejected" : typeText(column.type);
    columnValues(column, batch.header.rows, type.includes("binary")).forEach((value, row) => {
      if (value === undefined) return;
      if (rows[row]?.has(column.name)) throw new Error(`row ${row} has two values of ${column.name}`);
      rows[row]?.set(column.name, { type, value });
    });
  }
  return rows;
}

/** The cells of one frame's one column: `[type, value]`, or null. */
export function column(frame: unknown, name: string, options: Parameters<typeof batchOf>[1] = {}): unknown[] {
  return cellsOf(batchOf([frame], options)).map((row) => {
    const cell = row.get(name);
    return cell === undefined ? null : [cell.type, cell.value];
  });
}

/** A value per row, undefined where there is none. */
export function columnValues(
  { validity, count, values }: Omit<BatchColumn, "name" | "type"> | ListElements,
  rows: number,
  binary = false,
): unknown[] {
  const dense = denseValues(values, binary);
  if (dense.length !== count) throw new Error(`${dense.length} values instead of ${count}`);
  let next = 0;
  return Array.from({ length: rows }, (_, row) => {
    const has = validity === undefined || ((validity[row >> 3] as number) & (1 << (row & 7))) !== 0;
    return has ? dense[next++] : undefined;
  });
}

function denseValues(values: Values, binary: boolean): unknown[] {
  switch (values.kind) {
    case "float64":
    case "int64":
    case "int32":
      return [...values.data];
    case "boolean":
      return [...values.data].map((byte) => byte === 1);
    case "bytes":
      return plain(values.data, values.count, binary);
    case "dictionary": {
      const entries = plain(values.dictionary.data, values.dictionary.count, false);
      return [...values.codes].map((code) => entries[code]);
    }
    case "list": {
      const elements = columnValues(values.elements, values.elements.total, binary);
      let next = 0;
      return [...values.lengths].map((length) => {
        const list = elements.slice(next, next + length).map((element) => element ?? null);
        next += length;
        return list;
      });
    }
  }
}

/** Texts, which must be UTF-8; bytes as a text of one character each. */
function plain(data: Uint8Array, count: number, binary: boolean): string[] {
  const bytes = Buffer.from(data);
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const texts: string[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const length = bytes.readUInt32LE(at);
    const value = bytes.subarray(at + 4, at + 4 + length);
    texts.push(binary ? value.toString("latin1") : utf8.decode(value));
    at += 4 + length;
  }
  return texts;
}
