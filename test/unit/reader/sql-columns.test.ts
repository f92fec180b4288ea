import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDataset } from "../../../src/reader.ts";
import { datasetOf } from "../../../src/reader/dataset.ts";
import { createMemoryStore } from "../../../src/store/memory-store.ts";
import type { Store } from "../../../src/store/store.ts";
import { disposableFolder } from "../../support/temp-folder.ts";

const path = "flights/blue/model_inputs/inference_date=2026-11-22/inference_hour=05/large.parquet";
const small = "flights/blue/model_outputs/inference_date=2026-11-22/inference_hour=05/small.parquet";
const rows = 120_000;

let folder: Awaited<ReturnType<typeof disposableFolder>>;
let root: string;
let size: number;

/** A file of 7 MB with several row groups, and one that is small. */
beforeAll(async () => {
  folder = await disposableFolder();
  root = folder.path;
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const write = async (select: string, to: string, more: string): Promise<void> => {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    await connection.run(`COPY (${select}) TO '${join(root, to)}' (FORMAT parquet, COMPRESSION zstd${more})`);
  };
  const noise = Array.from({ length: 6 }, (_, i) => `hash(i + ${i}) / 1e19 AS noise${i}`).join(", ");
  await write(
    `SELECT i AS id, ${noise}, 'k' || i % 90 AS kind, {'x': i, 'y': hash(i)} AS place, [i, i + 1] AS pair,
      CASE WHEN i % 3 = 0 THEN NULL ELSE i END AS "Some ""times""",
      TIMESTAMPTZ '2026-11-22 05:00:00Z' + to_milliseconds(i * 20) AS mdc_request_time FROM range(${rows}) r(i)`,
    path,
    ", ROW_GROUP_SIZE 20480",
  );
  await write("SELECT i AS id, i * 2 AS delay FROM range(50) r(i)", small, "");
  connection.closeSync();
  instance.closeSync();
  size = readFileSync(join(root, path)).length;
});

afterAll(() => folder[Symbol.asyncDispose]());

/** A store that is no folder. */
function elsewhere(kept: Store, changed: Partial<Store> = {}): Store {
  const given: Partial<Store> = { description: "memory", ...changed };
  return new Proxy(kept, {
    get: (store, name: keyof Store) => {
      const value = given[name] ?? store[name];
      return typeof value === "function" ? value.bind(store) : value;
    },
  });
}

/** The same bytes in a store that is no folder, and how many of the large file are asked for. */
async function remote(): Promise<{ readonly store: Store; readonly bytes: () => number }> {
  const kept = createMemoryStore();
  for (const one of [path, small]) await kept.put(one, readFileSync(join(root, one)));
  let bytes = 0;
  const get: Store["get"] = async (...args) => {
    const got = await kept.get(...args);
    if (args[0] === path) bytes += got.length;
    return got;
  };
  return { store: elsewhere(kept, { get }), bytes: () => bytes };
}

test("of a large file only the columns that a statement names are fetched, and each once", async () => {
  const { store, bytes } = await remote();
  await using data = datasetOf(store);
  expect(size).toBeGreaterThan(6e6);
  expect([...(await data.sql("select count(*) as n from model_inputs"))]).toEqual([{ n: BigInt(rows) }]);
  expect(bytes()).toBeLessThanOrEqual(128 * 1024);
  const ask = "select count(*) * 2 as n, max(noise1) > 0 as has from model_inputs where noise1 >= 0";
  expect([...(await data.sql(ask))]).toEqual([{ n: BigInt(rows * 2), has: true }]);
  const one = bytes();
  expect(one).toBeLessThan(size / 2);
  expect(one).toBeGreaterThan(size / 12);
  await data.sql(ask);
  expect(bytes()).toBe(one);
  await data.sql("select min(noise5) from model_inputs");
  expect(bytes()).toBeGreaterThan(one);
  expect(bytes()).toBeLessThan(size);
});

const statements = [
  'select sum(id) as s, count("Some ""times""") as n from model_inputs',
  "select kind, count(*) as n from model_inputs where kind = 'k7' group by kind",
  "select count(*) as n from model_inputs where kind = 'none'",
  "select ID, KIND from model_inputs order by Id limit 3",
  "select sum(place.y) as s, sum(pair[2]) as p from model_inputs",
  "select i.noise2, delay from model_inputs i join model_outputs using (id) order by id",
  "select bit_xor(hash(t)) as h from model_inputs t",
  "select t.noise3 from (from model_inputs) t order by t.id limit 2",
  "from model_inputs order by id limit 2",
  "select * exclude (place) from model_inputs order by id desc limit 2",
  "select max(columns('noise.*')) from model_inputs",
  "select count(*) as n from model_inputs natural join model_outputs",
  "create table kept as from model_inputs; select count(distinct noise4) as n from kept",
  "with t as (table model_inputs) select sum(noise0) > 1 as s from t",
  "select column_name, min, max, count from (summarize model_inputs)",
  "select mdc_request_time from model_inputs where id in (5, 119999) order by 1",
];

test.each(statements)("the answer is that of the whole file: %s", async (statement) => {
  const { store } = await remote();
  await using data = datasetOf(store);
  await using whole = await openDataset(root);
  const expected = await whole.sql(statement);
  expect(expected.length).toBeGreaterThan(0);
  // After what fetches but little, too.
  for (const before of ["select max(noise1) from model_inputs", undefined]) {
    if (before !== undefined) await data.sql(before);
    const got = await data.sql(statement);
    expect(got.columns).toEqual(expected.columns);
    expect([...got]).toEqual([...expected]);
  }
});

test("a statement that means columns without their names has the whole file fetched", async () => {
  const { store, bytes } = await remote();
  await using data = datasetOf(store);
  await data.sql("select bit_xor(hash(t)) as h from model_inputs t");
  expect(bytes()).toBeGreaterThanOrEqual(size);
  expect(bytes()).toBeLessThan(size * 1.1);
});

test("questions that are asked at once share what is fetched", async () => {
  const { store, bytes } = await remote();
  await using data = datasetOf(store);
  const asked = ["sum(id)", "max(noise1)", "bit_xor(hash(t))", "min(kind)"].map((what) =>
    data.sql(`select ${what} as x from model_inputs t`),
  );
  await using whole = await openDataset(root);
  const [ids, , hash] = await Promise.all(asked);
  expect([...(ids ?? [])]).toEqual([...(await whole.sql("select sum(id) as x from model_inputs"))]);
  expect([...(hash ?? [])]).toEqual([
    ...(await whole.sql("select bit_xor(hash(t)) as x from model_inputs t")),
  ]);
  expect(bytes()).toBeLessThan(size * 2);
});

test("of a range of time, what says when a row's request was is fetched, too", async () => {
  const { store, bytes } = await remote();
  await using data = datasetOf(store);
  const [row] = await data.sql("select count(*) as n from model_inputs", { to: "2026-11-22T05:10:00Z" });
  expect(row).toEqual({ n: 30_000n });
  expect(bytes()).toBeLessThan(size / 2);
});

test("what is wrong with a column that nobody asked for is told when somebody does", async () => {
  const damaged = createMemoryStore();
  const bytes = readFileSync(join(root, path));
  // In the last row group, behind its first column.
  bytes.fill(0xff, size - 800_000, size - 200_000);
  await damaged.put(path, bytes);
  await using data = datasetOf(elsewhere(damaged));
  expect(await data.sql("select sum(id) as s from model_inputs")).toHaveLength(1);
  await expect(data.sql("select bit_xor(hash(t)) from model_inputs t")).rejects.toThrow(path);
});
