import { randomUUID } from "node:crypto";
import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { constants, zstdCompressSync } from "node:zlib";
import { DuckDBDataChunk, DuckDBInstance, DuckDBTimestampTZValue } from "@duckdb/node-api";
import { parquetWriteBuffer } from "hyparquet-writer";
import { createParquetEncoder } from "../src/codec/parquet/parquet-encoder.ts";
import type { Batch } from "../src/frame/batch.ts";
import { collectedRows, withSystemColumns } from "./encode-rows.ts";
import { makeTable, schema, type Table, tableBatches } from "./encode-table.ts";

/** One of those compared: writes its table and tells how many bytes it became. */
export interface Contender {
  readonly rows: number;
  write(): Promise<number>;
}

/**
 * All that are compared, by name; each makes its own table of so many rows. The first is what ratios are to.
 */
export const contenders: Readonly<
  Record<string, (rows: number, folder: string) => Contender | Promise<Contender>>
> = {
  "ours, zstd, frames of 10 rows": (rows) => ours(makeTable(rows), 10, "zstd"),
  "ours, zstd, frames of 1 row": (rows) => ours(makeTable(rows), 1, "zstd"),
  "ours, zstd, frames of 2,000 rows": (rows) => ours(makeTable(rows), 2000, "zstd"),
  "ours, no compression, frames of 10 rows": (rows) => ours(makeTable(rows), 10, "none"),
  "ours from arrays, zstd, frames of 10 rows": (rows) => ({ rows, write: collectedRows(rows, 10) }),
  "ours from arrays, zstd, frames of 2,000 rows": (rows) => ({ rows, write: collectedRows(rows, 2000) }),
  "nodejs-polars, zstd": (rows, folder) => polars(makeTable(rows), join(folder, "polars.parquet")),
  "DuckDB, appender and COPY, zstd": (rows, folder) =>
    duckdb(makeTable(rows), join(folder, "duckdb.parquet")),
  "hyparquet-writer, zstd": (rows) => hyparquetWriter(makeTable(rows)),
  "nodejs-polars, zstd, 39 columns": (rows, folder) =>
    polars(withSystemColumns(makeTable(rows)), join(folder, "polars-39.parquet")),
  "DuckDB, appender and COPY, zstd, 39 columns": (rows, folder) =>
    duckdb(withSystemColumns(makeTable(rows)), join(folder, "duckdb-39.parquet")),
  "hyparquet-writer, zstd, 39 columns": (rows) => hyparquetWriter(withSystemColumns(makeTable(rows))),
  // So slow that it gets a fiftieth of the rows.
  "parquetjs-lite, snappy": (rows, folder) =>
    parquetjsLite(makeTable(Math.ceil(rows / 50)), join(folder, "lite")),
};

function ours(table: Table, rowsPerFrame: number, compression: "zstd" | "none"): Contender {
  const batches: readonly Batch[] = tableBatches(table, rowsPerFrame);
  const encoder = createParquetEncoder({ compression });
  return {
    rows: table.rows,
    async write() {
      let bytes = 0;
      for await (const piece of encoder.encode(() => batches, { schema, segment: "benchmark" }))
        bytes += piece.length;
      return bytes;
    },
  };
}

function hyparquetWriter(table: Table): Contender {
  const level = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
  const types = {
    float64: "DOUBLE",
    int64: "INT64",
    string: "STRING",
    boolean: "BOOLEAN",
    timestamp: "TIMESTAMP",
  } as const;
  const columnData = Object.entries(table.kinds).map(([name, kind]) => ({
    name,
    data: [...(table.columns[name] ?? [])],
    type: types[kind],
    nullable: true,
  }));
  return {
    rows: table.rows,
    async write() {
      const compressors = { ZSTD: (bytes: Uint8Array) => zstdCompressSync(bytes, level) };
      return parquetWriteBuffer({ columnData, codec: "ZSTD", compressors }).byteLength;
    },
  };
}

