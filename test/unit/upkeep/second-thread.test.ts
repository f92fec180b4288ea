import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { createCatalog } from "../../../src/reader/catalog.ts";
import { verify } from "../../../src/reader/verify/verify.ts";
import { createFolderStore } from "../../../src/store/folder-store.ts";
import { createMemoryStore } from "../../../src/store/memory-store.ts";
import { StoreError } from "../../../src/store/store-error.ts";
import type { UpkeepStore } from "../../../src/store/store.ts";
import { compact } from "../../../src/upkeep/compact.ts";
import { SecondThread } from "../../../src/upkeep/compacting/second-thread.ts";
import { repairTables } from "../../../src/upkeep/tables/repair-tables.ts";
import { replayLog } from "../../support/delta/replay.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { hour, pin, smallParts, storePart } from "./stored-tree.ts";

const everything = { now: hour + 30 * 86_400_000, olderThanMs: 3_600_000 };
const collections = ["a", "b", "c", "d", "e", "f"];
/** So many files that a second thread is worth its start. */
const filesEach = 170;

const filled = createMemoryStore();

/** Files of each collection, one partition each. */
beforeAll(async () => {
  for (const collection of collections) {
    const parts = smallParts(filesEach, 3).map((part) => ({ ...part, collection }));
    await pin(filled, parts, collection);
    for (const part of parts) await storePart(filled, part);
  }
});

/** A folder with them, of which it is told what this thread puts into it. */
async function folderWithAll(): Promise<{ root: string; store: UpkeepStore; puts: string[] }> {
  const root = await tempFolder();
  for (const [path, { bytes }] of filled.objects) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), bytes);
  }
  const store = createFolderStore({ root });
  const puts: string[] = [];
  const put = store.put.bind(store);
  store.put = (path, body, options) => {
    if (path.endsWith(".parquet")) puts.push(path);
    return put(path, body, options);
  };
  return { root, store, puts };
}

/** What is stored of the collections, by path. */
async function objectsOf(store: UpkeepStore): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { path } of store.list(""))
    if (path.endsWith(".parquet")) found[path] = Buffer.from(await store.get(path)).toString("base64");
  return found;
}

test("a second thread does its share, and comes to the same bytes as one alone", async () => {
  const { root, store, puts } = await folderWithAll();
  const { store: alone } = await folderWithAll();
  const expected = await compact(alone, everything);
  const found = await compact(store, { ...everything, shared: { root } });
  const byFolder = (all: typeof found): typeof found =>
    all.toSorted((a, b) => (a.folder < b.folder ? -1 : 1));
  expect(byFolder(found)).toEqual(byFolder(expected));
  expect(await objectsOf(store)).toEqual(await objectsOf(alone));
  expect(puts.length).toBeGreaterThan(0);
  expect(puts.length).toBeLessThan(collections.length);
});

test("a thread that cannot open the store is done without", async () => {
  const { store, puts } = await folderWithAll();
  const found = await compact(store, { ...everything, shared: { root: "nowhere://at/all" } });
  expect(found.map(({ status, filesAfter }) => `${status} ${filesAfter}`)).toEqual(
    collections.map(() => "compacted 1"),
  );
  expect(puts).toHaveLength(collections.length);
});

test("what fails here ends the compaction, after what the other thread is at: no plan is left", async () => {
  const { root, store } = await folderWithAll();
  const broken = createFolderStore({ root });
  broken.get = async (path) => {
    throw new StoreError("configuration", `get ${path}: refused`, { operation: "get" });
  };
  await expect(compact(broken, { ...everything, shared: { root } })).rejects.toThrow("refused");
  const plans: string[] = [];
  for await (const { path } of store.list("_upkeep/plans/")) plans.push(path);
  expect(plans).toEqual([]);
  const found = await compact(store, everything);
  expect(found.every(({ status }) => status === "compacted")).toBe(true);
});

test("two threads enter what they make into the logs of tables", async () => {
  const { root, store, puts } = await folderWithAll();
  await repairTables(store, "new", { now: everything.now });
  await compact(store, { ...everything, shared: { root } });
  expect(puts.length).toBeLessThan(collections.length);
  for (const collection of collections)
    expect((await replayLog(store, `flights/blue/${collection}`)).live.size).toBe(1);
  const range = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };
  const { findings } = await verify(createCatalog(store, {}), { range, full: false });
  const ofLogs = ["unlogged", "lost", "foreign", "unreadable", "unfinished"];
  expect(findings.filter(({ kind }) => ofLogs.includes(kind))).toEqual([]);
});

test("a thread that has ended says so to whoever asks it afterwards", async () => {
  const task = { now: everything.now, folder: await tempFolder(), root: "nowhere://at/all" };
  await using thread = new SecondThread(task);
  const where = { endpoint: "flights", deployment: "blue", collection: "a", format: "parquet" } as const;
  const place = { ...where, start: hour, rate: "hour" } as const;
  const work = { partition: { place, folder: "a/", files: [] }, pins: new Map(), table: undefined };
  for (let time = 0; time < 2; time++) await expect(thread.run(work)).rejects.toThrow("has ended");
});
