import { zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { parquetReadObjects } from "hyparquet";
import { expect, test } from "vitest";
import { memorySource } from "../../src/codec/range-source.ts";
import type { NestedField, NestedType } from "../../src/codec/parquet/nested/nested-type.ts";
import { writeNested } from "../../src/codec/parquet/nested/nested-writer.ts";
import type { NestedRow } from "../../src/codec/parquet/nested/shredded-rows.ts";
import { readParquetColumns } from "../../src/codec/parquet/parquet-decoder.ts";
import { duckdbQuery, fileBytes } from "../support/parquet-engines.ts";

/** A column, and rows that it can hold: integers of 64 bits are numbers, so that JSON can say them. */
function typedValue(depth: number): fc.Arbitrary<{ type: NestedType; value: fc.Arbitrary<unknown> }> {
  const scalar = fc.constantFrom(
    { type: "string" as NestedType, value: fc.string() as fc.Arbitrary<unknown> },
    { type: "int64" as NestedType, value: fc.maxSafeInteger() as fc.Arbitrary<unknown> },
    { type: "int32" as NestedType, value: fc.integer() as fc.Arbitrary<unknown> },
    { type: "boolean" as NestedType, value: fc.boolean() as fc.Arbitrary<unknown> },
  );
  if (depth === 0) return scalar;
  const inner = typedValue(depth - 1);
  const orNull = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => fc.option(value, { freq: 3 });
  return fc.oneof(
    scalar,
    fc.uniqueArray(fc.constantFrom("a", "b", "c d", "Ünï"), { minLength: 1 }).chain((names) =>
      fc.tuple(...names.map(() => inner)).map((fields) => ({
        type: { struct: fields.map(({ type }, i) => ({ name: names[i] as string, type })) },
        value: fc.record(Object.fromEntries(fields.map(({ value }, i) => [names[i], orNull(value)]))),
      })),
    ),
    inner.map(({ type, value }) => ({
      type: { map: type },
      // Keys that look like whole numbers come first in an object, wherever they were.
      value: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), orNull(value), {
        maxKeys: 4,
        noNullPrototype: true,
      }),
    })),
    inner.map(({ type, value }) => ({
      type: { list: type },
      value: fc.array(orNull(value), { maxLength: 4 }),
    })),
  );
}

const table = fc.array(typedValue(3), { minLength: 1, maxLength: 3 }).chain((columns) =>
  fc
    .array(fc.tuple(...columns.map(({ value }) => fc.option(value, { freq: 4 }))), {
      minLength: 1,
      maxLength: 20,
    })
    .map((rows) => ({
      columns: columns.map(({ type }, i): NestedField => ({ name: `c${i}`, type })),
      rows: rows.map((row): NestedRow => Object.fromEntries(row.map((value, i) => [`c${i}`, value]))),
    })),
);

/** As the readers below have it: whole numbers as numbers, and maps as objects. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value !== null && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
  return value ?? null;
}

test("structs, maps and lists of any nesting are read back by hyparquet, by DuckDB and by ourselves", async () => {
  await fc.assert(
    fc.asyncProperty(table, async ({ columns, rows }) => {
      const bytes = await fileBytes(writeNested(columns, rows));
      const expected = rows.map(plain);
      const file = new Uint8Array(bytes).buffer;
      const read = await parquetReadObjects({
        file,
        compressors: { ZSTD: (input) => zstdDecompressSync(input) },
      });
      expect(read.map(plain)).toEqual(expected);

      const names = columns.map(({ name }) => name);
      const ours: NestedRow[] = [];
      for await (const part of readParquetColumns(memorySource(bytes), { columns: names }))
        for (let row = 0; row < part.length; row++)
          ours.push(Object.fromEntries(names.map((name) => [name, part.columns.get(name)?.[row]])));
      expect(ours.map(plain)).toEqual(expected);

      const [{ all } = { all: [] }] = await duckdbQuery(
        bytes,
        "SELECT list(to_json(t)::VARCHAR) AS all FROM FILE t",
      );
      expect((all as string[]).map((text) => plain(JSON.parse(text)))).toEqual(expected);
    }),
    { numRuns: 30 },
  );
});

test("of many rows there are several row groups and pages, and each row is where it was", async () => {
  const columns: NestedField[] = [
    { name: "n", type: "int64" },
    {
      name: "s",
      type: {
        struct: [
          { name: "text", type: "string" },
          { name: "tags", type: { map: "string" } },
        ],
      },
    },
  ];
  const rows = Array.from({ length: 45_000 }, (_, i) => ({
    n: i,
    s:
      i % 7 === 0
        ? null
        : { text: `row ${i} ${"x".repeat(i % 100)}`, tags: i % 2 ? {} : { i: `${i}`, j: null } },
  }));
  const bytes = await fileBytes(writeNested(columns, rows));
  const sql =
    "SELECT count(*)::INT AS rows, count(s)::INT AS structs, sum(len(s.text))::DOUBLE AS letters, " +
    "count(*) FILTER (s.tags['i'] = n::VARCHAR)::INT AS tagged, count(*) FILTER (n = file_row_number)::INT AS placed " +
    "FROM read_parquet(FILE, file_row_number = true)";
  const some = rows.map(({ s }) => s);
  expect(await duckdbQuery(bytes, sql)).toEqual([
    {
      rows: rows.length,
      structs: some.filter((s) => s !== null).length,
      letters: some.reduce((sum, s) => sum + (s?.text.length ?? 0), 0),
      tagged: some.filter((s) => s !== null && "i" in s.tags).length,
      placed: rows.length,
    },
  ]);
});

test("a value that its column cannot hold is refused by name", async () => {
  const columns: NestedField[] = [{ name: "add", type: { struct: [{ name: "size", type: "int64" }] } }];
  const write = fileBytes(writeNested(columns, [{ add: { size: "large" } }]));
  await expect(write).rejects.toThrow("column add.size: a value is no int64");
});
