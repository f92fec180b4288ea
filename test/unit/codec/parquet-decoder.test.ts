import { describe, expect, test } from "vitest";
import { parseWhere } from "../../../src/layout/filter/where.ts";
import { type ParquetReadOptions, readParquetInfo } from "../../../src/codec/parquet/parquet-decoder.ts";
import { createParquetEncoder } from "../../../src/codec/parquet/parquet-encoder.ts";
import { memorySource } from "../../../src/codec/range-source.ts";
import type { ColumnType } from "../../../src/layout/column-type.ts";
import { correlationId, eventTime, makeBatch, type PlainColumn } from "../../support/make-batch.ts";
import { duckdbQuery, fileBytes } from "../../support/parquet-engines.ts";
import { readParquetRows } from "../../support/parquet-rows.ts";

const columns: readonly PlainColumn[] = [
  { name: "d", type: "float64", cells: [1.5, null, Number.NaN, -0] },
  { name: "i", type: "int64", cells: [2n ** 60n, 1n, null, -1n] },
  { name: "b", type: "boolean", cells: [true, false, null, true] },
  { name: "s", type: "string", cells: ["é", "", null, "z"] },
  { name: "t", type: "timestamp", cells: [1_700_000_000_000_001n, null, 0n, 5_000n] },
  {
    name: "x",
    type: "binary",
    cells: [Uint8Array.of(0xff, 0xfe), new Uint8Array(0), null, Uint8Array.of(104, 105)],
  },
  { name: "j", type: "json", cells: ['{"a":1}', null, "[]", "3"] },
  { name: "l", type: { list: "string" }, cells: [["a", null], [], null, ["b"]] },
];
const schema = new Map(columns.map(({ name, type }) => [name, type as ColumnType]));

async function file(batches = 1): Promise<Uint8Array> {
  const all = Array.from({ length: batches }, (_, seed) => makeBatch({ seed, frames: [1, 3], columns }));
  return fileBytes(createParquetEncoder({ rowGroupRows: 4 }).encode(() => all, { schema, segment: "s" }));
}

async function rows(bytes: Uint8Array, options?: ParquetReadOptions): Promise<Record<string, unknown>[]> {
  const all: Record<string, unknown>[] = [];
  for await (const part of readParquetRows(memorySource(bytes), options)) all.push(...part);
  return all;
}

describe("what a file tells of itself", () => {
  test("is its columns with our types, its rows, row groups and metadata", async () => {
    const bytes = await file(3);
    const info = await readParquetInfo(memorySource(bytes));
    expect([info.size, info.rows, info.rowGroups.length]).toEqual([bytes.length, 12, 3]);
    expect(info.columns.slice(20).map(({ name, type }) => `${name} ${type}`)).toEqual([
      "d float64",
      "i int64",
      "b boolean",
      "s string",
      "t timestamp",
      "x binary",
      "j json",
      "l list<string>",
    ]);
    const types = new Map(info.columns.map(({ name, type }) => [name, type]));
    expect([types.get("mdc_row_index"), types.get("mdc_tags"), types.get("mdc_event_time")]).toEqual([
      "int32",
      "json",
      "timestamp",
    ]);
    expect(info.columns.map(({ nullable }) => nullable).slice(0, 6)).toEqual([
      false,
      false,
      false,
      false,
      false,
      true,
    ]);
    expect(info.keyValues["mdc.segment"]).toBe("s");
    expect(info.rowGroups[0]?.rows).toBe(4);
    expect(info.rowGroups[0]?.statistics("i")).toEqual({ min: -1n, max: 2n ** 60n, nulls: 1 });
  });

  test("is refused for bytes that are not a whole file", async () => {
    const bytes = await file();
    for (const wrong of [new Uint8Array(0), bytes.subarray(0, bytes.length - 1), new Uint8Array(100)]) {
      await expect(readParquetInfo(memorySource(wrong))).rejects.toThrow();
    }
  });
});

