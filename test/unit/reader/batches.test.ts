import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createParquetEncoder } from "../../../src/codec/parquet/parquet-encoder.ts";
import { openDataset } from "../../../src/reader.ts";
import { makeBatch } from "../../support/make-batch.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { storeFile } from "./stored-data.ts";

const frame = {
  collection: "x",
  id: "x",
  requestTime: "2026-11-22T05:10:00Z",
  rows: Array.from({ length: 10 }, (_, i) => ({
    d: i / 2,
    i: BigInt(i),
    s: `${i}`,
    gap: i === 5 ? null : i,
  })),
};
const types = { d: "DOUBLE", i: "INT64", s: "STRING", gap: "DOUBLE" } as const;

test("numbers of which none is missing are typed arrays, however a file has stored them; others are arrays", async () => {
  const root = await tempFolder();
  storeFile(root, [frame], types);
  const data = await openDataset(root);
  for await (const { columns } of data.table("x")) {
    expect(columns.get("d")).toEqual(Float64Array.from(frame.rows, ({ d }) => d));
    expect(columns.get("i")).toEqual(BigInt64Array.from(frame.rows, ({ i }) => i));
    expect(columns.get("mdc_row_index")).toEqual(Int32Array.from({ length: 10 }, (_, i) => i));
    expect(columns.get("s")).toEqual(frame.rows.map(({ s }) => s));
    expect(columns.get("gap")).toEqual(frame.rows.map(({ gap }) => gap));
  }
});

test("batchRows bounds the rows of a batch, and a part of a typed array is no copy", async () => {
  const root = await tempFolder();
  storeFile(root, [frame], types);
  storeFile(root, [{ ...frame, requestTime: "2026-11-22T06:10:00Z" }], types);
  const data = await openDataset(root);
  const lengths: number[] = [];
  const buffers = new Set<unknown>();
  const values: unknown[] = [];
  for await (const { length, columns } of data.table("x", { batchRows: 4, limit: 15 })) {
    lengths.push(length);
    const numbers = columns.get("d") as Float64Array;
    buffers.add(numbers.buffer);
    values.push(...numbers);
    expect(columns.get("s")).toHaveLength(length);
  }
  expect(lengths).toEqual([4, 4, 2, 4, 1]);
  expect(buffers.size).toBe(2);
  expect(values).toEqual([...frame.rows, ...frame.rows].slice(0, 15).map(({ d }) => d));
  for (const batchRows of [0, 1.5, "4"])
    expect(() => data.table("x", { batchRows: batchRows as never })).toThrow(/table: batchRows: expected/);
});

test("of large bodies a batch has at most 32 MiB, however many rows a row group has", async () => {
  const root = await tempFolder();
  const body = (n: number): string => `${n} `.padEnd(2 ** 20, "x");
  const numbers = Array.from({ length: 100 }, (_, n) => n);
  const batch = makeBatch({
    frames: numbers.map(() => 1),
    columns: [
      { name: "body", type: "string", cells: numbers.map(body) },
      { name: "n", type: "float64", cells: numbers },
    ],
  });
  const folder = join(root, "flights/blue/bodies/inference_date=2023-11-14/inference_hour=22");
  mkdirSync(folder, { recursive: true });
  const pieces: Uint8Array[] = [];
  const schema = new Map([["body", "string"] as const, ["n", "float64"] as const]);
  for await (const piece of createParquetEncoder().encode(() => [batch], { schema, segment: "a" }))
    pieces.push(new Uint8Array(piece));
  writeFileSync(join(folder, "a.parquet"), Buffer.concat(pieces));
  const data = await openDataset(root);
  const lengths: number[] = [];
  const seen: unknown[] = [];
  for await (const { length, columns } of data.table("bodies")) {
    lengths.push(length);
    const [bodies, own] = [columns.get("body"), columns.get("n")] as [string[], Float64Array];
    expect(own).toHaveLength(length);
    for (const [i, text] of bodies.entries()) seen.push(text === body(own[i] ?? -1) ? own[i] : text);
  }
  expect(lengths).toEqual([31, 31, 31, 7]);
  expect(seen).toEqual(numbers);
  const some: unknown[] = [];
  for await (const row of data.table("bodies", { where: { n: { in: [3, 40, 41, 99] } } }).rows())
    some.push(row["body"] === body(row["n"] as number) ? row["n"] : row["body"]);
  expect(some).toEqual([3, 40, 41, 99]);
});
