import { createRequire } from "node:module";
import { zstdCompressSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { createParquetEncoder, type ParquetEncoderOptions } from "../../src/codec/parquet/parquet-encoder.ts";
import type { ColumnType } from "../../src/layout/column-type.ts";
import { correlationId, makeBatch, type PlainColumn } from "../support/make-batch.ts";
import { duckdbFile, fileBytes } from "../support/parquet-engines.ts";

/** A whole file that damage starts from. */
export interface WholeFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Each page has a checksum: whatever becomes of a page's bytes is found out. */
  readonly checksums: boolean;
}

/** A correlation id that every file has. */
export const storedId: string = correlationId(1, 2);

/**
 * Files of this package's encoder, and the same rows by the hands of others, with types that only they write.
 */
export async function wholeFiles(): Promise<WholeFile[]> {
  const ours = await ownFile({ pageBytes: 300, rowGroupRows: 60 });
  const foreign = (name: string, bytes: Uint8Array): WholeFile => ({ name, bytes, checksums: false });
  const odd = `SELECT *, {'a': d, 'b': [i, NULL]} AS st, MAP {'k': i} AS mp, [[1, 2], NULL, []] AS ll,
    d::DECIMAL(20, 2) AS de, DATE '2026-11-22' AS da, b::UTINYINT AS ub, '{"a":[1]}'::JSON AS js,
    '0192f3a1-0000-7abc-8def-000000000000'::UUID AS u FROM FILE`;
  return [
    { name: "ours", bytes: ours, checksums: true },
    { name: "ours, uncompressed", bytes: await ownFile({ compression: "none" }), checksums: true },
    foreign("DuckDB, uncompressed", await duckdbFile(ours, "SELECT * FROM FILE", "CODEC uncompressed")),
    foreign("DuckDB, snappy", await duckdbFile(ours, odd, "CODEC snappy")),
    foreign(
      "DuckDB, version 2",
      await duckdbFile(ours, odd, "CODEC zstd, PARQUET_VERSION V2, ROW_GROUP_SIZE 2048"),
    ),
    foreign("arrow-rs, uncompressed", arrowFile(ours, 0, 0)),
    foreign("arrow-rs, version 2, snappy", arrowFile(ours, 1, 1)),
    foreign("hyparquet-writer", hyparquetFile()),
  ];
}

async function ownFile(options: ParquetEncoderOptions): Promise<Uint8Array> {
  const rows = 40;
  const cells = <T>(make: (row: number) => T): (T | null)[] =>
    Array.from({ length: rows }, (_, row) => (row % 7 === 3 ? null : make(row)));
  const columns: readonly PlainColumn[] = [
    { name: "d", type: "float64", cells: cells((row) => row / 3) },
    { name: "i", type: "int64", cells: cells((row) => BigInt(row) ** 9n) },
    { name: "b", type: "boolean", cells: cells((row) => row % 2 === 0) },
    { name: "s", type: "string", cells: cells((row) => `text ${"é".repeat(row % 5)} ${row}`) },
    { name: "w", type: "string", cells: cells((row) => (row % 3 === 0 ? "SEA" : "JFK")), dictionary: true },
    { name: "t", type: "timestamp", cells: cells((row) => 1_700_000_000_000_000n + BigInt(row * row)) },
    { name: "x", type: "binary", cells: cells((row) => Uint8Array.of(row, 255 - row)) },
    { name: "l", type: { list: "string" }, cells: cells((row) => ["a", null, `b${row}`].slice(row % 4)) },
  ];
  const schema = new Map(columns.map(({ name, type }) => [name, type as ColumnType]));
  const batches = [0, 1, 2].map((seed) => makeBatch({ seed, frames: [1, 30, 5, 4], columns }));
  return await fileBytes(createParquetEncoder(options).encode(() => batches, { schema, segment: "s" }));
}

interface ArrowRs {
  readParquet(bytes: Uint8Array): object;
  writeParquet(table: object, properties: object): Uint8Array;
  WriterPropertiesBuilder: new () => ArrowProperties;
}

interface ArrowProperties {
  setWriterVersion(version: number): ArrowProperties;
  setCompression(compression: number): ArrowProperties;
  setDataPageSizeLimit(bytes: number): ArrowProperties;
  build(): object;
}

/** `version` 0 is 1.0 and 1 is 2.0; `compression` 0 is none and 1 is snappy. */
function arrowFile(bytes: Uint8Array, version: number, compression: number): Uint8Array {
  const arrow = createRequire(import.meta.url)("parquet-wasm") as ArrowRs;
  const properties = new arrow.WriterPropertiesBuilder()
    .setWriterVersion(version)
    .setCompression(compression)
    .setDataPageSizeLimit(512)
    .build();
  return arrow.writeParquet(arrow.readParquet(bytes), properties);
}

function hyparquetFile(): Uint8Array {
  const rows = Array.from({ length: 50 }, (_, row) => row);
  const micros = BigInt(Date.parse("2026-11-22T05:10:00Z")) * 1000n;
  const time = { type: "INT64", converted_type: "TIMESTAMP_MICROS", repetition_type: "REQUIRED" } as const;
  const text = { type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" } as const;
  const bytes = parquetWriteBuffer({
    schema: [
      { name: "root", num_children: 6 },
      { name: "mdc_correlation_id", ...text },
      { name: "mdc_row_index", type: "INT32", repetition_type: "REQUIRED" },
      { name: "mdc_event_id", ...text },
      { name: "mdc_event_time", ...time },
      { name: "mdc_request_time", ...time },
      { name: "s", ...text },
    ],
    columnData: [
      {
        name: "mdc_correlation_id",
        data: rows.map((row) => (row < 25 ? storedId : "other")),
        bloomFilter: true,
      },
      { name: "mdc_row_index", data: rows },
      { name: "mdc_event_id", data: rows.map(() => "event") },
      { name: "mdc_event_time", data: rows.map((row) => micros + BigInt(row)) },
      { name: "mdc_request_time", data: rows.map(() => micros) },
      { name: "s", data: rows.map((row) => (row % 5 === 0 ? null : `text ${row}`)) },
    ].map((column) => ({ ...column, columnIndex: true })),
    codec: "ZSTD",
    compressors: { ZSTD: (input) => zstdCompressSync(input) },
    rowGroupSize: 20,
  });
  return new Uint8Array(bytes);
}
