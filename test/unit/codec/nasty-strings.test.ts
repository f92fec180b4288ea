import { expect, test } from "vitest";
import { parseWhere } from "../../../src/layout/filter/where.ts";
import { readParquetColumns } from "../../../src/codec/parquet/parquet-decoder.ts";
import { createParquetEncoder } from "../../../src/codec/parquet/parquet-encoder.ts";
import type { Batch } from "../../../src/frame/batch.ts";
import { BatchBuilder } from "../../../src/frame/batch-builder.ts";
import { memorySource } from "../../../src/codec/range-source.ts";
import { decodeBatch } from "../../../src/frame/wire/decode.ts";
import { comparePlain, duckdbConstant } from "../../support/column-filter.ts";
import { nastyStrings } from "../../support/nasty-strings.ts";
import { duckdbQuery, engines, fileBytes } from "../../support/parquet-engines.ts";
import { finishFacts, frameFacts, snapshotOf } from "../frame/frame-support.ts";

const schema = new Map([["x", "string"]] as const);

/** The whole way from a user's cells to the bytes of a file. */
async function collected(cells: readonly unknown[], pageBytes: number): Promise<Uint8Array> {
  const builder = new BatchBuilder({ maxStringBytes: 1024 * 1024 });
  builder.begin(snapshotOf({ x: cells }), frameFacts());
  while (!builder.advance(64));
  const batches: readonly Batch[] = [decodeBatch(builder.finish(finishFacts))];
  return fileBytes(createParquetEncoder({ pageBytes }).encode(() => batches, { schema, segment: "s" }));
}

/** Few, as a dictionary; many different, as delta or plain pages. */
const cases: readonly (readonly [string, readonly string[]])[] = [
  ["once", nastyStrings],
  ["many times", Array.from({ length: 20 }, () => nastyStrings.filter((text) => text.length < 1000)).flat()],
  [
    "each with a number",
    Array.from({ length: 8 }, (_, i) => nastyStrings.map((text) => `${text}${i}`)).flat(),
  ],
];

test.each(cases)("strings that break programs, %s, are read back by every engine", async (_, cells) => {
  for (const pageBytes of [64, 4096, 1024 * 1024]) {
    const bytes = await collected(cells, pageBytes);
    for (const engine of engines) {
      const rows = await engine.rows(bytes, new Map([["x", "string"]]));
      const lossy = engine.lossy ?? ((value: unknown) => value);
      expect(
        rows.map((row) => row["x"]),
        engine.name,
      ).toEqual(cells.map(lossy));
    }
  }
});

test("a filter by each of them finds its rows, whatever the bounds of pages and row groups", async () => {
  const bytes = await collected(nastyStrings, 64);
  for (const text of nastyStrings) {
    const constant = duckdbConstant("string", text) ?? "";
    const [row] = await duckdbQuery(
      bytes,
      `SELECT count(*) FILTER (x = ${constant})::INT AS equal FROM FILE WHERE x <= ${constant} AND x >= ${constant}`,
    );
    expect([text, row?.["equal"]]).toEqual([text, 1]);
  }
  expect(
    nastyStrings.map((text) => nastyStrings.filter((one) => comparePlain(one, text) === 0).length),
  ).toEqual(nastyStrings.map(() => 1));
});

test("our own reader finds them too, also where JavaScript orders strings differently from the file", async () => {
  // As UTF-16 the last three begin with surrogates, and come before the least of these.
  const beyond = ["\ue000", "\uffff", "\u{10000}", "👩", "\u{10ffff}"];
  for (const cells of [nastyStrings, beyond]) {
    const bytes = await collected(cells, 64);
    for (const [index, text] of cells.entries()) {
      const found: number[] = [];
      for await (const part of readParquetColumns(memorySource(bytes), {
        filter: parseWhere({ x: { equals: text } }, "where"),
      }))
        found.push(...part.rows);
      expect([text, ...found]).toEqual([text, index]);
    }
  }
});

test("our own reader filters by a column that is named like a method of every object", async () => {
  const schema = new Map([["constructor", "string"]] as const);
  const builder = new BatchBuilder({ maxStringBytes: 1024 });
  builder.begin(snapshotOf({ constructor: ["a", "b"] }), frameFacts());
  while (!builder.advance(64));
  const batches = [decodeBatch(builder.finish(finishFacts))];
  const bytes = await fileBytes(createParquetEncoder().encode(() => batches, { schema, segment: "s" }));
  const found: number[] = [];
  const filter = parseWhere({ constructor: { equals: "b" } }, "where");
  for await (const part of readParquetColumns(memorySource(bytes), { filter })) found.push(...part.rows);
  expect(found).toEqual([1]);
});

test("strings that are not well-formed are kept in mdc_rejected, not mended", async () => {
  const broken = ["\ud800", "a\udc00b", "\udfff\ud800", "😀\ud83d"];
  const bytes = await collected(["whole", ...broken], 1024);
  for (const engine of engines) {
    const rows = await engine.rows(
      bytes,
      new Map([
        ["x", "string"],
        ["mdc_rejected", "json"],
      ]),
    );
    expect(
      rows.map((row) => row["x"] ?? null),
      engine.name,
    ).toEqual(["whole", null, null, null, null]);
    const kept = rows.map((row): unknown => JSON.parse(String(row["mdc_rejected"] ?? "null")));
    expect(kept).toEqual([null, ...broken.map((x) => ({ x }))]);
  }
});