describe("rows", () => {
  test("have JavaScript's own values, and null", async () => {
    const found = await rows(await file(), { columns: ["d", "i", "b", "s", "t", "x", "j", "l"] });
    expect(found[0]).toEqual({
      d: 1.5,
      i: 2n ** 60n,
      b: true,
      s: "é",
      t: new Date(1_700_000_000_000),
      x: Uint8Array.of(0xff, 0xfe),
      j: '{"a":1}',
      l: ["a", null],
    });
    expect(found[2]).toEqual({
      d: Number.NaN,
      i: null,
      b: null,
      s: null,
      t: new Date(0),
      x: null,
      j: "[]",
      l: null,
    });
  });

  test("keep microseconds on request", async () => {
    const found = await rows(await file(), { columns: ["t"], timestamps: "micros" });
    expect(found.map((row) => row["t"])).toEqual([1_700_000_000_000_001n, null, 0n, 5000n]);
  });

  test("have null for a column that the file does not have, in the order asked for", async () => {
    const [first] = await rows(await file(), { columns: ["s", "absent", "d"] });
    expect(Object.entries(first ?? {})).toEqual([
      ["s", "é"],
      ["absent", null],
      ["d", 1.5],
    ]);
  });

  test("can be a range over several row groups", async () => {
    const found = await rows(await file(3), { columns: ["s"], rowStart: 3, rowEnd: 9 });
    expect(found.map((row) => row["s"])).toEqual(["z", "é", "", null, "z", "é"]);
  });

  test("are those of one correlation id, others being ruled out before they are read", async () => {
    const id = correlationId(1, 1);
    const filter = parseWhere({ mdc_correlation_id: { equals: id } }, "where");
    const found = await rows(await file(3), { columns: ["mdc_row_index", "s"], filter });
    expect(found).toEqual([
      { mdc_row_index: 0, s: "" },
      { mdc_row_index: 1, s: null },
      { mdc_row_index: 2, s: "z" },
    ]);
    expect(
      await rows(await file(3), { filter: parseWhere({ mdc_correlation_id: "none" }, "where") }),
    ).toEqual([]);
    expect(await rows(await file(3), { filter: parseWhere({ absent: 1 }, "where") })).toEqual([]);
  });

  test.each(["date", "micros"] as const)(
    "of a time range are the same with timestamps as %s",
    async (timestamps) => {
      const date = (seed: number, frame: number): Date => new Date(Number(eventTime(seed, frame) / 1000n));
      const between = { atLeast: date(1, 0), below: date(2, 0) };
      const filter = parseWhere({ mdc_event_time: between }, "where");
      const found = await rows(await file(3), { columns: ["s"], filter, timestamps });
      expect(found.map((row) => row["s"])).toEqual(["é", "", null, "z"]);
    },
  );

  test("do not include nulls in any range", async () => {
    const found = await rows(await file(), {
      columns: ["i"],
      filter: parseWhere({ i: { below: 100n } }, "where"),
    });
    expect(found.map((row) => row["i"])).toEqual([1n, -1n]);
  });

  test("of a file that DuckDB wrote are read as well", async () => {
    const { mkdtempSync, readFileSync, rmSync } = await import("node:fs");
    const { tmpdir } = await import("node:os");
    const folder = mkdtempSync(`${tmpdir()}/mdc-decoder-`);
    try {
      await duckdbQuery(
        new Uint8Array(0),
        `COPY (SELECT range AS i, 'v' || range AS s, [range] AS l FROM range(5000)) TO '${folder}/f' (FORMAT parquet, COMPRESSION zstd)`,
      );
      const bytes = readFileSync(`${folder}/f`);
      const info = await readParquetInfo(memorySource(bytes));
      expect(info.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
        "i int64",
        "s string",
        "l list<int64>",
      ]);
      const found = await rows(bytes, { filter: parseWhere({ i: { atLeast: 4998n } }, "where") });
      expect(found).toEqual([
        { i: 4998n, s: "v4998", l: [4998n] },
        { i: 4999n, s: "v4999", l: [4999n] },
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
