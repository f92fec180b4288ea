import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { parseWhere } from "../../../src/layout/filter/where.ts";
import { datasetOf } from "../../../src/reader/dataset.ts";
import { createMemoryStore, type MemoryStore } from "../../../src/store/memory-store.ts";
import type { Store } from "../../../src/store/store.ts";
import { compact } from "../../../src/upkeep/compact.ts";
import { erase } from "../../../src/upkeep/erase.ts";
import { repairTables } from "../../../src/upkeep/tables/repair-tables.ts";
import { duckdbSql } from "../../support/parquet-engines.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { folderOf, hour, pin, smallParts, storePart } from "../upkeep/stored-tree.ts";

const table = "flights/blue/model_inputs";
const rowsOfFile = 20;
const everything = { from: new Date(hour), to: new Date(hour + 3_600_000) };

/** A Delta table of so many files. */
async function tableOf(files: number): Promise<MemoryStore> {
  const store = createMemoryStore({ now: () => hour });
  const parts = smallParts(files);
  await pin(store, parts);
  for (const part of parts) await storePart(store, part);
  await repairTables(store, "new", { now: hour });
  return store;
}

function dataFiles(store: MemoryStore): string[] {
  return [...store.objects.keys()].filter((path) => path.startsWith(folderOf())).sort();
}

/** What DuckDB makes of files, as another engine's compaction, or deletion, writes it. */
async function rewritten(store: MemoryStore, paths: readonly string[], where = "true"): Promise<Uint8Array> {
  const root = await tempFolder();
  for (const path of paths) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), store.objects.get(path)?.bytes ?? "");
  }
  const list = paths.map((path) => `'${join(root, path)}'`).join(", ");
  const source = `read_parquet([${list}], union_by_name = true, hive_partitioning = false)`;
  await duckdbSql(`COPY (SELECT * FROM ${source} WHERE ${where}) TO '${join(root, "new.parquet")}'`);
  return new Uint8Array(await readFile(join(root, "new.parquet")));
}

/** Commits as another engine does: by its own hand. */
async function commit(store: Store, version: number, gone: readonly string[], added: readonly string[]) {
  const partitionValues = { inference_date: "2023-11-14", inference_hour: "22" };
  const within = (path: string): string => path.slice(table.length + 1);
  const lines = [
    ...gone.map((path) => ({ remove: { path: within(path), deletionTimestamp: hour, dataChange: false } })),
    ...added.map((path) => ({
      add: { path: within(path), partitionValues, size: 1, modificationTime: hour, dataChange: false },
    })),
  ];
  const path = `${table}/_delta_log/${String(version).padStart(20, "0")}.json`;
  const text = lines.map((line) => JSON.stringify(line)).join("\n");
  expect(await store.put(path, new TextEncoder().encode(text))).toMatchObject({ status: "stored" });
}

/** How many rows and files there are, each way of asking. */
async function seen(store: Store): Promise<{ readonly rows: number; readonly files: number }> {
  const dataset = datasetOf(store);
  let rows = 0;
  for await (const batch of dataset.table("model_inputs")) rows += batch.length;
  let within = 0;
  for await (const batch of dataset.table("model_inputs", everything)) within += batch.length;
  const [counted] = await dataset.sql("SELECT count(*)::INT AS rows FROM model_inputs");
  const [summary] = await dataset.collections();
  await dataset.close();
  expect([within, counted?.["rows"], summary?.rows]).toEqual([rows, rows, rows]);
  return { rows, files: summary?.files ?? 0 };
}

const others = `${folderOf()}/part-00000-5ab3f3a2-d3a5-4c55-8f24-0a6c2f8d3b11.c000.snappy.parquet`;

test("files that another engine has compacted are seen once, before its commit and after it", async () => {
  const store = await tableOf(4);
  const small = dataFiles(store);
  await store.put(others, await rewritten(store, small));
  expect(await seen(store)).toEqual({ rows: 4 * rowsOfFile, files: 4 });
  await commit(store, 1, small, [others]);
  expect(await seen(store)).toEqual({ rows: 4 * rowsOfFile, files: 1 });
  // What is delivered meanwhile counts before it is entered.
  const [, , , , fifth] = smallParts(5);
  await storePart(store, fifth!);
  expect(await seen(store)).toEqual({ rows: 5 * rowsOfFile, files: 2 });
});

