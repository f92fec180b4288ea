import { link, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createParquetEncoder } from "../../src/codec/parquet/parquet-encoder.ts";
import type { Batch, BatchColumn, Values } from "../../src/frame/batch.ts";
import type { ColumnType } from "../../src/layout/column-type.ts";
import { dataFilePath } from "../../src/layout/dataset-path.ts";
import { constants } from "../encode-table.ts";
import { mulberry32 } from "../mulberry32.ts";

/** Two days of inputs: the second is what is monitored, the first what it is compared with. */
export interface MonitoredRows {
  readonly root: string;
  /** Of the second day. */
  readonly rows: number;
  /** Of the first one; default as many. */
  readonly baselineRows?: number;
  /** Columns of numbers: half of them amounts of many digits, half of a few, as counts and prices are. */
  readonly numbers: number;
  /** Columns of texts, of 20 categories. */
  readonly texts: number;
}

/** The collection. */
export const collection = "model_inputs";
/** The first instant of the first day. */
export const firstDay: number = Date.UTC(2026, 10, 22);
const dayMs = 86_400_000;
const groupRows = 100_000;
const batchRows = 4_096;
/** So many files of a day differ; more are other names of them, so that they need no room. */
const differing = 3;

/** Writes them, in files of 100,000 rows. */
export async function storeMonitoredRows({
  root,
  rows: rowsOfSecond,
  baselineRows = rowsOfSecond,
  numbers,
  texts,
}: MonitoredRows): Promise<void> {
  const encoder = createParquetEncoder();
  const types: ReadonlyMap<string, ColumnType> = new Map<string, ColumnType>([
    ...Array.from({ length: numbers }, (_, i) => [`n${i}`, "float64"] as const),
    ...Array.from({ length: texts }, (_, i) => [`t${i}`, "string"] as const),
  ]);
  for (const [day, rows] of [baselineRows, rowsOfSecond].entries()) {
    const made: string[] = [];
    for (let from = 0, file = 0; from < rows; from += groupRows, file++) {
      const size = Math.min(groupRows, rows - from);
      const partition = firstDay + day * dayMs + (file % 24) * 3_600_000;
      const id = `${day}${file.toString(16).padStart(31, "0")}`;
      const place = {
        format: "parquet",
        rollingRate: "hour",
        endpoint: "flights",
        deployment: "blue",
      } as const;
      const path = dataFilePath({ ...place, collection, partition }, { id, createdAt: partition });
      const target = join(root, path);
      await mkdir(dirname(target), { recursive: true });
      const known = size === groupRows ? made[file % differing] : undefined;
      if (known !== undefined) {
        await link(known, target);
        continue;
      }
      const batches = function* (): Generator<Batch, void, undefined> {
        for (let at = 0; at < size; at += batchRows)
          yield batchOf(Math.min(batchRows, size - at), {
            day,
            seed: file * groupRows + at,
            numbers,
            texts,
          });
      };
      await writeFile(
        target,
        encoder.encode(() => batches(), { schema: types, segment: id }),
      );
      made.push(target);
    }
  }
}

interface BatchShape {
  readonly day: number;
  readonly seed: number;
  readonly numbers: number;
  readonly texts: number;
}

function batchOf(rows: number, { day, seed, numbers, texts }: BatchShape): Batch {
  const random = mulberry32(seed * 2 + day + 1);
  const columns: BatchColumn[] = [];
  for (let i = 0; i < numbers; i++) {
    // The second day is a little higher in every fifth column.
    const shift = day === 1 && i % 5 === 0 ? 4 : 0;
    const value = (): number => (random() + random() + random()) * 20 + shift;
    columns.push(doubles(`n${i}`, rows, i % 2 === 0 ? value : () => Math.floor(value())));
  }
  for (let i = 0; i < texts; i++)
    columns.push({ ...whole(`t${i}`, "string", rows), values: categories(rows, random) });
  const header = { collection, partition: firstDay, frames: rows, rows, bytes: 0, untyped: [], constants };
  return {
    header: { ...header, declared: {} },
    frames: { rows: new Uint32Array(rows).fill(1), columns: frameColumns(rows, seed) },
    columns,
  };
}

function frameColumns(rows: number, seed: number): BatchColumn[] {
  const id = (): Values => fixedTexts(rows, 36, (i) => `${seed + i}`.padStart(36, "0"));
  const data = BigInt64Array.from({ length: rows }, () => BigInt(firstDay) * 1000n);
  const times: Values = { kind: "int64", data, min: data[0] ?? 0n, max: data[0] ?? 0n };
  const none = { validity: new Uint8Array(Math.ceil(rows / 8)), count: 0 };
  const noTexts: Values = { kind: "bytes", count: 0, data: new Uint8Array(0) };
  const ones = new Int32Array(rows).fill(1);
  return [
    { ...whole("mdc_correlation_id", "string", rows), values: id() },
    { ...whole("mdc_event_id", "string", rows), values: id() },
    { ...whole("mdc_event_time", "timestamp", rows), values: times },
    { ...whole("mdc_request_time", "timestamp", rows), values: times },
    { name: "mdc_request_id", type: "string", ...none, values: noTexts },
    { name: "mdc_client_request_id", type: "string", ...none, values: noTexts },
    doubles("mdc_sampling_rate", rows, () => 1),
    { ...whole("mdc_config_version", "int32", rows), values: { kind: "int32", data: ones, min: 1, max: 1 } },
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

function categories(rows: number, random: () => number): Values {
  const dictionary = fixedTexts(20, 10, (i) => `carrier ${String.fromCharCode(65 + i)}`.padEnd(10));
  if (dictionary.kind !== "bytes") throw new Error("texts are bytes");
  const codes = Uint32Array.from({ length: rows }, () => Math.floor(random() * random() * 20));
  return { kind: "dictionary", codes, dictionary };
}

/** Texts of one length. */
function fixedTexts(count: number, length: number, text: (i: number) => string): Values {
  const data = Buffer.alloc(count * (length + 4));
  for (let i = 0, at = 0; i < count; i++, at += length + 4) {
    data.writeUInt32LE(length, at);
    data.write(text(i), at + 4, "latin1");
  }
  return { kind: "bytes", count, data };
}
