import { expect, test } from "vitest";
import { openParquet, readParquetColumns } from "../../../src/codec/parquet/parquet-decoder.ts";
import { createParquetEncoder } from "../../../src/codec/parquet/parquet-encoder.ts";
import { memorySource } from "../../../src/codec/range-source.ts";
import { makeBatch } from "../../support/make-batch.ts";
import { fileBytes } from "../../support/parquet-engines.ts";

/*
 * What was made of a page is used again for the next one that has the same bytes. Files of one schema, read one
 * after another, are the case for it.
 */

const rows = 40;

/** A file of texts, of which pages of few values are places in a dictionary. */
async function fileOf(texts: readonly (string | null)[]): Promise<Uint8Array> {
  const columns = [
    { name: "s", type: "string" as const, cells: texts },
    { name: "n", type: "float64" as const, cells: texts.map((text) => (text === null ? null : text.length)) },
  ];
  const schema = new Map(columns.map(({ name, type }) => [name, type]));
  return fileBytes(
    createParquetEncoder().encode(() => [makeBatch({ seed: 1, frames: [texts.length], columns })], {
      schema,
      segment: "s",
    }),
  );
}

async function columnOf(bytes: Uint8Array, name: string): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const part of readParquetColumns(memorySource(bytes), { columns: [name] }))
    values.push(...Array.from(part.columns.get(name) ?? []));
  return values;
}

const same = (text: string | null): (string | null)[] => new Array(rows).fill(text);

test("files that differ in one value, in their rows or in nothing have each its own values", async () => {
  const mixed = same("a").map((text, i) => (i % 3 === 0 ? null : i % 5 === 0 ? "b" : text));
  const all = [same("a"), same("a"), same("b"), same("a").slice(1), mixed, mixed, same(null), same("a")];
  const files = await Promise.all(all.map(fileOf));
  for (let i = 0; i < files.length; i++) {
    expect(await columnOf(files[i]!, "s")).toEqual(all[i]);
    expect(await columnOf(files[i]!, "n")).toEqual(all[i]!.map((text) => text?.length ?? null));
  }
});

test("who changes what was read changes no other file's values", async () => {
  const bytes = await fileOf(same("a"));
  for (let time = 0; time < 2; time++) {
    for await (const { columns } of readParquetColumns(memorySource(new Uint8Array(bytes)))) {
      const texts = columns.get("s") as unknown[];
      const numbers = columns.get("n") as unknown[];
      expect(texts).toEqual(same("a"));
      expect(Array.from(numbers)).toEqual(new Array(rows).fill(1));
      texts.fill("changed");
      numbers.fill(-1);
    }
  }
});

test("bytes that are not those of the checksum are told of, also where the page before had its own", async () => {
  const bytes = await fileOf(same("a"));
  expect(await columnOf(bytes, "s")).toEqual(same("a"));
  const { metadata } = await openParquet(memorySource(bytes));
  const chunk = metadata.rowGroups[0]!.columns.find(({ path }) => path[0] === "s")!;
  const { dictionaryAt, pagesAt: pageAt } = chunk;
  const end = (dictionaryAt || pageAt) + chunk.compressedBytes;
  // The last byte of the dictionary, and of the page.
  for (const at of [pageAt - 1, end - 1]) {
    const damaged = new Uint8Array(bytes);
    damaged[at]! ^= 1;
    await expect(columnOf(damaged, "s")).rejects.toThrow("a page does not have its checksum");
  }
  expect(await columnOf(bytes, "s")).toEqual(same("a"));
});

test("what is made of bytes that are not compressed is not theirs, who may change them", async () => {
  const columns = [{ name: "s", type: "string" as const, cells: same("a") }];
  const bytes = await fileBytes(
    createParquetEncoder({ compression: "none" }).encode(
      () => [makeBatch({ seed: 1, frames: [rows], columns })],
      { schema: new Map([["s", "string"]]), segment: "s" },
    ),
  );
  const given = new Uint8Array(bytes);
  expect(await columnOf(given, "s")).toEqual(same("a"));
  given.fill(0xff);
  expect(await columnOf(new Uint8Array(bytes), "s")).toEqual(same("a"));
});
