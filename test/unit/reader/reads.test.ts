import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { createFolderStore } from "../../../src/store/folder-store.ts";
import { schemaFolder, schemaPath } from "../../../src/layout/dataset-path.ts";
import { pinsBytes } from "../../../src/layout/pinned-schema.ts";
import type { Store } from "../../../src/store/store.ts";
import { StoreError } from "../../../src/store/store-error.ts";
import { createParquetEncoder } from "../../../src/codec/parquet/parquet-encoder.ts";
import { type Dataset, datasetOf } from "../../../src/reader/dataset.ts";
import { CountedStore } from "../../../src/reader/counted-store.ts";
import { createMemoryStore } from "../../../src/store/memory-store.ts";
import { correlationId, makeBatch } from "../../support/make-batch.ts";
import { fileBytes } from "../../support/parquet-engines.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { idAt, storeFile } from "./stored-data.ts";

const hours = Array.from(
  { length: 24 },
  (_, hour) => `2026-11-22T${String(hour).padStart(2, "0")}:30:00.000Z`,
);

/** A day of files, that of noon with so many rows, and what is fetched of them. */
async function countedDay(
  rowsAtNoon = 1,
): Promise<{ store: Store; reads: { path: string; bytes: number }[]; sizes: number[] }> {
  const root = await tempFolder();
  const sizes: number[] = [];
  for (const [hour, requestTime] of hours.entries()) {
    const frames = Array.from({ length: hour === 12 ? rowsAtNoon : 1 }, (_, i) => ({
      collection: "inputs",
      id: idAt(requestTime, i),
      requestTime,
      // Noise does not compress.
      rows: [{ note: Array.from({ length: 40 }, () => Math.random().toString(36)).join(""), hour }],
    }));
    const path = storeFile(root, frames, { hour: "DOUBLE", note: "STRING" }, { rowGroupRows: 100 });
    sizes.push(readFileSync(join(root, path)).length);
  }
  const folder = createFolderStore({ root });
  const reads: { path: string; bytes: number }[] = [];
  const store: Store = {
    ...folder,
    description: root,
    list: (prefix, options) => folder.list(prefix, options),
    put: (path, body, options) => folder.put(path, body, options),
    close: () => folder.close(),
    async get(path, options) {
      const bytes = await folder.get(path, options);
      reads.push({ path, bytes: bytes.length });
      return bytes;
    },
  };
  return { store, reads, sizes };
}

test("a search opens no file of ours whose collection's pinned types lack the column", async () => {
  const root = await tempFolder();
  const requestTime = "2026-11-22T12:30:00.000Z";
  const name = `20261122T123000000Z-${"0".repeat(32)}.parquet`;
  const store = (collection: string, row: Record<string, unknown>, own: boolean): string =>
    storeFile(
      root,
      [{ collection, id: idAt(requestTime), requestTime, rows: [row] }],
      "order" in row ? { order: "STRING" } : { delay: "DOUBLE" },
      own ? { name } : {},
    );
  store("inputs", { order: "A" }, true);
  const outputs = store("outputs", { delay: 1 }, true);
  // Another program's file may have any columns.
  store("outputs", { order: "A" }, false);
  const counted = new CountedStore(createFolderStore({ root }));
  const data = datasetOf(counted);
  const found = async (order: string | null): Promise<[string[], number]> => {
    const before = counted.counts.reads;
    const rows = await data.find({ where: { order } });
    return [rows.map(({ collection }) => collection).sort(), counted.counts.reads - before];
  };
  expect(await found("A")).toEqual([["inputs", "outputs"], 3]);
  for (const [collection, columns] of [
    ["inputs", new Map([["order", "string"]] as const)],
    ["outputs", new Map([["delay", "float64"]] as const)],
  ] as const) {
    const path = join(root, schemaPath(schemaFolder("flights", "blue", collection), 1));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, pinsBytes({ version: 1, collection, rollingRate: "hour", columns }));
  }
  // Two files and what is pinned twice.
  expect(await found("A")).toEqual([["inputs", "outputs"], 4]);
  expect(await found(null)).toEqual([["outputs"], 5]);
  writeFileSync(join(root, outputs), "no file");
  expect(await found("A")).toEqual([["inputs", "outputs"], 4]);
});

test("a trace opens the files of three hours of a day and nothing of the others", async () => {
  const { store, reads } = await countedDay();
  const { records } = await datasetOf(store).trace(idAt("2026-11-22T12:30:00.000Z"));
  expect(records).toMatchObject([{ rows: [{ hour: 12 }] }]);
  const opened = new Set(reads.map(({ path }) => /inference_hour=(\d\d)/.exec(path)?.[1]));
  expect(opened).toEqual(new Set(["11", "12", "13"]));
});

test("a trace fetches a part of a large file only", async () => {
  const { store, reads, sizes } = await countedDay(3_000);
  const { records } = await datasetOf(store).trace(idAt("2026-11-22T12:30:00.000Z", 1234));
  expect(records).toHaveLength(1);
  const size = sizes[12] ?? 0;
  const fetched = reads
    .filter(({ path }) => path.includes("inference_hour=12"))
    .reduce((sum, { bytes }) => sum + bytes, 0);
  expect(size).toBeGreaterThan(1_000_000);
  expect(fetched).toBeLessThan(size * 0.75);
});

test("a small file is fetched once, whatever is read of it", async () => {
  const { store, reads } = await countedDay();
  const data = datasetOf(store);
  for await (const _ of data.table("inputs")) continue;
  expect(reads).toHaveLength(hours.length);
});

