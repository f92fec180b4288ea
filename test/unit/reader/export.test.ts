import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import polars from "nodejs-polars";
import { beforeEach, describe, expect, test } from "vitest";
import { tableFromIPC } from "@uwdata/flechette";
import { parse } from "yaml";
import { createParquetEncoder } from "../../../src/codec/parquet/parquet-encoder.ts";
import type { ColumnType } from "../../../src/layout/column-type.ts";
import { openDataset } from "../../../src/reader.ts";
import type { Dataset, ExportFormat, ExportOptions } from "../../../src/reader.ts";
import { makeBatch, type PlainColumn } from "../../support/make-batch.ts";
import { nastyStrings } from "../../support/nasty-strings.ts";
import { duckdbQuery, fileBytes } from "../../support/parquet-engines.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { run } from "../cli/run.ts";

const columns: readonly PlainColumn[] = [
  { name: "d", type: "float64", cells: [1.5, null, Number.NaN, -0, Infinity, 1e300] },
  { name: "i", type: "int64", cells: [2n ** 60n + 1n, 1n, null, -1n, 0n, -(2n ** 63n)] },
  { name: "b", type: "boolean", cells: [true, false, null, true, true, false] },
  { name: "s", type: "string", cells: ['é,"x"\n', "", null, "=1+1", "-5", " a"] },
  { name: "t", type: "timestamp", cells: [1_763_000_000_000_001n, null, 0n, 5_000n, -1n, 1n] },
  {
    name: "x",
    type: "binary",
    cells: [Uint8Array.of(255, 0), new Uint8Array(0), null, Uint8Array.of(104), null, null],
  },
  { name: "j", type: "json", cells: ['{"a":1}', null, "[]", "3", "-5", '"@x"'] },
  { name: "l", type: { list: "string" }, cells: [["a", null], [], null, ["b"], ["="], null] },
];
const later: readonly PlainColumn[] = [
  ...columns.slice(0, 3),
  { name: "added", type: "float64", cells: [1, 2, 3, 4, 5, 6] },
];

let root = "";
let data: Dataset;

