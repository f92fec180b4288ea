import { createRequire } from "node:module";
import { type ColumnChunk, parquetMetadata } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { expect, test } from "vitest";
import { openParquet } from "../../../src/codec/parquet/parquet-file.ts";
import { memorySource } from "../../../src/codec/range-source.ts";
import { duckdbFile } from "../../support/parquet-engines.ts";

const require = createRequire(import.meta.url);
const long = "x".repeat(200);

/** Files of writers that say different things in their footers. */
const writers: Readonly<Record<string, () => Promise<Uint8Array>>> = {
  DuckDB: () =>
    duckdbFile(
      new Uint8Array(),
      `SELECT i AS id, i / 3 AS part, 'k' || i % 9 AS kind, '${long}' || i AS long, NULL::INT AS none,
        {'x': i, 'y': [i, i + 1]} AS nested, i % 2 = 0 AS even, TIMESTAMPTZ '2026-11-22' AS at FROM range(9000) r(i)`,
      "COMPRESSION zstd, ROW_GROUP_SIZE 4096, KV_METADATA {who: 'somebody'}",
    ),
  "arrow-rs": async () => {
    const wasm = require("parquet-wasm") as typeof import("parquet-wasm");
    return wasm.writeParquet(wasm.readParquet(await writers["DuckDB"]!()));
  },
  polars: async () => {
    const pl = require("nodejs-polars") as typeof import("nodejs-polars").default;
    const frame = pl.DataFrame({ id: [1, 2, 3], text: ["a", null, long], flag: [true, false, null] });
    return new Uint8Array(frame.writeParquet());
  },
  hyparquet: async () =>
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: "id", data: [1n, 2n, 3n] },
          { name: "text", data: ["b", "a", long] },
        ],
      }),
    ),
};

test.each(Object.keys(writers))("a footer of %s says what hyparquet reads in it", async (writer) => {
  const bytes = await writers[writer]!();
  const { metadata } = await openParquet(memorySource(bytes));
  const expected = parquetMetadata(new Uint8Array(bytes).buffer, { geoparquet: false });
  expect(metadata.rows).toBe(Number(expected.num_rows));
  expect(metadata.createdBy).toBe(expected.created_by);
  expect(metadata.keyValues).toEqual(expected.key_value_metadata ?? []);
  expect(metadata.schema.map(({ name }) => name)).toEqual(expected.schema.map(({ name }) => name));
  expect(metadata.rowGroups).toHaveLength(expected.row_groups.length);
  for (const [i, group] of metadata.rowGroups.entries()) {
    const other = expected.row_groups[i]!;
    expect(group.rows).toBe(Number(other.num_rows));
    expect(group.bytes).toBe(Number(other.total_byte_size));
    expect(group.compressedBytes).toBe(numberOf(other.total_compressed_size));
    expect(group.columns.map((chunk) => ({ ...chunk, statistics: undefined }))).toEqual(
      other.columns.map(asChunk),
    );
    for (const [j, { statistics }] of group.columns.entries()) {
      const said = other.columns[j]?.meta_data?.statistics;
      expect(statistics?.nulls).toBe(numberOf(said?.null_count));
      expect(statistics?.isMinExact).toBe(said?.is_min_value_exact);
      expect(statistics?.isMaxExact).toBe(said?.is_max_value_exact);
      // Instants are numbers here, and dates there.
      if (said?.min_value instanceof Date) continue;
      expect(statistics?.min).toEqual(said?.min_value);
      expect(statistics?.max).toEqual(said?.max_value);
    }
  }
});

test("bounds that were cut are known to be, by what the file says", async () => {
  const bytes = await writers["arrow-rs"]!();
  const { metadata } = await openParquet(memorySource(bytes));
  const chunk = metadata.rowGroups[0]?.columns.find(({ path }) => path[0] === "long");
  expect(chunk?.statistics).toMatchObject({ isMinExact: false, isMaxExact: false });
});

function numberOf(value: bigint | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

function asChunk({ meta_data: meta, file_path, ...chunk }: ColumnChunk): object {
  return {
    isPlaced: meta !== undefined,
    isInAnotherFile: file_path !== undefined,
    path: meta?.path_in_schema,
    type: meta?.type,
    codec: meta?.codec,
    values: numberOf(meta?.num_values),
    bytes: numberOf(meta?.total_uncompressed_size),
    compressedBytes: numberOf(meta?.total_compressed_size),
    pagesAt: numberOf(meta?.data_page_offset),
    dictionaryAt: numberOf(meta?.dictionary_page_offset) ?? 0,
    filterAt: numberOf(meta?.bloom_filter_offset) ?? 0,
    filterLength: meta?.bloom_filter_length ?? 0,
    offsetIndexAt: numberOf(chunk.offset_index_offset) ?? 0,
    offsetIndexLength: chunk.offset_index_length ?? 0,
    columnIndexAt: numberOf(chunk.column_index_offset) ?? 0,
    columnIndexLength: chunk.column_index_length ?? 0,
    statistics: undefined,
  };
}
