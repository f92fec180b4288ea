import { expect, test } from "vitest";
import type { EncodedBody } from "../../../src/codec/encoder.ts";
import { createJsonlEncoder } from "../../../src/codec/jsonl/jsonl-encoder.ts";
import type { Batch } from "../../../src/frame/batch.ts";
import type { ColumnType } from "../../../src/layout/column-type.ts";
import { makeBatch } from "../../support/make-batch.ts";
import { duckdbQuery, fileBytes } from "../../support/parquet-engines.ts";

const MiB = 1024 * 1024;

function bodyOf(bytes: Uint8Array): EncodedBody {
  return {
    size: bytes.length,
    async *open(start = 0, end = bytes.length) {
      for (let at = start; at < end; at += 1000) yield bytes.subarray(at, Math.min(end, at + 1000));
    },
  };
}

async function textOf(body: EncodedBody): Promise<string> {
  const bytes = await fileBytes(body.open());
  expect(bytes.length).toBe(body.size);
  return Buffer.from(bytes).toString();
}

/** What the batches are delivered as. */
async function deliver(batches: readonly Batch[], schema: ReadonlyMap<string, ColumnType>) {
  const encoder = createJsonlEncoder();
  const bytes = await fileBytes(encoder.encode(() => batches, { schema, segment: "s" }));
  const unpacked = await encoder.unpack?.(bodyOf(bytes), (number) => `the "object" ${number}`);
  if (unpacked === undefined) return expect.unreachable();
  const file = await textOf(unpacked.file);
  const records = file
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { file, records, beside: await Promise.all(unpacked.beside.map(textOf)) };
}

const text = new Map<string, ColumnType>([["x", "string"]]);
/** `[{"x":"…"}]`, of so many bytes. */
const payload = (bytes: number) => "y".repeat(bytes - '[{"x":""}]'.length);

test("a payload of 4 MiB stands in its record; of one byte more it stands beside the file, and its record refers to it", async () => {
  const cells = [payload(4 * MiB), payload(4 * MiB + 1), "small", payload(4 * MiB + 2)];
  const batch = makeBatch({ frames: [1, 1, 1, 1], columns: [{ name: "x", type: "string", cells }] });
  const { file, records, beside } = await deliver([batch], text);
  expect(records.map(({ data }) => data)).toEqual([
    [{ x: cells[0] }],
    undefined,
    [{ x: "small" }],
    undefined,
  ]);
  expect(records.map(({ dataref }) => dataref)).toEqual([
    undefined,
    'the "object" 0',
    undefined,
    'the "object" 1',
  ]);
  expect(records[1]?.["contentrange"]).toBe(`bytes 0-${4 * MiB}/${4 * MiB + 1}`);
  expect(file).toContain('Z","dataref":"the \\"object\\" 0","contentrange":');
  expect(beside.map((object) => JSON.parse(object) as unknown)).toEqual([
    [{ x: cells[1] }],
    [{ x: cells[3] }],
  ]);
});

test("a file without large payloads is only itself", async () => {
  const batch = makeBatch({ columns: [{ name: "x", type: "string", cells: ["a"] }] });
  const { records, beside } = await deliver([batch], text);
  expect([records.length, beside.length]).toEqual([1, 0]);
});

test("nothing becomes nothing", async () => {
  expect(await deliver([], text)).toEqual({ file: "", records: [], beside: [] });
});

test("what did not fit its column goes beside the file where it is large, row by row", async () => {
  const cells = ["a".repeat(3 * MiB), null, 'b"\n'.repeat(MiB)];
  const batch = makeBatch({
    frames: [3, 1],
    columns: [{ name: "x", type: "string", cells: [...cells, "c"] }],
  });
  const { records, beside } = await deliver([batch], new Map([["x", "float64"]]));
  expect(records[0]).toMatchObject({
    data: [{ x: null }, { x: null }, { x: null }],
    mdcrejectedref: 'the "object" 0',
  });
  expect(records[0]).not.toHaveProperty("mdcrejected");
  expect(records[1]).toMatchObject({ data: [{ x: null }], mdcrejected: '[{"x":"c"}]' });
  expect(JSON.parse(beside[0] ?? "")).toEqual([{ x: cells[0] }, null, { x: cells[2] }]);
});

