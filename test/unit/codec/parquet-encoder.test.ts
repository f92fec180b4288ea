import { describe, expect, test } from "vitest";
import type { RejectedColumn } from "../../../src/frame/conform/column-fitter.ts";
import {
  createParquetEncoder,
  type ParquetEncoderOptions,
} from "../../../src/codec/parquet/parquet-encoder.ts";
import type { Batch } from "../../../src/frame/batch.ts";
import { type ColumnType, typeText } from "../../../src/layout/column-type.ts";
import { schemaFingerprint } from "../../../src/layout/schema.ts";
import { correlationId, makeBatch, type Plain } from "../../support/make-batch.ts";
import { arrowRs, duckdb, duckdbQuery, engines, fileBytes } from "../../support/parquet-engines.ts";

const none: ReadonlyMap<string, ColumnType> = new Map();

async function encode(
  batches: readonly Batch[],
  schema: ReadonlyMap<string, ColumnType>,
  options?: ParquetEncoderOptions,
): Promise<Uint8Array> {
  return fileBytes(createParquetEncoder(options).encode(() => batches, { schema, segment: "segment-1" }));
}

function range<T>(count: number, cell: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => cell(i));
}

function oneColumn(type: ColumnType, cells: readonly Plain[], frames?: readonly number[]): Batch {
  return makeBatch({ columns: [{ name: "x", type, cells }], ...(frames && { frames }) });
}

