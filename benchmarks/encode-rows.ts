import { createParquetEncoder } from "../src/codec/parquet/parquet-encoder.ts";
import { BatchBuilder, type FrameFacts } from "../src/frame/batch-builder.ts";
import type { Batch } from "../src/frame/batch.ts";
import { takeSnapshot } from "../src/frame/snapshot.ts";
import { decodeBatch } from "../src/frame/wire/decode.ts";
import {
  constants,
  frameId,
  type Kind,
  makeTable,
  schema,
  type Table,
  type TableCell,
} from "./encode-table.ts";
import { mulberry32 } from "./mulberry32.ts";

const startMs = 1_760_000_000_000;
/** The size at which the product hands a batch over. */
const batchBytes = 256 * 1024;

/**
 * Writes a table as the product does from the call on, but on one thread: a snapshot of each frame, batches,
 * their wire form and back, the file.
 */
export function collectedRows(rows: number, rowsPerFrame: number): () => Promise<number> {
  const table = makeTable(rows);
  const random = mulberry32(1);
  const frames = Array.from({ length: Math.ceil(rows / rowsPerFrame) }, (_, frame) => {
    const start = frame * rowsPerFrame;
    return Object.fromEntries(
      Object.entries(table.columns).map(([name, cells]) => [name, cells.slice(start, start + rowsPerFrame)]),
    );
  });
  const facts = frames.map((_, frame): FrameFacts => {
    const time = startMs + frame;
    return {
      correlationId: frameId(time, random),
      eventId: frameId(time, random),
      eventTimeMs: time,
      requestTimeMs: time,
      requestId: null,
      clientRequestId: null,
      samplingRate: 1,
      configVersion: 1,
      tags: null,
    };
  });
  const builder = new BatchBuilder({ maxStringBytes: 64 * 1024 });
  const limits = { maxFrameBytes: 2 ** 30, maxFrameRows: rows, maxFrameColumns: 1000 };
  const finish = (): Batch =>
    decodeBatch(builder.finish({ collection: "model_inputs", partition: startMs, constants, bytes: 0 }));
  const batches = function* (): Iterable<Batch> {
    for (const [index, frame] of frames.entries()) {
      const taken = takeSnapshot(frame, { limits });
      if (taken.status !== "ok") throw taken.error;
      builder.begin(taken.snapshot, facts[index] as FrameFacts);
      while (!builder.advance(4096));
      taken.snapshot.release();
      if (builder.byteLength >= batchBytes) yield finish();
    }
    if (builder.frames > 0) yield finish();
  };
  const encoder = createParquetEncoder();
  return async () => {
    let bytes = 0;
    for await (const piece of encoder.encode(batches, { schema, segment: "benchmark" }))
      bytes += piece.length;
    return bytes;
  };
}

/**
 * The table with the product's 19 system columns, so that others can write what ours writes; frames have 10
 * rows.
 */
export function withSystemColumns(table: Table): Table {
  const random = mulberry32(1);
  const rowsPerFrame = 10;
  const frameOf = (row: number): number => Math.floor(row / rowsPerFrame);
  const fill = (cell: (row: number) => TableCell): TableCell[] =>
    Array.from({ length: table.rows }, (_, row) => cell(row));
  const ids = (): TableCell[] => {
    const each = Array.from({ length: frameOf(table.rows) + 1 }, (_, frame) =>
      frameId(startMs + frame, random),
    );
    return fill((row) => each[frameOf(row)] ?? null);
  };
  const instants = (): TableCell[] => fill((row) => new Date(startMs + frameOf(row)));
  const same = (value: TableCell): TableCell[] => fill(() => value);
  const system: readonly (readonly [name: string, kind: Kind, cells: readonly TableCell[]])[] = [
    ["mdc_correlation_id", "string", ids()],
    ["mdc_row_index", "int64", fill((row) => BigInt(row % rowsPerFrame))],
    ["mdc_event_id", "string", ids()],
    ["mdc_event_time", "timestamp", instants()],
    ["mdc_request_time", "timestamp", instants()],
    ["mdc_request_id", "string", same(null)],
    ["mdc_collection", "string", same("model_inputs")],
    ["mdc_source", "string", same(constants.source)],
    ["mdc_endpoint", "string", same(constants.endpoint)],
    ["mdc_deployment", "string", same(constants.deployment)],
    ["mdc_model_name", "string", same(constants.modelName)],
    ["mdc_model_version", "string", same(constants.modelVersion)],
    ["mdc_instance_id", "string", same(constants.instanceId)],
    ["mdc_agent", "string", same(constants.agent)],
    ["mdc_schema_fingerprint", "string", same("0123456789abcdef")],
    ["mdc_sampling_rate", "float64", same(1)],
    ["mdc_config_version", "int64", same(1n)],
    ["mdc_rejected", "string", same(null)],
    ["mdc_tags", "string", same(null)],
  ];
  return {
    rows: table.rows,
    kinds: { ...Object.fromEntries(system.map(([name, kind]) => [name, kind])), ...table.kinds },
    columns: { ...Object.fromEntries(system.map(([name, , cells]) => [name, cells])), ...table.columns },
  };
}
