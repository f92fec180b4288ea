import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createParquetEncoder } from "../../src/codec/parquet/parquet-encoder.ts";
import type { Batch, BatchColumn, Values } from "../../src/frame/batch.ts";
import type { ColumnType } from "../../src/layout/column-type.ts";
import { dataFilePath, schemaFolder, schemaPath } from "../../src/layout/dataset-path.ts";
import { partitionStart } from "../../src/layout/partition.ts";
import { pinsBytes } from "../../src/layout/pinned-schema.ts";
import { constants } from "../encode-table.ts";
import { mulberry32 } from "../mulberry32.ts";

/**
 * Inputs and outputs of a day's requests, a row each, as a deployment stores them: 29 columns of inputs (20
 * of the system, nine features with a key), 22 of outputs, in files of one row group.
 */
export interface StoredRows {
  readonly root: string;
  readonly rows: number;
  /** Of each collection. */
  readonly files: number;
  /** Only this collection. Default: both. */
  readonly only?: string;
}

/** What the first day's rows are of, and when. */
const start: number = Date.UTC(2026, 10, 22);
const dayMs = 86_400_000;
const endpoint = "flights";
const deployment = "blue";
/** The collection of what came in. */
export const inputs = "model_inputs";
/** The collection of what went out. */
export const outputs = "model_outputs";

const numbers = ["d0", "d1", "d2", "d3", "d4", "d5"];
const inputTypes: ReadonlyMap<string, ColumnType> = new Map<string, ColumnType>([
  ...numbers.map((name) => [name, "float64"] as const),
  ["seats", "int64"],
  ["carrier", "string"],
  ["order_id", "string"],
]);
const outputTypes: ReadonlyMap<string, ColumnType> = new Map<string, ColumnType>([
  ["delay", "float64"],
  ["late", "boolean"],
]);

/** The correlation id of a row. */
export function idOf(row: number, rows: number): string {
  const bytes = Buffer.alloc(uuidBytes);
  writeUuid(bytes, 0, timeOf(row, rows), row, 1);
  return bytes.toString("latin1");
}

/** The value of a row's key. */
export function keyOf(row: number): string {
  return `A-${String(row).padStart(keyDigits, "0")}`;
}

const keyDigits = 9;

function timeOf(row: number, rows: number): number {
  return start + Math.floor((row / rows) * dayMs);
}

/** Writes them. */
export async function storeRows({ root, rows, files, only }: StoredRows): Promise<void> {
  const encoder = createParquetEncoder();
  for (const [collection, types] of [
    [inputs, inputTypes],
    [outputs, outputTypes],
  ] as const) {
    if (only !== undefined && only !== collection) continue;
    const pins = { version: 1, collection, rollingRate: "hour", columns: types } as const;
    await store(root, schemaPath(schemaFolder(endpoint, deployment, collection), 1), [pinsBytes(pins)]);
    for (let file = 0; file < files; file++) {
      const [from, to] = [file, file + 1].map((one) => Math.floor((one * rows) / files)) as [number, number];
      // Rows of one hour only.
      for (let at = from; at < to; ) {
        const partition = partitionStart(timeOf(at, rows), "hour");
        let end = at + 1;
        while (end < to && timeOf(end, rows) < partition + 3_600_000) end++;
        const id = `${file.toString(16)}x${at.toString(16)}`.replace("x", "0").padStart(32, "0");
        const folder = { format: "parquet", rollingRate: "hour", endpoint, deployment, collection } as const;
        const path = dataFilePath({ ...folder, partition }, { id, createdAt: timeOf(at, rows) });
        const batches = batchesOf(collection, at, end, rows, partition);
        const pieces: Uint8Array[] = [];
        for await (const piece of encoder.encode(() => batches, { schema: types, segment: id }))
          pieces.push(new Uint8Array(piece));
        await store(root, path, pieces);
        at = end;
      }
    }
  }
}

async function store(root: string, path: string, pieces: readonly Uint8Array[]): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), pieces);
}

const batchRows = 4_096;

function batchesOf(collection: string, from: number, to: number, all: number, partition: number): Batch[] {
  const batches: Batch[] = [];
  for (let at = from; at < to; at += batchRows) {
    const rows = Math.min(batchRows, to - at);
    const random = mulberry32(at + (collection === inputs ? 1 : 2));
    const columns = collection === inputs ? inputColumns(at, rows, random) : outputColumns(rows, random);
    batches.push({
      header: {
        ...{ collection, partition, frames: rows, rows, bytes: 0, untyped: [], constants },
        declared: collection === inputs ? { order_id: "key<string>" } : {},
      },
      frames: { rows: new Uint32Array(rows).fill(1), columns: frameColumns(at, rows, all) },
      columns,
    });
  }
  return batches;
}

function inputColumns(at: number, rows: number, random: () => number): BatchColumn[] {
  const seats = BigInt64Array.from({ length: rows }, () => BigInt(Math.floor(random() * 500)));
  return [
    ...numbers.map((name, i) =>
      doubles(name, rows, () => (i < 2 ? random() : Math.round(random() * 1e4) / 100)),
    ),
    { ...whole("seats", "int64", rows), values: { kind: "int64", data: seats, min: 0n, max: 499n } },
    { ...whole("carrier", "string", rows), values: carriers(rows, random) },
    { ...whole("order_id", "string", rows), values: keys(at, rows) },
  ];
}