async function put(hour: string, all: readonly PlainColumn[], seed: number): Promise<void> {
  const schema = new Map(all.map(({ name, type }) => [name, type as ColumnType]));
  const encoder = createParquetEncoder();
  const bytes = await fileBytes(
    encoder.encode(() => [makeBatch({ seed, columns: all })], { schema, segment: "s" }),
  );
  const path = join(root, `flights/blue/inputs/inference_date=2026-11-22/inference_hour=${hour}/x.parquet`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

beforeEach(async () => {
  root = await tempFolder();
  await put("05", columns, 0);
  await put("06", later, 1);
  data = await openDataset(root);
});

async function exported(options: ExportOptions): Promise<Uint8Array> {
  return await fileBytes(data.export("inputs", options));
}

const original = `read_parquet('ROOT/**/*.parquet', union_by_name = true, hive_partitioning = false)`;

async function sameAs(sql: string, bytes: Uint8Array, list = "*"): Promise<void> {
  const order = "ORDER BY mdc_event_time, mdc_row_index";
  const there = await duckdbQuery(bytes, `SELECT ${list} FROM ${original.replace("ROOT", root)} ${order}`);
  const here = await duckdbQuery(bytes, `SELECT ${list} FROM (${sql}) ${order}`);
  expect(here).toHaveLength(12);
  expect(here).toEqual(there);
}

/** What Polars makes of Arrow's bytes. */
async function asParquet(format: ExportFormat, bytes: Uint8Array): Promise<Uint8Array> {
  const frame =
    format === "arrow" ? polars.readIPC(Buffer.from(bytes)) : polars.readIPCStream(Buffer.from(bytes));
  const file = join(await tempFolder(), "of-polars.parquet");
  frame.writeParquet(file);
  return readFileSync(file);
}

describe("what is exported, as DuckDB reads it, is what DuckDB reads of the files", () => {
  test("as Parquet: every column, type and value", async () => {
    const bytes = await exported({ format: "parquet" });
    await sameAs("SELECT * FROM FILE", bytes);
    const types = async (source: string): Promise<unknown> =>
      await duckdbQuery(bytes, `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${source})`);
    expect(await types("FILE")).toEqual(await types(original.replace("ROOT", root)));
  });

  test("as JSON lines", async () => {
    const bytes = await exported({
      format: "jsonl",
      columns: ["d", "i", "b", "s", "t", "l", "added", "mdc_event_time", "mdc_row_index"],
    });
    const types =
      "{d: 'DOUBLE', i: 'BIGINT', b: 'BOOLEAN', s: 'VARCHAR', t: 'TIMESTAMPTZ', l: 'VARCHAR[]', added: 'DOUBLE', mdc_event_time: 'TIMESTAMPTZ', mdc_row_index: 'INTEGER'}";
    await sameAs(
      `SELECT * FROM read_json(FILE, format = 'newline_delimited', columns = ${types})`,
      bytes,
      "d, i, b, s, t, l, added, mdc_event_time, mdc_row_index",
    );
  });

  test("as CSV, but for the apostrophe before what would be a formula", async () => {
    const bytes = await exported({
      format: "csv",
      columns: ["d", "i", "b", "s", "t", "added", "mdc_event_time", "mdc_row_index"],
    });
    const types =
      "{d: 'DOUBLE', i: 'BIGINT', b: 'BOOLEAN', s: 'VARCHAR', t: 'TIMESTAMPTZ', added: 'DOUBLE', mdc_event_time: 'TIMESTAMPTZ', mdc_row_index: 'INTEGER'}";
    await sameAs(
      `SELECT * REPLACE (regexp_replace(s, '^''', '') AS s) FROM read_csv(FILE, header = true, columns = ${types}, nullstr = '', allow_quoted_nulls = false)`,
      bytes,
      "d, i, b, s, t, added, mdc_event_time, mdc_row_index",
    );
  });

  test.each<ExportFormat>(["arrow", "arrows"])("as %s, which Polars reads", async (format) => {
    const bytes = await asParquet(format, await exported({ format }));
    await sameAs(
      "SELECT * FROM FILE",
      bytes,
      "* REPLACE (j::VARCHAR AS j, mdc_rejected::VARCHAR AS mdc_rejected, mdc_tags::VARCHAR AS mdc_tags)",
    );
    const described = await duckdbQuery(
      bytes,
      "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM FILE)",
    );
    const types = new Map(described.map((row) => [row["column_name"], row["column_type"]]));
    for (const [column, type] of Object.entries({
      d: "DOUBLE",
      i: "BIGINT",
      b: "BOOLEAN",
      s: "VARCHAR",
      t: "TIMESTAMP WITH TIME ZONE",
      x: "BLOB",
      l: "VARCHAR[]",
      mdc_row_index: "INTEGER",
    }))
      expect(types.get(column), column).toBe(type);
  });

  test.each<ExportFormat>(["parquet", "jsonl", "csv", "arrow"])(
    "only the rows that are asked for, as %s",
    async (format) => {
      let bytes = await exported({ format, columns: ["i"], where: { i: { below: 0 } } });
      if (format === "arrow") bytes = await asParquet(format, bytes);
      const read =
        format === "parquet" || format === "arrow"
          ? "FILE"
          : format === "csv"
            ? "read_csv(FILE)"
            : "read_json(FILE)";
      expect(
        await duckdbQuery(bytes, `SELECT count(*)::INT AS n, min(i)::VARCHAR AS m FROM ${read}`),
      ).toEqual([{ n: 4, m: String(-(2n ** 63n)) }]);
    },
  );
});

test("an Arrow stream has batches of bounded size, which another reader takes one by one", async () => {
  root = await tempFolder();
  const cells = Array.from({ length: 70_000 }, (_, row) => (row % 3 === 0 ? null : `é${row}`));
  await put("05", [{ name: "s", type: "string", cells }], 0);
  data = await openDataset(root);
  const table = tableFromIPC(await exported({ format: "arrows", columns: ["s"] }));
  expect(table.getChild("s").data.map(({ length }) => length)).toEqual([65_536, 4_464]);
  expect(table.getChild("s").toArray()).toEqual(cells);
});

describe("an MLTable", () => {
  test("names the stored files of the hours that are asked for, and columns", async () => {
    const text = async (options: Partial<ExportOptions>): Promise<unknown> =>
      parse(Buffer.from(await exported({ format: "mltable", ...options })).toString());
    const file = (hour: string): object => ({
      file: `${root}/flights/blue/inputs/inference_date=2026-11-22/inference_hour=${hour}/x.parquet`,
    });
    const all = { type: "mltable", paths: [file("05"), file("06")] };
    expect(await text({})).toMatchObject({
      ...all,
      transformations: [{ read_parquet: { include_path_column: false } }],
    });
    expect(await text({ from: "2026-11-22T06:00:00Z", columns: ["d", 'a"b'] })).toMatchObject({
      paths: [file("06")],
      transformations: [{ read_parquet: {} }, { keep_columns: ["d", 'a"b'] }],
    });
  });

  test("is refused where it could not say what is asked for", async () => {
    expect(() => data.export("inputs", { format: "mltable", limit: 5 })).toThrow(
      /export: limit: expected nothing, for an MLTable names whole files/,
    );
    expect(() => data.export("inputs", { format: "mltable", where: { d: 1 } })).toThrow(/export: where/);
  });
});

test("no cell of a CSV file begins as a formula does, whatever is stored", async () => {
  const hostile = [
    ...nastyStrings,
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "＝1+1",
    '=HYPERLINK("x","y")',
  ];
  root = await tempFolder();
  await put("05", [{ name: "=name", type: "string", cells: hostile }], 0);
  data = await openDataset(root);
  const bytes = await exported({ format: "csv", columns: ["=name"] });
  const cells = await duckdbQuery(
    bytes,
    "SELECT c FROM read_csv(FILE, header = false, columns = {c: 'VARCHAR'}, max_line_size = 10000000, nullstr = '\u0001')",
  );
  const texts = cells.map(({ c }) => String(c));
  expect(texts[0]).toBe("'=name");
  expect(texts).toHaveLength(hostile.length + 1);
  expect(texts.filter((text) => /^[=+\-@\t\r\n＝＋－＠]/.test(text) && !/^-?\d+$/.test(text))).toEqual([]);
});

describe("mdc export", () => {
  test("writes a new file, by its ending, and never over one that is there", async () => {
    const folder = await tempFolder();
    root = folder;
    await put("05", columns, 0);
    const file = join(folder, "out.jsonl");
    const args = ["export", "inputs", "--root", folder, "-o", file, "--columns", "i,b", "--where", "b=true"];
    expect(await run(...args)).toEqual({ code: 0, out: "", err: "" });
    expect(readFileSync(file, "utf8")).toBe(
      '{"i":1152921504606846977,"b":true}\n{"i":-1,"b":true}\n{"i":0,"b":true}\n',
    );
    expect(await run(...args)).toMatchObject({
      code: 2,
      err: expect.stringContaining("there is something at"),
    });
    const { code, out } = await run(
      "export",
      "inputs",
      "--root",
      folder,
      "--format",
      "csv",
      "--columns",
      "b",
      "-n",
      "2",
    );
    expect([code, out]).toEqual([0, "b\r\ntrue\r\nfalse\r\n"]);
  });

  test.each([
    [["--format", "xls"], /--format: expected one of csv, jsonl, parquet, arrow, arrows, azureml, mltable/],
    [[], /--format: expected one of/],
    [
      ["--format", "csv", "--columns", "bb"],
      /export: columns: expected columns that a file has, got "bb"; did you mean "b"\?/,
    ],
  ])("%j is refused", async (args, message) => {
    root = await tempFolder();
    await put("05", columns, 0);
    const { code, out, err } = await run("export", "inputs", "--root", root, ...args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(message);
  });
});
