import { parquetMetadata, readColumnIndex, readOffsetIndex } from "hyparquet";
import { describe, expect, test } from "vitest";
import { parseWhere } from "../../../src/layout/filter/where.ts";
import { openParquet, readParquetColumns } from "../../../src/codec/parquet/parquet-decoder.ts";
import {
  createParquetEncoder,
  type ParquetEncoderOptions,
} from "../../../src/codec/parquet/parquet-encoder.ts";
import { memorySource } from "../../../src/codec/range-source.ts";
import type { Batch } from "../../../src/frame/batch.ts";
import type { ColumnType } from "../../../src/layout/column-type.ts";
import { correlationId, makeBatch, type Plain } from "../../support/make-batch.ts";
import { duckdbQuery, fileBytes } from "../../support/parquet-engines.ts";

async function encode(
  batches: readonly Batch[],
  type: ColumnType,
  options?: ParquetEncoderOptions,
): Promise<Uint8Array> {
  const schema = new Map([["x", type]]);
  return fileBytes(createParquetEncoder(options).encode(() => batches, { schema, segment: "s" }));
}

function batch(type: ColumnType, cells: readonly Plain[], seed = 0): Batch {
  return makeBatch({ seed, columns: [{ name: "x", type, cells }] });
}

async function statistics(bytes: Uint8Array, path = "x"): Promise<Record<string, unknown>[]> {
  return duckdbQuery(
    bytes,
    `SELECT * FROM parquet_metadata(FILE) WHERE path_in_schema = '${path}' ORDER BY row_group_id`,
  );
}

function range<T>(count: number, cell: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => cell(i));
}

describe("statistics of a row group", () => {
  test.each<[ColumnType, readonly Plain[], string, string, number]>([
    ["float64", [3, -2.5, null, 8], "-2.5", "8.0", 1],
    ["int64", [-(2n ** 62n), null, null, 5n], String(-(2n ** 62n)), "5", 2],
    ["boolean", [true, false], "false", "true", 0],
    ["string", ["b", "é", "a", "z"], "a", "é", 0],
    ["string", ["\uffff", "\u{10000}"], "\uffff", "\u{10000}", 0],
    [
      "timestamp",
      [1_700_000_000_000_001n],
      "2023-11-14 22:13:20.000001+00",
      "2023-11-14 22:13:20.000001+00",
      0,
    ],
  ])("of %s are its least and greatest value and its nulls", async (type, cells, min, max, nulls) => {
    const [row] = await statistics(await encode([batch(type, cells)], type));
    expect([row?.["stats_min_value"], row?.["stats_max_value"]]).toEqual([min, max]);
    expect(Number(row?.["stats_null_count"])).toBe(nulls);
    expect([row?.["min_is_exact"], row?.["max_is_exact"]]).toEqual([true, true]);
  });

  test("count the nulls of a list's elements, empty and missing lists included", async () => {
    const bytes = await encode([batch({ list: "int64" }, [[1n, null], [], null, [7n]])], { list: "int64" });
    const [row] = await statistics(bytes, "x, list, element");
    expect([row?.["stats_min_value"], row?.["stats_max_value"]]).toEqual(["1", "7"]);
    expect([Number(row?.["stats_null_count"]), Number(row?.["num_values"])]).toEqual([3, 5]);
  });

  test("cover both zeros, whose order is not defined", async () => {
    const bytes = await encode([batch("float64", [0, -0])], "float64");
    const found = footer(bytes).row_groups[0]?.columns.at(-1)?.meta_data?.statistics;
    expect([found?.min_value, found?.max_value]).toEqual([-0, 0]);
  });

  test.each([
    { cells: [0, 1, 2], bounds: [0, 2], exact: [false, true] },
    { cells: [-3, -1, 0], bounds: [-3, 0], exact: [true, false] },
    { cells: [-0], bounds: [-0, -0], exact: [false, false] },
    { cells: [-1, 5], bounds: [-1, 5], exact: [true, true] },
  ])(
    "say of a zero that it may be the other one, so that DuckDB does not take $cells for others",
    async ({ cells, bounds: [least, greatest], exact }) => {
      const bytes = await encode([batch("float64", cells)], "float64");
      const [row] = await statistics(bytes);
      expect([row?.["min_is_exact"], row?.["max_is_exact"]]).toEqual(exact);
      const [found] = await duckdbQuery(bytes, "SELECT min(x) AS least, max(x) AS greatest FROM FILE");
      expect(Object.is(found?.["least"], least)).toBe(true);
      expect(Object.is(found?.["greatest"], greatest)).toBe(true);
    },
  );

  test("have no bounds when there is a NaN, so that no engine skips it", async () => {
    const bytes = await encode([batch("float64", [1, Number.NaN, 3])], "float64");
    const [row] = await statistics(bytes);
    expect([row?.["stats_min_value"], row?.["stats_max_value"]]).toEqual([null, null]);
    // DuckDB orders NaN above all numbers.
    const [count] = await duckdbQuery(bytes, "SELECT count(*)::INT AS n FROM FILE WHERE x > 5");
    expect(count?.["n"]).toBe(1);
  });

  test("cut long text after a whole character, upwards for the greatest value", async () => {
    const long = "é".repeat(40);
    const bytes = await encode([batch("string", [long, `${long}b`])], "string");
    const [row] = await statistics(bytes);
    expect(row?.["stats_min_value"]).toBe("é".repeat(32));
    expect(row?.["stats_max_value"]).toBe(`${"é".repeat(31)}ê`);
    expect([row?.["min_is_exact"], row?.["max_is_exact"]]).toEqual([false, false]);
    const [count] = await duckdbQuery(bytes, `SELECT count(*)::INT AS n FROM FILE WHERE x = '${long}b'`);
    expect(count?.["n"]).toBe(1);
  });

  test("leave the greatest value out when nothing short is above it", async () => {
    const bytes = await encode([batch("binary", [new Uint8Array(70).fill(0xff)])], "binary");
    const [row] = await statistics(bytes);
    expect(row?.["stats_max_value"]).toBeNull();
  });

  test("let DuckDB skip row groups", async () => {
    const batches = range(4, (i) =>
      batch(
        "int64",
        range(100, (row) => BigInt(i * 100 + row)),
        i,
      ),
    );
    const bytes = await encode(batches, "int64", { rowGroupRows: 100 });
    const rows = await statistics(bytes);
    expect(rows.map((row) => row["stats_min_value"])).toEqual(["0", "100", "200", "300"]);
    const [count] = await duckdbQuery(
      bytes,
      "SELECT count(*)::INT AS n FROM FILE WHERE x BETWEEN 150 AND 160",
    );
    expect(count?.["n"]).toBe(11);
  });
});

