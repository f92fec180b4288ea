import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DuckDBBlobValue,
  type DuckDBConnection,
  DuckDBInstance,
  DuckDBListValue,
  DuckDBTimestampTZValue,
} from "@duckdb/node-api";
import { tableFromIPC } from "@uwdata/flechette";
import { memorySource } from "../../src/codec/range-source.ts";
import { readParquetRows } from "./parquet-rows.ts";

/**
 * Readers of Parquet files that are not ours, made to answer alike: rows of columns as number (float64,
 * int32), bigint (int64; timestamp as microseconds), boolean, string, `x` and hex digits (binary), array
 * (list), null.
 */
export interface Engine {
  readonly name: string;
  /** Columns it can give back in JavaScript; default all. */
  readonly knows?: (type: string) => boolean;
  /** What it makes of an expected value, where it cannot give it back exactly. */
  readonly lossy?: (value: unknown) => unknown;
  rows(bytes: Uint8Array, types: ReadonlyMap<string, string>): Promise<Record<string, unknown>[]>;
}

/** The bytes of a whole file. */
export async function fileBytes(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(new Uint8Array(piece));
  return new Uint8Array(Buffer.concat(all));
}

let connection: Promise<DuckDBConnection> | undefined;

async function connect(): Promise<DuckDBConnection> {
  const opened = await (await DuckDBInstance.create(":memory:")).connect();
  await opened.run("SET threads = 1; SET TimeZone = 'UTC'");
  return opened;
}

/** Runs a query over the file, in which it is named `FILE`. */
export async function duckdbQuery(bytes: Uint8Array, sql: string): Promise<Record<string, unknown>[]> {
  return await withDuckdb(bytes, async (duckdb, file) => {
    const reader = await duckdb.runAndReadAll(sql.replaceAll("FILE", `'${file}'`));
    return reader.getRowObjects().map((row) => mapValues(row, fromDuckdb));
  });
}

/** All rows of a collection below a destination, as DuckDB reads them; in the order of collection. */
export async function duckdbCollection(
  destination: string,
  collection: string,
): Promise<Record<string, unknown>[]> {
  const files = `${destination}/*/*/${collection}/**/*.parquet`;
  if (globSync(files).length === 0) return [];
  const sql = `SELECT * FROM read_parquet('${files}', union_by_name = true)`;
  return await duckdbSql(`${sql} ORDER BY mdc_event_id, mdc_row_index`);
}

/** The rows that a query gives. */
export async function duckdbSql(sql: string): Promise<Record<string, unknown>[]> {
  const opened = await (connection ??= connect());
  const reader = await opened.runAndReadAll(sql);
  return reader.getRowObjects().map((row) => mapValues(row, fromDuckdb));
}

/** The file that DuckDB writes of a query's rows; `options` as its `COPY` takes them. */
export async function duckdbFile(bytes: Uint8Array, sql: string, options: string): Promise<Uint8Array> {
  return await withDuckdb(bytes, async (duckdb, file) => {
    const query = sql.replaceAll("FILE", `'${file}'`);
    await duckdb.run(`COPY (${query}) TO '${file}.copy' (FORMAT parquet, ${options})`);
    return new Uint8Array(readFileSync(`${file}.copy`));
  });
}

async function withDuckdb<T>(
  bytes: Uint8Array,
  use: (duckdb: DuckDBConnection, file: string) => Promise<T>,
): Promise<T> {
  connection ??= connect();
  const folder = mkdtempSync(join(tmpdir(), "mdc-parquet-"));
  try {
    const file = join(folder, "file.parquet");
    writeFileSync(file, bytes);
    return await use(await connection, file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The bindings take U+FEFF at a text's beginning for a byte order mark and drop it. */
const withoutMark = (value: unknown): unknown =>
  typeof value === "string" && value.startsWith("\ufeff") ? value.slice(1) : value;

export const duckdb: Engine = {
  name: "DuckDB",
  lossy: withoutMark,
  rows: (bytes) => duckdbQuery(bytes, "SELECT * FROM FILE"),
};

/** arrow-rs, compiled to WebAssembly. */
export const arrowRs: Engine = {
  name: "arrow-rs",
  lossy: withoutMark,
  async rows(bytes, types) {
    const table = parquetWasm().readParquet(bytes);
    const arrow = tableFromIPC(table.intoIPCStream(), { useBigInt: true, useDate: false });
    const columns = [...types].map(([name, type]) => {
      const column = arrow.getChild(name);
      return [
        name,
        Array.from({ length: arrow.numRows }, (_, row) => fromArrow(column.at(row), type)),
      ] as const;
    });
    return Array.from({ length: arrow.numRows }, (_, row) =>
      Object.fromEntries(columns.map(([name, values]) => [name, values[row]])),
    );
  },
};

export const hyparquet: Engine = {
  name: "hyparquet",
  async rows(bytes) {
    const rows: Record<string, unknown>[] = [];
    for await (const part of readParquetRows(memorySource(bytes), { timestamps: "micros" }))
      rows.push(...part);
    return rows.map((row) => mapValues(row, hexBytes));
  },
};

/** Its binding has no binary values and gives 64-bit integers as doubles. */
export const polars: Engine = {
  name: "polars",
  knows: (type) => !type.includes("binary"),
  lossy: (value) => (typeof value === "bigint" ? Number(value) : value),
  async rows(bytes, types) {
    const pl = nodejsPolars();
    const names = [...types.keys()].filter((name) => !types.get(name)?.includes("binary"));
    const selected = names.map((name) => {
      const type = types.get(name);
      if (type === "timestamp") return pl.col(name).cast(pl.Int64);
      if (type === "list<timestamp>") return pl.col(name).cast(pl.List(pl.Int64));
      return pl.col(name);
    });
    return pl
      .readParquet(Buffer.from(bytes))
      .select(...selected)
      .toRecords();
  },
};

export const engines: readonly Engine[] = [duckdb, arrowRs, hyparquet, polars];

interface ArrowTable {
  intoIPCStream(): Uint8Array;
}

const require = createRequire(import.meta.url);

function parquetWasm(): { readParquet(bytes: Uint8Array): ArrowTable } {
  return require("parquet-wasm") as { readParquet(bytes: Uint8Array): ArrowTable };
}

type Polars = typeof import("nodejs-polars").default;

function nodejsPolars(): Polars {
  return require("nodejs-polars") as Polars;
}

function mapValues(
  row: Readonly<Record<string, unknown>>,
  change: (value: unknown) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, change(value)]));
}

function fromDuckdb(value: unknown): unknown {
  if (value instanceof DuckDBListValue) return value.items.map(fromDuckdb);
  if (value instanceof DuckDBTimestampTZValue) return value.micros;
  return hexBytes(value instanceof DuckDBBlobValue ? value.bytes : value);
}

function fromArrow(value: unknown, type: string): unknown {
  const element = /^list<(.*)>$/.exec(type)?.[1];
  if (element !== undefined)
    return value === null ? null : Array.from(value as [], (item) => fromArrow(item, element));
  // Milliseconds with a fraction, exact to the microsecond in the years that tests use.
  if (type === "timestamp" && typeof value === "number") return BigInt(Math.round(value * 1000));
  return hexBytes(value);
}

/** `x` and hex digits for bytes, also within lists; undefined becomes null. */
export function hexBytes(value: unknown): unknown {
  if (value instanceof Uint8Array) return `x${Buffer.from(value).toString("hex")}`;
  if (Array.isArray(value)) return value.map(hexBytes);
  return value ?? null;
}
