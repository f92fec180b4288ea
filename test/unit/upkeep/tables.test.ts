import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { type Clock, systemClock } from "../../../src/base/time/clock.ts";
import { DeltaTable } from "../../../src/delta/delta-table.ts";
import { commitPath } from "../../../src/delta/log-paths.ts";
import { parseWhere } from "../../../src/layout/filter/where.ts";
import { createCatalog } from "../../../src/reader/catalog.ts";
import { datasetOf } from "../../../src/reader/dataset.ts";
import { verify } from "../../../src/reader/verify/verify.ts";
import { createMemoryStore, type MemoryStore } from "../../../src/store/memory-store.ts";
import type { Store } from "../../../src/store/store.ts";
import { compact } from "../../../src/upkeep/compact.ts";
import { erase } from "../../../src/upkeep/erase.ts";
import { remainsOf } from "../../../src/upkeep/remains.ts";
import { repairTables, vacuumTables } from "../../../src/upkeep/tables/repair-tables.ts";
import { replayLog } from "../../support/delta/replay.ts";
import { duckdbSql } from "../../support/parquet-engines.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { folderOf, hour, pin, smallParts, storePart, type StoredPart } from "./stored-tree.ts";

const table = "flights/blue/model_inputs";
const later = hour + 30 * 86_400_000;
const dayMs = 86_400_000;

async function stored(count: number): Promise<MemoryStore> {
  const store = createMemoryStore({ now: () => later });
  const parts = smallParts(count);
  await pin(store, parts);
  for (const part of parts) await storePart(store, part);
  return store;
}

function dataFiles(store: MemoryStore): string[] {
  const paths = [...store.objects.keys()].filter((path) => path.startsWith(folderOf()));
  return paths.map((path) => path.slice(table.length + 1)).sort();
}

async function rowsSeen(store: Store): Promise<number> {
  let rows = 0;
  for await (const _ of datasetOf(store).table("model_inputs").rows()) rows++;
  return rows;
}

/** The rows of the files that the log tells of, as DuckDB reads them. */
async function rowsByLog(store: MemoryStore): Promise<Record<string, unknown>[]> {
  const root = await tempFolder();
  const { live } = await replayLog(store, table);
  for (const path of live) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), store.objects.get(`${table}/${path}`)?.bytes ?? "");
  }
  const paths = [...live].map((path) => `'${join(root, path)}'`).join(", ");
  return await duckdbSql(
    `SELECT * FROM read_parquet([${paths}], union_by_name = true) ORDER BY mdc_event_id, mdc_row_index`,
  );
}

async function kindsFound(store: MemoryStore): Promise<string[]> {
  const range = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };
  const { findings } = await verify(createCatalog(store, {}), { range, full: false });
  const ofLogs = ["unlogged", "lost", "foreign", "unreadable", "unfinished"];
  return findings.map(({ kind }) => kind).filter((kind) => ofLogs.includes(kind));
}

test("a tree becomes a table once, and what is stored later is added by a repair", async () => {
  const store = await stored(3);
  expect(await repairTables(store, "known", { now: later })).toEqual([]);
  const dry = await repairTables(store, "new", { now: later, dryRun: true });
  expect(dry).toMatchObject([{ table, version: undefined, added: 3 }]);
  expect(await repairTables(store, "new", { now: later })).toMatchObject([
    { table, version: 0, added: 3, missing: [] },
  ]);
  expect(await repairTables(store, "new", { now: later })).toEqual([]);
  for (const part of smallParts(5).slice(3)) await storePart(store, part);
  expect(await kindsFound(store)).toEqual(["unlogged", "unlogged"]);
  expect(await repairTables(store, "known", { now: later })).toMatchObject([{ version: 1, added: 2 }]);
  expect(await repairTables(store, "known", { now: later })).toMatchObject([{ version: 1, added: 0 }]);
  const { live, adds } = await replayLog(store, table);
  expect([...live].sort()).toEqual(dataFiles(store));
  expect(adds).toHaveLength(5);
  expect(await kindsFound(store)).toEqual([]);
  const [first = ""] = dataFiles(store);
  await store.delete(`${table}/${first}`);
  expect(await kindsFound(store)).toEqual(["lost"]);
  expect(await repairTables(store, "known", { now: later })).toMatchObject([
    { missing: [`${table}/${first}`] },
  ]);
});

test("a compaction is one commit, and a repair after it finds nothing to do", async () => {
  const store = await stored(6);
  await repairTables(store, "new", { now: later });
  const before = await rowsSeen(store);
  const byDuckdb = await rowsByLog(store);
  const small = dataFiles(store);
  await compact(store, { now: later, olderThanMs: 3_600_000 });
  const { live, actions, versions } = await replayLog(store, table);
  expect(versions).toBe(2);
  expect(await rowsByLog(store)).toEqual(byDuckdb);
  expect(byDuckdb).toHaveLength(before);
  expect([...live]).toEqual(dataFiles(store));
  expect([...live]).toEqual([expect.stringMatching(/\/compacted-[0-9a-f]{32}\.parquet$/)]);
  const removes = actions.flatMap(({ remove }) => (remove === undefined ? [] : [remove["dataChange"]]));
  expect(removes).toEqual(small.map(() => false));
  expect(await rowsSeen(store)).toBe(before);
  expect(await repairTables(store, "known", { now: later })).toMatchObject([
    { added: 0, removed: 0, missing: [] },
  ]);
});