describe("the schema of a file", () => {
  const schema = new Map<string, ColumnType>([
    ["distance", "float64"],
    ["count", "int64"],
    ["status", "int32"],
    ["late", "boolean"],
    ["origin", "string"],
    ["departed", "timestamp"],
    ["raw", "binary"],
    ["meta", "json"],
    ["tags", { list: "string" }],
  ]);

  test("has the system columns in their order, then the features in the schema's", async () => {
    const rows = await duckdbQuery(await encode([], schema), "DESCRIBE SELECT * FROM FILE");
    const system =
      "mdc_correlation_id mdc_row_index mdc_event_id mdc_event_time mdc_request_time mdc_request_id " +
      "mdc_client_request_id mdc_collection mdc_source mdc_endpoint mdc_deployment mdc_model_name mdc_model_version mdc_instance_id mdc_agent " +
      "mdc_schema_fingerprint mdc_sampling_rate mdc_config_version mdc_rejected mdc_tags";
    expect(rows.map((row) => row["column_name"])).toEqual([...system.split(" "), ...schema.keys()]);
  });

  test("uses only types that every engine reads alike", async () => {
    const bytes = await encode([], schema);
    const rows = await duckdbQuery(
      bytes,
      "SELECT name, type, repetition_type, converted_type, logical_type FROM parquet_schema(FILE)",
    );
    const of = (name: string): unknown[] => {
      const row = rows.find((one) => one["name"] === name) ?? {};
      return [row["type"], row["repetition_type"], row["converted_type"], row["logical_type"]];
    };
    expect(of("mdc_correlation_id")).toEqual(["BYTE_ARRAY", "REQUIRED", "UTF8", "StringType()"]);
    expect(of("mdc_row_index").slice(0, 2)).toEqual(["INT32", "REQUIRED"]);
    expect(of("mdc_tags")).toEqual(["BYTE_ARRAY", "OPTIONAL", "UTF8", "StringType()"]);
    expect(of("distance")).toEqual(["DOUBLE", "OPTIONAL", null, null]);
    expect(of("count")).toEqual(["INT64", "OPTIONAL", null, null]);
    expect(of("late")).toEqual(["BOOLEAN", "OPTIONAL", null, null]);
    expect(of("raw")).toEqual(["BYTE_ARRAY", "OPTIONAL", null, null]);
    expect(of("departed").slice(0, 3)).toEqual(["INT64", "OPTIONAL", "TIMESTAMP_MICROS"]);
    expect(String(of("departed")[3])).toMatch(/^TimestampType\(isAdjustedToUTC=1.*MICROS=/);
    const list = rows.findIndex((row) => row["name"] === "tags");
    expect(
      rows.slice(list, list + 3).map((row) => [row["name"], row["repetition_type"], row["converted_type"]]),
    ).toEqual([
      ["tags", "OPTIONAL", "LIST"],
      ["list", "REPEATED", null],
      ["element", "OPTIONAL", "UTF8"],
    ]);
  });

  test("is told in the key-value metadata, with what the file is", async () => {
    const batch = makeBatch({ columns: [], rows: 1, header: { untyped: ["never", "distance"] } });
    const rows = await duckdbQuery(
      await encode([batch], schema),
      "SELECT decode(key) AS key, decode(value) AS value FROM parquet_kv_metadata(FILE)",
    );
    const pairs = Object.fromEntries(rows.map((row) => [row["key"], row["value"]])) as Record<string, string>;
    expect(JSON.parse(pairs["mdc.schema"] ?? "")).toMatchObject({ meta: "json", tags: "list<string>" });
    expect(pairs["mdc.fingerprint"]).toBe(schemaFingerprint(schema));
    expect(pairs["mdc.segment"]).toBe("segment-1");
    expect(pairs["mdc.sdk"]).toBe("model-data-collector/1.2.0 node/22.15.0");
    expect(JSON.parse(pairs["mdc.untyped"] ?? "")).toEqual(["never"]);
    // What Spark 3 asks for before it reads instants of long ago.
    expect(pairs["org.apache.spark.version"]! >= "3.0.0").toBe(true);
  });

  test("names the writer in the form that readers parse", async () => {
    const [row] = await duckdbQuery(
      await encode([makeBatch({ columns: [], rows: 1 })], none),
      "SELECT created_by FROM parquet_file_metadata(FILE)",
    );
    expect(row?.["created_by"]).toBe("model-data-collector version 1.2.0");
  });
});

describe("a file", () => {
  test.each(engines)("of no rows, of empty frames and of one row is valid for $name", async (engine) => {
    const types = new Map([["x", "float64"]]);
    const schema = new Map<string, ColumnType>([["x", "float64"]]);
    expect(await engine.rows(await encode([], schema), types)).toEqual([]);
    expect(await engine.rows(await encode([oneColumn("float64", [], [0, 0])], schema), types)).toEqual([]);
    const [row, ...more] = await engine.rows(await encode([oneColumn("float64", [1.5])], schema), types);
    expect([row?.["x"], more.length]).toEqual([1.5, 0]);
  });

  test("is the same bytes for the same batches", async () => {
    const make = (): Promise<Uint8Array> =>
      encode(
        [
          oneColumn(
            "string",
            range(5000, (i) => `v${i % 700}`),
          ),
        ],
        new Map([["x", "string"]]),
      );
    expect(Buffer.compare(await make(), await make())).toBe(0);
  });

  test("restarts the row index in every frame and repeats the frame's facts in its rows", async () => {
    const batches = [
      makeBatch({ columns: [], frames: [2, 0, 10], seed: 1 }),
      makeBatch({ columns: [], frames: [1], seed: 2, constants: { deployment: null } }),
    ];
    const rows = await duckdb.rows(await encode(batches, none), new Map());
    expect(rows.map((row) => row["mdc_row_index"])).toEqual([0, 1, ...range(10, (i) => i), 0]);
    const ids = [...range(2, () => 0), ...range(10, () => 2)].map((frame) => correlationId(1, frame));
    expect(rows.map((row) => row["mdc_correlation_id"])).toEqual([...ids, correlationId(2, 0)]);
    expect(rows.map((row) => row["mdc_deployment"])).toEqual([...range(12, () => "blue"), null]);
    expect(new Set(rows.map((row) => row["mdc_schema_fingerprint"]))).toEqual(
      new Set([schemaFingerprint(none)]),
    );
  });

  test("comes in row groups of whole batches, each before the limit", async () => {
    const batches = range(10, (seed) => makeBatch({ columns: [], rows: 100, seed }));
    const rows = await duckdbQuery(
      await encode(batches, none, { rowGroupRows: 350 }),
      "SELECT DISTINCT row_group_id, row_group_num_rows FROM parquet_metadata(FILE) ORDER BY 1",
    );
    expect(rows.map((row) => Number(row["row_group_num_rows"]))).toEqual([300, 300, 300, 100]);
  });

  test("has a second row group when the first would become too large in bytes", async () => {
    const schema = new Map<string, ColumnType>([["x", "float64"]]);
    const batches = range(4, () => oneColumn("float64", range(1000, Math.sqrt)));
    const rows = await duckdbQuery(
      await encode(batches, schema, { rowGroupBytes: 17_000 }),
      "SELECT num_row_groups FROM parquet_file_metadata(FILE)",
    );
    expect(Number(rows[0]?.["num_row_groups"])).toBe(2);
  });
});

describe("encodings", () => {
  async function encodingOf(
    batch: Batch,
    type: ColumnType,
    options?: ParquetEncoderOptions,
  ): Promise<string> {
    const bytes = await encode([batch], new Map([["x", type]]), options);
    const [row] = await duckdbQuery(
      bytes,
      "SELECT encodings, compression FROM parquet_metadata(FILE) WHERE path_in_schema = 'x'",
    );
    return `${row?.["encodings"]} ${row?.["compression"]}`;
  }

  test("repeated strings become a dictionary, also when the batch has none", async () => {
    const batch = oneColumn(
      "string",
      range(1000, (i) => `v${i % 10}`),
    );
    expect(await encodingOf(batch, "string")).toContain("RLE_DICTIONARY");
  });

  test("different strings get no dictionary, also when batches have dictionaries", async () => {
    const cells = range(3000, (i) => `value number ${i}`);
    const batch = makeBatch({ columns: [{ name: "x", type: "string", cells, dictionary: true }] });
    expect(await encodingOf(batch, "string")).not.toContain("DICTIONARY");
    const rows = await arrowRs.rows(
      await encode([batch], new Map([["x", "string"]])),
      new Map([["x", "string"]]),
    );
    expect(rows.map((row) => row["x"])).toEqual(cells);
  });

  test("a dictionary that grows too large is given up", async () => {
    const cells = range(150_000, (i) => `v${i % 70_000}`);
    expect(await encodingOf(oneColumn("string", cells), "string")).not.toContain("DICTIONARY");
  });

  test("few different numbers become a dictionary", async () => {
    const batch = oneColumn(
      "float64",
      range(1000, (i) => i % 7),
    );
    expect(await encodingOf(batch, "float64")).toContain("RLE_DICTIONARY");
    expect(await encodingOf(oneColumn("float64", range(1000, Math.sqrt)), "float64")).not.toContain(
      "DICTIONARY",
    );
  });

  test.each(engines)("where each batch has a column of its own, $name finds each value", async (engine) => {
    const count = 300;
    const types = new Map<string, ColumnType>(
      range(count, (i) => [`c${i}`, i % 3 === 0 ? "string" : i % 3 === 1 ? "float64" : { list: "int64" }]),
    );
    const cell = (i: number): Plain => (i % 3 === 0 ? `v${i}` : i % 3 === 1 ? i / 7 : [BigInt(i)]);
    const batches = range(count, (i) =>
      makeBatch({
        frames: [2],
        columns: [{ name: `c${i}`, type: types.get(`c${i}`)!, cells: [null, cell(i)] }],
        seed: i,
      }),
    );
    const bytes = await encode(batches, types, { rowGroupRows: 500 });
    const texts = new Map([...types].map(([name, type]) => [name, typeText(type)]));
    const rows = await engine.rows(bytes, texts);
    expect(rows).toHaveLength(2 * count);
    rows.forEach((row, at) => {
      const values = Object.entries(row).filter(([name, value]) => name.startsWith("c") && value !== null);
      const i = at >> 1;
      const expected = engine.lossy?.(cell(i)) ?? cell(i);
      const list = Array.isArray(expected) ? expected.map((item) => engine.lossy?.(item) ?? item) : expected;
      expect(values).toEqual(at % 2 === 0 ? [] : [[`c${i}`, list]]);
    });
  });

  test.each(engines)(
    "rare values, and rare nulls, take next to nothing, and $name finds them",
    async (engine) => {
      const types = new Map<string, ColumnType>([
        ["one_in_1000", "float64"],
        ["all_but_one_in_100", "string"],
        ["first_and_last", "boolean"],
      ]);
      const rows = 5_000;
      const batches = range(10, (seed) =>
        makeBatch({
          seed,
          columns: [
            {
              name: "one_in_1000",
              type: "float64",
              cells: range(rows, (i) => ((i + seed) % 1000 === 3 ? i / 8 : null)),
            },
            {
              name: "all_but_one_in_100",
              type: "string",
              cells: range(rows, (i) => (i % 100 === seed ? null : "v")),
            },
            {
              name: "first_and_last",
              type: "boolean",
              cells: range(rows, (i) => (i === 0 || i === rows - 1 ? i === 0 : null)),
            },
          ],
        }),
      );
      const bytes = await encode(batches, types);
      expect(bytes.length).toBeLessThan(25_000);
      const texts = new Map([...types].map(([name, type]) => [name, typeText(type)]));
      const read = await engine.rows(bytes, texts);
      expect(read).toHaveLength(rows * 10);
      const wrong = read.filter((row, at) => {
        const [seed, i] = [Math.floor(at / rows), at % rows];
        return (
          row["one_in_1000"] !== ((i + seed) % 1000 === 3 ? i / 8 : null) ||
          row["all_but_one_in_100"] !== (i % 100 === seed ? null : "v") ||
          row["first_and_last"] !== (i === 0 || i === rows - 1 ? i === 0 : null)
        );
      });
      expect(wrong).toEqual([]);
    },
  );

  test("values that do not shrink are left uncompressed", async () => {
    let state = 1;
    const noise = range(4096, () => {
      state = Math.imul(state, 0x5bd1e995) + 0x7ed55d16;
      return state >>> 24;
    });
    const bytes = range(40, (i) => Uint8Array.from(noise.slice(i * 100, i * 100 + 100)));
    expect(await encodingOf(oneColumn("binary", bytes), "binary")).toContain("UNCOMPRESSED");
    expect(
      await encodingOf(
        oneColumn(
          "float64",
          range(5000, (i) => i),
        ),
        "float64",
      ),
    ).toContain("ZSTD");
    expect(
      await encodingOf(
        oneColumn(
          "float64",
          range(5000, (i) => i),
        ),
        "float64",
        { compression: "none" },
      ),
    ).toContain("UNCOMPRESSED");
  });
});

describe("values that do not fit their column", () => {
  test("are kept in mdc_rejected and reported once for the file", async () => {
    const batches = range(2, (seed) =>
      makeBatch({
        seed,
        columns: [
          { name: "x", type: "float64", cells: [1.5, null, null, 2] },
          { name: "x", type: "string", cells: [null, "one", null, null] },
        ],
      }),
    );
    const reports: (readonly RejectedColumn[])[] = [];
    const options = {
      schema: new Map([["x", "float64" as const]]),
      segment: "s",
      onRejected: (rejected: readonly RejectedColumn[]) => reports.push(rejected),
    };
    const bytes = await fileBytes(createParquetEncoder().encode(() => batches, options));
    const rows = await duckdb.rows(bytes, new Map());
    expect(rows.slice(0, 4).map((row) => row["x"])).toEqual([1.5, null, null, 2]);
    expect(rows.slice(0, 4).map((row) => row["mdc_rejected"])).toEqual([null, '{"x":"one"}', null, null]);
    expect(reports).toEqual([[{ name: "x", expected: "float64", got: "string", cells: 2 }]]);
  });
});

describe("a batch that contradicts itself", () => {
  const good = oneColumn("string", ["a", null, "c"]);
  const [column] = good.columns;
  if (column === undefined) throw new Error("no column");
  const schema = new Map<string, ColumnType>([["x", "string"]]);

  test.each([
    ["validity that does not match the count", { ...column, validity: Uint8Array.of(7) }],
    ["a count that is not that of the values", { ...column, count: 1, validity: Uint8Array.of(1) }],
    [
      "bytes that end within a value",
      { ...column, values: { kind: "bytes", count: 2, data: Uint8Array.of(1, 0, 0, 0, 97, 9, 0, 0, 0) } },
    ],
    [
      "bytes after the last value",
      { ...column, values: { kind: "bytes", count: 2, data: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1) } },
    ],
    [
      "a code outside its dictionary",
      {
        ...column,
        values: {
          kind: "dictionary",
          codes: Uint32Array.of(0, 1),
          dictionary: { count: 1, data: Uint8Array.of(0, 0, 0, 0) },
        },
      },
    ],
  ] as const)("throws for %s, and makes no file", async (_what, wrong) => {
    await expect(encode([{ ...good, columns: [wrong] }], schema)).rejects.toThrow(/batch/);
  });

  test("throws when its frames do not have its rows", async () => {
    const wrong = { ...good, frames: { ...good.frames, rows: Uint32Array.of(2) } };
    await expect(encode([wrong], schema)).rejects.toThrow("its frames have 2 rows, its header says 3");
  });
});