describe("the page index", () => {
  test("gives each page's place, first row, bounds and nulls", async () => {
    const cells = range(64, (i) => (i < 8 ? null : i % 16 === 1 ? null : Math.sqrt(i)));
    const bytes = await encode([batch("float64", cells)], "float64", { pageBytes: 8, compression: "none" });
    const { columnIndex, offsetIndex } = indexes(bytes);
    expect(offsetIndex.page_locations.map((page) => Number(page.first_row_index))).toEqual(
      range(8, (i) => i * 8),
    );
    expect(columnIndex.null_pages).toEqual([true, ...range(7, () => false)]);
    expect(columnIndex.null_counts?.map(Number)).toEqual([8, 0, 1, 0, 1, 0, 1, 0]);
    expect(columnIndex.boundary_order).toBe("ASCENDING");
    const real = range(7, (page) => cells.slice(8 + page * 8, 16 + page * 8).filter((cell) => cell !== null));
    expect(columnIndex.min_values.slice(1)).toEqual(real.map((values) => Math.min(...values)));
    expect(columnIndex.max_values.slice(1)).toEqual(real.map((values) => Math.max(...values)));
  });

  test("is left out for a column with a NaN", async () => {
    const cells = range(64, (i) => (i === 9 ? Number.NaN : i));
    const bytes = await encode([batch("float64", cells)], "float64", { pageBytes: 8, compression: "none" });
    const chunk = footer(bytes).row_groups[0]?.columns.at(-1);
    expect([chunk?.column_index_offset, typeof chunk?.offset_index_offset]).toEqual([undefined, "bigint"]);
  });

  test("is left out of a file whose columns are of one page each", async () => {
    const bytes = await encode([batch("float64", [1, 2])], "float64");
    for (const chunk of footer(bytes).row_groups[0]?.columns ?? []) {
      expect([chunk.column_index_offset, chunk.offset_index_offset]).toEqual([undefined, undefined]);
    }
  });

  test("has pages of at most 20,000 rows of every column that has values, and whole frames of the ids", async () => {
    const batches = range(4, (seed) =>
      makeBatch({
        seed,
        frames: [7_000, 7_000, 11_000],
        columns: [
          { name: "x", type: "float64", cells: range(25_000, (i) => i % 5) },
          { name: "rare", type: "float64", cells: range(25_000, (i) => (seed === 3 && i === 7 ? 1 : null)) },
        ],
      }),
    );
    const schema = new Map<string, ColumnType>([
      ["x", "float64"],
      ["rare", "float64"],
    ]);
    const bytes = await fileBytes(createParquetEncoder().encode(() => batches, { schema, segment: "s" }));
    const pagesOf = (name: string): number[] => {
      const { offsetIndex } = indexes(bytes, name);
      const starts = offsetIndex.page_locations.map((page) => Number(page.first_row_index));
      return starts.map((start, i) => (starts[i + 1] ?? 100_000) - start);
    };
    // Of two frames each: the next would be too much.
    expect(pagesOf("mdc_correlation_id")).toEqual([14_000, 18_000, 18_000, 14_000, 18_000, 18_000]);
    expect(pagesOf("mdc_endpoint")).toEqual([100_000]);
    expect(pagesOf("x")).toEqual(range(4, () => [20_000, 5_000]).flat());
    expect(Math.max(...pagesOf("mdc_row_index"))).toBeLessThanOrEqual(20_000);
    // Nothing can be found where nothing is.
    expect(pagesOf("rare")).toEqual([75_000, 20_000, 5_000]);
    const ids = range(12, (frame) => correlationId(Math.floor(frame / 3), frame % 3));
    const { columnIndex } = indexes(bytes, "mdc_correlation_id");
    expect(columnIndex.min_values).toEqual(ids.filter((_, frame) => frame % 2 === 0));
    expect(columnIndex.max_values).toEqual(ids.filter((_, frame) => frame % 2 === 1));
    expect(columnIndex.boundary_order).toBe("ASCENDING");
  });

  test("lets a reader of one frame's rows fetch a part of each column", async () => {
    const batches = range(50, (seed) =>
      makeBatch({
        seed,
        frames: [1_000, 1_000],
        columns: [{ name: "x", type: "float64", cells: range(2_000, (i) => Math.sin(seed * 2_000 + i)) }],
      }),
    );
    const bytes = await encode(batches, "float64");
    const read = counted(bytes);
    const file = await openParquet(read.source);
    const before = read.bytes();
    const found: unknown[] = [];
    const filter = parseWhere({ mdc_correlation_id: { equals: correlationId(31, 1) } }, "where");
    for await (const part of readParquetColumns(file, { columns: ["x", "mdc_row_index"], filter })) {
      found.push(...Array.from(part.columns.get("x") ?? []));
    }
    expect(found).toEqual(range(1_000, (i) => Math.sin(31 * 2_000 + 1_000 + i)));
    // Of 800,000 bytes of numbers one page of five.
    expect(bytes.length).toBeGreaterThan(700_000);
    expect(read.bytes() - before).toBeLessThan(250_000);
  });

  test("lets a reader fetch only the pages it needs", async () => {
    const cells = range(100_000, Math.sqrt);
    const bytes = await encode([batch("float64", cells)], "float64", {
      pageBytes: 16_000,
      compression: "none",
    });
    const read = counted(bytes);
    const file = await openParquet(read.source);
    const before = read.bytes();
    const found: unknown[] = [];
    const filter = parseWhere({ x: { equals: Math.sqrt(12_345) } }, "where");
    for await (const part of readParquetColumns(file, { columns: ["x", "mdc_row_index"], filter })) {
      found.push(part.columns.get("mdc_row_index")?.[0]);
    }
    expect(found).toEqual([12_345]);
    // Two pages of 16,000 bytes, with their indexes.
    expect(read.bytes() - before).toBeLessThan(60_000);
    expect(bytes.length).toBeGreaterThan(800_000);
  });
});