test("what was removed from a table is deleted after seven days, and nothing else", async () => {
  const store = await stored(3);
  await repairTables(store, "new", { now: later });
  const [first = "", ...others] = dataFiles(store);
  await new DeltaTable(store, table).commit({ remove: [`${table}/${first}`] });
  expect(await vacuumTables(store, { now: Date.now() })).toEqual([{ table, deleted: 0, kept: 1 }]);
  expect(await vacuumTables(store, { now: Date.now() + 8 * dayMs })).toEqual([
    { table, deleted: 1, kept: 0 },
  ]);
  expect(dataFiles(store)).toEqual(others);
});

test("what was removed long ago stays so after a checkpoint, and is named until it is long gone", async () => {
  const store = await stored(3);
  await repairTables(store, "new", { now: later });
  const [first = "", ...others] = dataFiles(store);
  const now = Date.now();
  const longAgo: Clock = { ...systemClock, now: () => now - 10 * dayMs };
  await new DeltaTable(store, table, { clock: longAgo }).commit({ remove: [`${table}/${first}`] });
  const [fourth, fifth] = smallParts(5).slice(3);
  await storePart(store, fourth!);
  const [added = ""] = dataFiles(store).filter((path) => path !== first && !others.includes(path));
  const file = { path: `${table}/${added}`, size: store.objects.get(`${table}/${added}`)!.bytes.length };
  await new DeltaTable(store, table, { checkpointEvery: 2 }).commit({ add: [{ ...file, modifiedAt: now }] });
  expect([...store.objects.keys()].filter((path) => path.includes(".checkpoint."))).toHaveLength(1);
  expect(await repairTables(store, "known", { now })).toMatchObject([{ added: 0 }]);
  const has = async (): Promise<boolean | undefined> =>
    (await new DeltaTable(store, table).read())!.has(first);
  expect(await has()).toBe(false);
  expect(await vacuumTables(store, { now })).toEqual([{ table, deleted: 1, kept: 0 }]);
  await storePart(store, fifth!);
  await repairTables(store, "known", { now });
  await vacuumTables(store, { now: now + 10 * dayMs });
  expect(await has()).toBe(false);
  await vacuumTables(store, { now: now + 30 * dayMs });
  expect(await has()).toBeUndefined();
  const { live } = await replayLog(store, table);
  expect([...live].sort()).toEqual(dataFiles(store));
});

test("a compaction that was killed before its commit is ended, by the next one or by a repair", async () => {
  for (const end of ["compact", "repair"]) {
    const store = await stored(4);
    await repairTables(store, "new", { now: later });
    const before = await rowsSeen(store);
    let isDead = false;
    const dying = new Proxy(store, {
      get(target, name) {
        if (name === "put") {
          return async (path: string, ...rest: [never]) => {
            if (path.includes("_delta_log/")) isDead = true;
            if (isDead) throw new Error("killed");
            return await target.put(path, ...rest);
          };
        }
        const value = Reflect.get(target, name, target) as unknown;
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    await expect(compact(dying, { now: later, olderThanMs: 3_600_000 })).rejects.toThrow("killed");
    expect(isDead).toBe(true);
    // The plan, and the small files that the new one replaces already.
    expect((await kindsFound(store)).filter((kind) => kind === "unfinished")).toHaveLength(1 + 4);
    expect((await replayLog(store, table)).versions).toBe(1);
    expect(await rowsSeen(store)).toBe(before);
    if (end === "compact") await compact(store, { now: Date.now() + dayMs, olderThanMs: 3_600_000 });
    else await repairTables(store, "known", { now: later });
    const { live } = await replayLog(store, table);
    expect([...live], end).toEqual([expect.stringContaining("/compacted-")]);
    expect(await rowsSeen(store)).toBe(before);
    if (end === "compact") expect(await kindsFound(store)).toEqual([]);
  }
});

test("a file that was compacted before it was entered is never entered", async () => {
  const store = await stored(3);
  const [first, ...others] = dataFiles(store);
  const log = new DeltaTable(store, table);
  const file = (name: string) => ({
    path: `${table}/${name}`,
    size: store.objects.get(`${table}/${name}`)!.bytes.length,
    modifiedAt: later,
  });
  const early = file(first!);
  await log.commit({ add: others.map(file) });
  await compact(store, { now: later, olderThanMs: 3_600_000 });
  expect(await log.commit({ add: [early] })).toMatchObject({ added: [] });
  expect([...(await replayLog(store, table)).live]).toEqual([expect.stringContaining("/compacted-")]);
});

test("an erasure tells which commits still have the value, as the least or the greatest of a file", async () => {
  const store = createMemoryStore({ now: () => later });
  const part: StoredPart = {
    seed: 0,
    columns: [{ name: "user_id", type: "string", cells: ["A-1", 'A-17 "it"'] }],
  };
  await pin(store, [part]);
  await storePart(store, part);
  await repairTables(store, "new", { now: later });
  const value = 'A-17 "it"';
  const erased = await erase(store, {
    ...{ filter: parseWhere({ user_id: value }, "where"), asked: "it", key: "k" },
    now: Date.now(),
  });
  expect(erased.map(({ status }) => status)).toEqual(["erased"]);
  const commit = commitPath(table, 0);
  expect(Buffer.from(store.objects.get(commit)?.bytes ?? "").toString()).toContain("A-17");
  expect(await remainsOf(store, {}, [value])).toEqual([commit]);
  expect(await remainsOf(store, { deployment: "green" }, [value])).toEqual([]);
  expect(await remainsOf(store, {}, ["A-9"])).toEqual([]);
});
