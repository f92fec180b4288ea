import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import type { SchemaElement } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";

/**
 * Stored data by another hand: files in the documented layout and types, written by hyparquet-writer, so that
 * the reader is tested against the contract and not against this package's own encoder.
 */

/** One collected frame. */
export interface StoredFrame {
  readonly collection: string;
  readonly id: string;
  /** ISO 8601. */
  readonly requestTime: string;
  /** ISO 8601; default the request time. */
  readonly eventTime?: string;
  readonly eventId?: string;
  /** JSON. */
  readonly tags?: string;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** Types of feature columns, as Parquet has them. */
export type FeatureTypes = Readonly<Record<string, "DOUBLE" | "INT64" | "BOOLEAN" | "STRING" | "TIMESTAMP">>;

/** Options of {@link storeFile}. */
export interface StoreFileOptions {
  readonly endpoint?: string;
  readonly deployment?: string;
  readonly rate?: "day" | "hour" | "minute";
  readonly rowGroupRows?: number;
  readonly name?: string;
}

let files = 0;

/**
 * Writes one file with these frames, which must be of one collection and one partition; returns its path
 * below `root`.
 */
export function storeFile(
  root: string,
  frames: readonly StoredFrame[],
  types: FeatureTypes,
  options: StoreFileOptions = {},
): string {
  const { endpoint = "flights", deployment = "blue", rate = "hour", rowGroupRows = 100_000 } = options;
  const [first] = frames;
  if (first === undefined) throw new Error("a file needs a frame");
  const withTags = frames.some(({ tags }) => tags !== undefined);
  const rows = frames.flatMap((frame) =>
    frame.rows.map((row, index) => ({
      ...row,
      mdc_correlation_id: frame.id,
      mdc_row_index: index,
      mdc_event_id: frame.eventId ?? `event-of-${frame.id}-in-${frame.collection}`,
      mdc_event_time: micros(frame.eventTime ?? frame.requestTime),
      mdc_request_time: micros(frame.requestTime),
      mdc_tags: frame.tags ?? null,
    })),
  );
  const schema: SchemaElement[] = [
    { name: "root", num_children: 5 + Number(withTags) + Object.keys(types).length },
    text("mdc_correlation_id", "REQUIRED"),
    { name: "mdc_row_index", type: "INT32", repetition_type: "REQUIRED" },
    text("mdc_event_id", "REQUIRED"),
    timestamp("mdc_event_time", "REQUIRED"),
    timestamp("mdc_request_time", "REQUIRED"),
    ...(withTags ? [text("mdc_tags", "OPTIONAL")] : []),
    ...Object.entries(types).map(([name, type]): SchemaElement => {
      if (type === "STRING") return text(name, "OPTIONAL");
      if (type === "TIMESTAMP") return timestamp(name, "OPTIONAL");
      return { name, type, repetition_type: "OPTIONAL" };
    }),
  ];
  const columnData = schema.slice(1).map(({ name }) => ({
    name,
    data: rows.map((row) => (row as Record<string, unknown>)[name] ?? null),
    bloomFilter: name === "mdc_correlation_id",
    columnIndex: true,
  }));
  const bytes = parquetWriteBuffer({
    columnData,
    schema,
    codec: "ZSTD",
    compressors: { ZSTD: (input) => zstdCompressSync(input) },
    rowGroupSize: rowGroupRows,
    // As many bytes as the package's own files have of them.
    statisticsTruncateLength: 64,
  });
  const name = options.name ?? `${String(files++).padStart(6, "0")}.parquet`;
  const path = `${endpoint}/${deployment}/${first.collection}/${partition(first.requestTime, rate)}/${name}`;
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), new Uint8Array(bytes));
  return path;
}

/** A UUIDv7 of a moment; `serial` keeps ids of one moment apart. */
export function idAt(time: string, serial = 0): string {
  const ms = Date.parse(time).toString(16).padStart(12, "0");
  return `${ms.slice(0, 8)}-${ms.slice(8)}-7000-8000-${serial.toString(16).padStart(12, "0")}`;
}

function partition(time: string, rate: "day" | "hour" | "minute"): string {
  const [date, hour, minute] = [time.slice(0, 10), time.slice(11, 13), time.slice(14, 16)];
  const folders = [`inference_date=${date}`, `inference_hour=${hour}`, `inference_minute=${minute}`];
  return folders.slice(0, { day: 1, hour: 2, minute: 3 }[rate]).join("/");
}

function micros(time: string): bigint {
  return BigInt(Date.parse(time)) * 1000n;
}

function text(name: string, repetition_type: "REQUIRED" | "OPTIONAL"): SchemaElement {
  return {
    name,
    type: "BYTE_ARRAY",
    converted_type: "UTF8",
    logical_type: { type: "STRING" },
    repetition_type,
  };
}

function timestamp(name: string, repetition_type: "REQUIRED" | "OPTIONAL"): SchemaElement {
  return {
    name,
    type: "INT64",
    converted_type: "TIMESTAMP_MICROS",
    logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" },
    repetition_type,
  };
}