function outputColumns(rows: number, random: () => number): BatchColumn[] {
  const late = Uint8Array.from({ length: rows }, () => (random() < 0.3 ? 1 : 0));
  return [
    doubles("delay", rows, () => random() * 100),
    { ...whole("late", "boolean", rows), values: { kind: "boolean", data: late } },
  ];
}

function frameColumns(at: number, rows: number, all: number): BatchColumn[] {
  const ids = (salt: number): Values =>
    texts(rows, uuidBytes, (bytes, place, i) => writeUuid(bytes, place, timeOf(at + i, all), at + i, salt));
  const times = (plus: bigint): Values => {
    const data = BigInt64Array.from({ length: rows }, (_, i) => BigInt(timeOf(at + i, all)) * 1000n + plus);
    return { kind: "int64", data, min: data[0] ?? 0n, max: data[rows - 1] ?? 0n };
  };
  const none = { validity: new Uint8Array(Math.ceil(rows / 8)), count: 0 };
  const noTexts: Values = { kind: "bytes", count: 0, data: new Uint8Array(0) };
  const ones = new Int32Array(rows).fill(1);
  return [
    { ...whole("mdc_correlation_id", "string", rows), values: ids(1) },
    { ...whole("mdc_event_id", "string", rows), values: ids(2) },
    { ...whole("mdc_event_time", "timestamp", rows), values: times(90n) },
    { ...whole("mdc_request_time", "timestamp", rows), values: times(0n) },
    { name: "mdc_request_id", type: "string", ...none, values: noTexts },
    { name: "mdc_client_request_id", type: "string", ...none, values: noTexts },
    doubles("mdc_sampling_rate", rows, () => 1),
    {
      ...whole("mdc_config_version", "int32", rows),
      values: { kind: "int32", data: ones, min: 1, max: 1 },
    },
    { name: "mdc_tags", type: "json", ...none, values: noTexts },
  ];
}

function whole(name: string, type: ColumnType, rows: number): Omit<BatchColumn, "values"> {
  return { name, type, validity: undefined, count: rows };
}

function doubles(name: string, rows: number, value: () => number): BatchColumn {
  const data = Float64Array.from({ length: rows }, value);
  let [min, max] = [data[0] ?? 0, data[0] ?? 0];
  for (const one of data) [min, max] = [Math.min(min, one), Math.max(max, one)];
  return { ...whole(name, "float64", rows), values: { kind: "float64", data, min, max } };
}

function keys(from: number, rows: number): Values {
  return texts(rows, keyDigits + 2, (bytes, at, i) => {
    let row = from + i;
    for (let place = keyDigits + 1; place > 1; place--, row = Math.floor(row / 10))
      bytes[at + place] = 48 + (row % 10);
    bytes[at] = 65;
    bytes[at + 1] = 45;
  });
}

function carriers(rows: number, random: () => number): Values {
  const dictionary = texts(20, 10, (bytes, at, i) =>
    bytes.set(Buffer.from(`carrier ${String.fromCharCode(65 + i)}`.padEnd(10)), at),
  );
  if (dictionary.kind !== "bytes") throw new Error("texts are bytes");
  return {
    kind: "dictionary",
    codes: Uint32Array.from({ length: rows }, () => Math.floor(random() * 20)),
    dictionary,
  };
}

/** Texts of one length, each written to its place. */
function texts(
  count: number,
  length: number,
  write: (bytes: Uint8Array, at: number, i: number) => void,
): Values {
  const data = new Uint8Array(count * (length + 4));
  const view = new DataView(data.buffer);
  for (let i = 0, at = 0; i < count; i++, at += length + 4) {
    view.setUint32(at, length, true);
    write(data, at + 4, i);
  }
  return { kind: "bytes", count, data };
}

const uuidBytes = 36;
const digits: Uint8Array = Buffer.from("0123456789abcdef");
/** Where the digits of a UUID stand. */
const places: readonly number[] = Array.from({ length: uuidBytes }, (_, at) => at).filter(
  (at) => ![8, 13, 18, 23].includes(at),
);

/** A UUID of version 7, the same for the same row and salt. */
function writeUuid(bytes: Uint8Array, at: number, ms: number, row: number, salt: number): void {
  const random = mulberry32(row * 4 + salt);
  const words = [Math.floor(ms / 65_536), (ms % 65_536) * 65_536 + 0x7000 + Math.floor(random() * 4_096)];
  words.push(Math.floor(0x8000_0000 + random() * 0x4000_0000), Math.floor(random() * 0x1_0000_0000));
  for (let i = 0; i < places.length; i++) {
    const digit = ((words[i >> 3] ?? 0) >>> (28 - (i & 7) * 4)) & 15;
    bytes[at + (places[i] ?? 0)] = digits[digit] ?? 0;
  }
  for (const dash of [8, 13, 18, 23]) bytes[at + dash] = 0x2d;
}
