import { parquetMetadata, type SchemaElement } from "hyparquet";
import { expect, test } from "vitest";
import { footerProblems } from "../../support/footer-check.ts";
import { duckdbFile } from "../../support/parquet-engines.ts";

/** What is wrong with the file that DuckDB writes of a value. */
async function problemsOf(value: string): Promise<string[]> {
  const file = await duckdbFile(new Uint8Array(), `SELECT ${value} AS x`, "COMPRESSION zstd");
  return footerProblems(parquetMetadata(new Uint8Array(file).buffer));
}

test.each([
  "uuid()",
  "1::UTINYINT",
  "1::UINTEGER",
  "1::UBIGINT",
  "1::FLOAT",
  "TIME '12:00'",
  "TIMESTAMP '2026-01-01'",
  "TIMESTAMP_NS '2026-01-01'",
  "'{}'::JSON",
])("a file with %s is refused", async (value) => {
  expect(await problemsOf(value)).toHaveLength(1);
});

test.each(["1.5::DOUBLE", "1::BIGINT", "1::INTEGER", "true", "'a'", "'a'::BLOB", "TIMESTAMPTZ '2026-01-01'"])(
  "one with %s is not",
  async (value) => {
    expect(await problemsOf(value)).toEqual([]);
  },
);

test("lists of two levels, INT96, ENUM and legacy instants are refused", () => {
  const of = (...elements: SchemaElement[]): string[] => {
    const schema = [{ name: "root", num_children: 1 }, ...elements];
    return footerProblems({ version: 1, schema, num_rows: 0n, row_groups: [], metadata_length: 0 });
  };
  expect(
    of(
      { name: "x", converted_type: "LIST", num_children: 1 },
      { name: "array", type: "DOUBLE", repetition_type: "REPEATED" },
    ),
  ).toEqual(["x: a list not of 3 levels"]);
  expect(of({ name: "x", type: "INT96" })).toEqual(["x: INT96"]);
  expect(of({ name: "x", type: "INT64", converted_type: "TIMESTAMP_MILLIS" })).toHaveLength(1);
  expect(of({ name: "x", type: "BYTE_ARRAY", converted_type: "ENUM" })).toEqual(["x: ENUM"]);
  expect(of({ name: "a.b", type: "DOUBLE" })).toEqual(["a.b: a dot in a column's name"]);
});