test("summing up fetches footers, and opening and listing nothing", async () => {
  const { store, reads } = await countedDay();
  const data = datasetOf(store);
  data.table("inputs");
  expect(reads).toEqual([]);
  await data.collections();
  expect(reads).toHaveLength(hours.length);
});

test("a store that fails is not taken for bad data", async () => {
  const { store } = await countedDay();
  const error = new StoreError("configuration", "get: refused", { operation: "get" });
  const data = datasetOf({ ...store, get: () => Promise.reject(error) });
  await expect(data.collections()).rejects.toBe(error);
  await expect(data.trace(idAt(hours[3] as string))).rejects.toBe(error);
  await expect(data.table("inputs")[Symbol.asyncIterator]().next()).rejects.toBe(error);
});

test("closing closes the store, once", async () => {
  const { store } = await countedDay();
  let closed = 0;
  const data = datasetOf({ ...store, close: async () => void closed++ });
  await Promise.all([data.close(), data.close()]);
  await data[Symbol.asyncDispose]();
  expect(closed).toBe(1);
});

/** One file of many pages and row groups, written by our encoder, and what is fetched of it. */
async function countedFile(): Promise<{ data: Dataset; size: number; fetched: () => number[] }> {
  const store = createMemoryStore();
  const batches = Array.from({ length: 200 }, (_, seed) =>
    makeBatch({
      seed,
      frames: Array.from({ length: 100 }, () => 1),
      columns: [
        {
          name: "rising",
          type: "int64",
          cells: Array.from({ length: 100 }, (_, i) => BigInt(seed * 100 + i)),
        },
        {
          name: "note",
          type: "string",
          cells: Array.from({ length: 100 }, () => randomBytes(120).toString("base64")),
        },
      ],
    }),
  );
  const schema = new Map([["rising", "int64"] as const, ["note", "string"] as const]);
  const encoder = createParquetEncoder({ rowGroupRows: 5_000, pageBytes: 16_384 });
  const bytes = await fileBytes(encoder.encode(() => batches, { schema, segment: "s" }));
  await store.put("flights/blue/inputs/inference_date=2026-11-22/inference_hour=05/x.parquet", bytes);
  const reads: number[] = [];
  const counted: Store = {
    description: store.description,
    list: (prefix, options) => store.list(prefix, options),
    put: (path, body, options) => store.put(path, body, options),
    close: () => store.close(),
    async get(path, options) {
      const part = await store.get(path, options);
      reads.push(part.length);
      return part;
    },
  };
  return { data: datasetOf(counted), size: bytes.length, fetched: () => reads };
}

test.each([
  ["an id", { mdc_correlation_id: correlationId(120, 7) }, 1],
  ["an id that is not there", { mdc_correlation_id: "none" }, 0],
  ["a range of a rising column", { rising: { atLeast: 12_345, below: 12_400 } }, 55],
  ["values of a rising column", { rising: { in: [17, 19_000n] } }, 2],
  ["what no row is", { rising: { above: 20_000 } }, 0],
  ["what a column that no file has is not", { absent: { not: null } }, 0],
  ["what such a column would have to be", { absent: 1, note: { contains: "A" } }, 0],
  ["one of two alternatives", { $or: [{ rising: 5 }, { mdc_correlation_id: correlationId(3, 3) }] }, 2],
])("asked for %s, a table fetches a small part of a file", async (_, where, count) => {
  const { data, size, fetched } = await countedFile();
  let rows = 0;
  for await (const batch of data.table("inputs", { where })) rows += batch.length;
  expect(rows).toBe(count);
  expect(size).toBeGreaterThan(1_500_000);
  // The end of the file has 128 KiB.
  const bytes = fetched().reduce((sum, one) => sum + one, 0);
  expect(bytes).toBeLessThan(count === 0 ? 300_000 : 131_072 + count * 6_000 + 400_000);
  expect(fetched().length).toBeLessThanOrEqual(6);
});

test("of a store with many files, only the folders of the hours in question are listed", async () => {
  const store = createMemoryStore();
  const [requestTime] = [hours[12] as string];
  const root = await tempFolder();
  const rows = [{ hour: 12 }];
  const frame = { collection: "inputs", id: idAt(requestTime), requestTime, rows };
  const path = storeFile(root, [frame], { hour: "DOUBLE" });
  const bytes = readFileSync(join(root, path));
  await store.put(path, bytes);
  const elsewhere = ["2026-11-21", "2026-11-23"].flatMap((day) =>
    Array.from(
      { length: 1_500 },
      (_, i) => `inference_date=${day}/inference_hour=${i % 2 === 0 ? "05" : "06"}/${i}`,
    ),
  );
  for (const one of elsewhere) await store.put(`flights/blue/inputs/${one}.parquet`, new Uint8Array(1));
  await store.put(`flights/blue/outputs/2026/11/22/12/${"a".repeat(32)}000000.jsonl`, new Uint8Array(0));
  await store.put(`flights/blue/outputs/2026/11/21/12/${"a".repeat(32)}000000.jsonl`, new Uint8Array(1));
  const counted = new CountedStore(store);
  const data = datasetOf(counted);
  const { records } = await data.trace(idAt(requestTime));
  expect(records).toMatchObject([{ rows: [{ hour: 12 }] }]);
  // A page of the plain listing, and two files; JSON lines tell their types.
  expect(counted.counts).toMatchObject({ listed: 2_001 + 2, reads: 1 });
  const { listed } = counted.counts;
  const range = { from: "2026-11-22", to: "2026-11-23" };
  let found = 0;
  for await (const batch of data.table("inputs", range)) found += batch.length;
  expect([found, counted.counts.listed - listed]).toEqual([1, 2_001 + 2]);
  expect(await data.find({ where: { hour: 12 }, ...range })).toHaveLength(1);
});