describe("the Bloom filter of mdc_correlation_id", () => {
  test.each([[1], [5]])("is one that DuckDB can use, with frames of %i rows", async (rows) => {
    const batches = range(3, (seed) => makeBatch({ seed, columns: [], frames: range(200, () => rows) }));
    const bytes = await encode(batches, "int64", { rowGroupRows: 200 * rows });
    const probe = async (id: string): Promise<unknown[]> => {
      const found = await duckdbQuery(
        bytes,
        `SELECT * FROM parquet_bloom_probe(FILE, 'mdc_correlation_id', '${id}')`,
      );
      return found.map((row) => row["bloom_filter_excludes"]);
    };
    for (const frame of [0, 57, 199]) expect((await probe(correlationId(1, frame)))[1]).toBe(false);
    const absent = await Promise.all(range(40, (i) => probe(`absent-${i}`)));
    const excluded = absent.flat().filter((excludes) => excludes === true).length;
    expect(excluded).toBeGreaterThan(100);
  });
});

function footer(bytes: Uint8Array): ReturnType<typeof parquetMetadata> {
  return parquetMetadata(new Uint8Array(bytes).buffer);
}

/** Of a flat column; default the last. */
function indexes(
  bytes: Uint8Array,
  name?: string,
): {
  columnIndex: ReturnType<typeof readColumnIndex>;
  offsetIndex: ReturnType<typeof readOffsetIndex>;
} {
  const metadata = footer(bytes);
  const columns = metadata.row_groups[0]?.columns ?? [];
  const chunk =
    name === undefined ? columns.at(-1) : columns.find((one) => one.meta_data?.path_in_schema[0] === name);
  const element = metadata.schema.find((one) => one.name === chunk?.meta_data?.path_in_schema[0]);
  if (chunk === undefined || element === undefined) throw new Error("no column");
  const reader = (offset: bigint | undefined, length: number | undefined) => {
    const start = bytes.byteOffset + Number(offset);
    return { view: new DataView(bytes.buffer, start, length), offset: 0 };
  };
  return {
    columnIndex: readColumnIndex(reader(chunk.column_index_offset, chunk.column_index_length), element),
    offsetIndex: readOffsetIndex(reader(chunk.offset_index_offset, chunk.offset_index_length)),
  };
}

function counted(bytes: Uint8Array): { source: ReturnType<typeof memorySource>; bytes: () => number } {
  let total = 0;
  const memory = memorySource(bytes);
  return {
    bytes: () => total,
    source: {
      size: memory.size,
      read: (start, end) => {
        total += end - start;
        return memory.read(start, end);
      },
    },
  };
}