describe("settings", () => {
  test.each([
    { level: 0 },
    { level: 1.5 },
    { rowGroupRows: 0 },
    { pageBytes: -1 },
    { compression: "lz4" as "none" },
  ])("%o is refused", (options) => {
    expect(() => createParquetEncoder(options)).toThrow(RangeError);
  });
});

describe("an encoder that is used again", () => {
  const schema = new Map<string, ColumnType>([
    ["n", "float64"],
    ["s", "string"],
    ["i", "int64"],
  ]);
  const batch = (rows: number, seed: number): Batch =>
    makeBatch({
      columns: [
        { name: "n", type: "float64", cells: range(rows, (i) => i / (seed + 3)) },
        {
          name: "s",
          type: "string",
          cells: range(rows, (i) => (i % 5 === 0 ? null : `text ${(i * seed) % 9}`)),
        },
        { name: "i", type: "int64", cells: range(rows, (i) => BigInt(i * seed)) },
      ],
      seed,
    });
  const files = [batch(40_000, 1), batch(10, 2), batch(3_000, 3)].map((one) => [one]);

  test("writes the same bytes as a new one", async () => {
    const encoder = createParquetEncoder();
    for (const batches of [...files, ...files]) {
      const bytes = await fileBytes(encoder.encode(() => batches, { schema, segment: "segment-1" }));
      expect(Buffer.compare(bytes, await encode(batches, schema))).toBe(0);
    }
  });

  test("writes two files at a time, and goes on after one that was left half done", async () => {
    const encoder = createParquetEncoder();
    const open = (batches: readonly Batch[]): AsyncIterable<Uint8Array> =>
      encoder.encode(() => batches, { schema, segment: "segment-1" });
    for await (const _ of open(files[0]!)) break;
    const written = await Promise.all(files.map((batches) => fileBytes(open(batches))));
    const expected = await Promise.all(files.map((batches) => encode(batches, schema)));
    expect(written.map((bytes, i) => Buffer.compare(bytes, expected[i]!))).toEqual([0, 0, 0]);
  });
});

test("batches of very many columns together make several row groups, for each column of a batch costs memory of its own", async () => {
  const width = 1_000;
  const batch = makeBatch({
    columns: Array.from({ length: width }, (_, k) => ({ name: `c${k}`, type: "float64", cells: [k + 0.5] })),
  });
  const schema = new Map(batch.columns.map(({ name }) => [name, "float64" as const]));
  const batches = new Array<Batch>(310).fill(batch);
  const bytes = await fileBytes(createParquetEncoder().encode(() => batches, { schema, segment: "s" }));
  const sql =
    "SELECT row_group_num_rows AS rows, row_group_id AS id FROM parquet_metadata(FILE) GROUP BY ALL ORDER BY id";
  expect((await duckdbQuery(bytes, sql)).map(({ rows }) => Number(rows))).toEqual([150, 150, 10]);
});