test("both may be large, in several records of several batches", async () => {
  const large = Array.from({ length: 3 }, (_, i) => String(i).repeat(5 * MiB));
  const batch = makeBatch({
    frames: [1, 1, 1],
    columns: [
      { name: "x", type: "string", cells: large },
      { name: "y", type: "string", cells: large },
    ],
  });
  const schema = new Map<string, ColumnType>([
    ["x", "string"],
    ["y", "int64"],
  ]);
  const { records, beside } = await deliver([batch, batch], schema);
  // A reader has to find columns somewhere: the rows of the first stand in their record.
  expect(records[0]?.["data"]).toEqual([{ x: large[0], y: null }]);
  expect(records.map(({ dataref, mdcrejectedref }) => [dataref, mdcrejectedref])).toEqual([
    [undefined, 'the "object" 0'],
    ...Array.from({ length: 5 }, (_, i) => [`the "object" ${2 * i + 1}`, `the "object" ${2 * i + 2}`]),
  ]);
  const parts = beside.map((object) => (JSON.parse(object) as [Record<string, string>])[0]);
  const all = [0, 1, 2, 0, 1, 2].flatMap((i) => [{ x: large[i], y: null }, { y: large[i] }]);
  expect(parts).toEqual(all.slice(1));
});

test("what is large in every type is written in pieces to the same text as what is small", async () => {
  const items = Array.from({ length: 5_000 }, (_, i) => (i % 7 === 0 ? null : i / 2));
  const texts = Array.from({ length: 3_000 }, (_, i) => (i % 5 === 0 ? null : `é"${i}`));
  const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 31) % 256);
  const json = `{"a":[${Array.from({ length: 40_000 }, (_, i) => i).join(",\n")}]}`;
  const columns = [
    { name: "numbers", type: { list: "float64" }, cells: [items] },
    { name: "texts", type: { list: "string" }, cells: [texts] },
    { name: "text", type: "string", cells: ["é\\".repeat(100_000)] },
    { name: "bytes", type: "binary", cells: [bytes] },
    { name: "json", type: "json", cells: [json] },
  ] as const;
  const schema = new Map<string, ColumnType>(columns.map(({ name, type }) => [name, type]));
  const { records } = await deliver([makeBatch({ columns })], schema);
  expect(records[0]?.["data"]).toEqual([
    {
      numbers: items,
      texts,
      text: "é\\".repeat(100_000),
      bytes: Buffer.from(bytes).toString("base64"),
      json: JSON.parse(json) as unknown,
    },
  ]);
});

test("tags that were cut, and so are no JSON, are kept as a text", async () => {
  const batch = makeBatch({ columns: [], rows: 1, tags: () => '{"a":"b…' });
  const { records } = await deliver([batch], new Map());
  expect(records[0]).toMatchObject({ mdctags: '{"a":"b…' });
});

test("columns of doubles that were all whole are told, unless somebody said that they are doubles", async () => {
  const numbers: [string, number[]][] = [
    ["whole", [1, 2, Number.NaN, -0]],
    ["said", [1, 2, 3, 4]],
    ["mixed", [1, 2.5, 3, 4]],
    ["none", [Number.NaN, Infinity, Number.NaN, Number.NaN]],
    ["late", [1, 2, 3, 4]],
  ];
  const batchOf = (late: number) =>
    makeBatch({
      columns: numbers.map(([name, cells]) => ({
        name,
        type: "float64",
        cells: name === "late" ? [late, 1, 1, 1] : cells,
      })),
      header: { declared: { said: "float64" } },
    });
  const schema = new Map<string, ColumnType>(numbers.map(([name]) => [name, "float64"]));
  const told: unknown[] = [];
  const options = {
    schema,
    segment: "s",
    onWholeNumbers: (columns: readonly string[]) => told.push(columns),
  };
  await fileBytes(createJsonlEncoder().encode(() => [batchOf(0.5), batchOf(1)], options));
  expect(told).toEqual([["whole"]]);
});

test("another reader takes what stands beside the file for the rows", async () => {
  const rows = 50_000;
  const cells = Array.from(
    { length: rows },
    (_, i) => `value number ${i}, which is not short at all, so that there are many bytes`,
  );
  const batch = makeBatch({
    columns: [
      { name: "x", type: "string", cells },
      { name: "n", type: "float64", cells: cells.map((_, i) => i) },
    ],
  });
  const schema = new Map<string, ColumnType>([
    ["x", "string"],
    ["n", "float64"],
  ]);
  const small = makeBatch({ columns: [{ name: "x", type: "string", cells: ["small"] }], seed: 1 });
  const { beside } = await deliver([small, batch], schema);
  const sql =
    "SELECT count(DISTINCT x) AS texts, sum(n) AS sum, any_value(typeof(n)) AS type FROM read_json(FILE, format='array')";
  expect(await duckdbQuery(Buffer.from(beside[0] ?? ""), sql)).toEqual([
    { texts: BigInt(rows), sum: (rows * (rows - 1)) / 2, type: "DOUBLE" },
  ]);
});