test("rows that another engine has deleted are gone", async () => {
  const store = await tableOf(2);
  const [first = "", second = ""] = dataFiles(store);
  await store.put(others, await rewritten(store, [first], "distance >= 5"));
  await commit(store, 1, [first], [others]);
  expect(await seen(store)).toEqual({ rows: 2 * rowsOfFile - 5, files: 2 });
  await commit(store, 2, [second], []);
  expect(await seen(store)).toEqual({ rows: rowsOfFile - 5, files: 1 });
  await commit(store, 3, [], [second]);
  expect(await seen(store)).toEqual({ rows: 2 * rowsOfFile - 5, files: 2 });
});

test("a commit that comes between the listing and the reading of the log takes no row away", async () => {
  for (const filler of [0, 2_500]) {
    const store = await tableOf(3);
    for (let i = 0; i < filler; i++) await store.put(`another/one/collection/${i}.txt`, new Uint8Array());
    const small = dataFiles(store);
    const bytes = await rewritten(store, small);
    let isDone = false;
    const overtaken: Store = new Proxy<Store>(store, {
      get(target, name) {
        if (name === "get") {
          return async (path: string, ...rest: [never]) => {
            if (path.endsWith("_last_checkpoint") && !isDone) {
              isDone = true;
              // To a folder that was not there, as it may be named by others.
              await target.put(others.replace("_hour=22", "_hour=7"), bytes);
              await commit(target, 1, small, [others.replace("_hour=22", "_hour=7")]);
            }
            return await target.get(path, ...rest);
          };
        }
        const value = Reflect.get(target, name, target) as unknown;
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    let rows = 0;
    const found = datasetOf(overtaken).table("model_inputs", filler === 0 ? {} : { from: hour - 86_400_000 });
    for await (const batch of found) rows += batch.length;
    expect(isDone).toBe(true);
    expect(rows).toBe(3 * rowsOfFile);
    expect(await datasetOf(store).collections()).toMatchObject([{ files: 1, rows: 3 * rowsOfFile }]);
  }
});

test("a log that cannot be used is told, and stands in the way of its collection alone", async () => {
  const store = await tableOf(2);
  for (const part of smallParts(2)) await storePart(store, { ...part, collection: "model_outputs" });
  const path = `${table}/_delta_log/${"1".padStart(20, "0")}.json`;
  const raised = `{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"]}}`;
  await store.put(path, new TextEncoder().encode(raised));
  const dataset = datasetOf(store);
  await expect(dataset.table("model_inputs").rows()[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: "CORRUPT",
    message: expect.stringContaining(`${table}/_delta_log: `),
  });
  let rows = 0;
  for await (const batch of dataset.table("model_outputs")) rows += batch.length;
  expect(rows).toBe(2 * rowsOfFile);
});

test("a compaction of what another engine has compacted, also during it, doubles no row", async () => {
  for (const isDuring of [false, true]) {
    const store = await tableOf(3);
    const small = dataFiles(store);
    const theirs = async (): Promise<void> => {
      await store.put(others, await rewritten(store, small));
      await commit(store, 1, small, [others]);
    };
    if (!isDuring) await theirs();
    let isDone = !isDuring;
    const overtaken = new Proxy(store, {
      get(target, name) {
        const value = Reflect.get(target, name, target) as unknown;
        if (typeof value !== "function") return value;
        // Its listing is no promise.
        if (name === "list") return target.list.bind(target);
        return async (path: string, ...rest: unknown[]) => {
          const result = (await value.call(target, path, ...rest)) as unknown;
          if (name === "put" && path.includes("/compacted-") && !isDone) {
            isDone = true;
            await theirs();
          }
          return result;
        };
      },
    });
    const done = await compact(overtaken, { now: hour + 30 * 86_400_000, olderThanMs: 3_600_000 });
    expect(isDone).toBe(true);
    expect(done.map(({ status }) => status)).toEqual(isDuring ? ["busy"] : []);
    expect(await seen(store)).toEqual({ rows: 3 * rowsOfFile, files: 1 });
    expect(dataFiles(store).sort()).toEqual([...small, others].sort());
    expect(await repairTables(store, "known", { now: hour })).toMatchObject([
      { added: 0, removed: 0, missing: [] },
    ]);
  }
});

test("an erasure also takes the files away that another engine has replaced", async () => {
  const store = await tableOf(2);
  const small = dataFiles(store);
  await store.put(others, await rewritten(store, small));
  await commit(store, 1, small, [others]);
  const asked = {
    filter: parseWhere({ distance: 3 }, "where"),
    asked: "distance = 3",
    key: "key",
    now: hour,
  };
  const erased = await erase(store, asked);
  expect(erased.map(({ status, rows }) => [status, rows])).toEqual([
    ["erased", 1],
    ["erased", 1],
  ]);
  expect(await seen(store)).toEqual({ rows: 2 * rowsOfFile - 1, files: 1 });
  expect(await erase(store, asked)).toEqual([]);
});