async function duckdb(table: Table, file: string): Promise<Contender> {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const types = {
    float64: "DOUBLE",
    int64: "BIGINT",
    string: "VARCHAR",
    boolean: "BOOLEAN",
    timestamp: "TIMESTAMPTZ",
  };
  const columns = Object.entries(table.kinds)
    .map(([name, kind]) => `${name} ${types[kind]}`)
    .join(", ");
  const values = Object.entries(table.kinds).map(([name, kind]) => {
    const cells = table.columns[name] ?? [];
    if (kind !== "timestamp") return cells;
    return cells.map((value) => new DuckDBTimestampTZValue(BigInt(Number(value)) * 1000n));
  });
  return {
    rows: table.rows,
    async write() {
      await connection.run(`CREATE OR REPLACE TABLE t (${columns})`);
      const appender = await connection.createAppender("t");
      const kinds = appender.columnCount;
      const columnTypes = Array.from({ length: kinds }, (_, index) => appender.columnType(index));
      for (let start = 0; start < table.rows; start += 2048) {
        const chunk = DuckDBDataChunk.create(columnTypes);
        chunk.setColumns(values.map((column) => column.slice(start, start + 2048)) as never);
        appender.appendDataChunk(chunk);
      }
      appender.closeSync();
      await connection.run(`COPY t TO '${file}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)`);
      return statSync(file).size;
    },
  };
}

const require = createRequire(import.meta.url);

function polars(table: Table, file: string): Contender {
  const pl = require("nodejs-polars") as typeof import("nodejs-polars").default;
  const types = {
    float64: pl.Float64,
    int64: pl.Int64,
    string: pl.Utf8,
    boolean: pl.Bool,
    timestamp: pl.Datetime("ms", "UTC"),
  };
  // Its binding makes nulls of bigints; these are all within the exact doubles.
  const arrays = Object.fromEntries(
    Object.entries(table.columns).map(([name, cells]) => {
      return [name, cells.map((cell) => (typeof cell === "bigint" ? Number(cell) : cell))];
    }),
  );
  return {
    rows: table.rows,
    async write() {
      const series = Object.entries(table.kinds).map(([name, kind]) =>
        pl.Series(name, arrays[name] as never, types[kind]),
      );
      pl.DataFrame(series).writeParquet(file, { compression: "zstd" });
      return statSync(file).size;
    },
  };
}

/** The parts of parquetjs-lite used here; it has no types. */
interface ParquetjsLite {
  readonly ParquetSchema: new (fields: Record<string, unknown>) => unknown;
  readonly ParquetWriter: {
    openFile(
      schema: unknown,
      file: string,
    ): Promise<{ appendRow(row: unknown): Promise<void>; close(): Promise<void> }>;
  };
}

function parquetjsLite(table: Table, file: string): Contender {
  const { ParquetSchema, ParquetWriter } = require("parquetjs-lite") as ParquetjsLite;
  const types = {
    float64: "DOUBLE",
    int64: "INT64",
    string: "UTF8",
    boolean: "BOOLEAN",
    timestamp: "TIMESTAMP_MILLIS",
  };
  const fields = Object.entries(table.kinds).map(([name, kind]) => [
    name,
    { type: types[kind], compression: "SNAPPY", optional: true },
  ]);
  const parquetSchema = new ParquetSchema(Object.fromEntries(fields));
  const rows = Array.from({ length: table.rows }, (_, row) => {
    const entries = Object.entries(table.columns).map(([name, cells]) => {
      const value = cells[row] ?? undefined;
      return [name, typeof value === "bigint" ? Number(value) : value];
    });
    return Object.fromEntries(entries) as Record<string, unknown>;
  });
  return {
    rows: table.rows,
    async write() {
      const path = `${file}-${randomUUID()}`;
      const writer = await ParquetWriter.openFile(parquetSchema, path);
      for (const row of rows) await writer.appendRow(row);
      await writer.close();
      return statSync(path).size;
    },
  };
}
