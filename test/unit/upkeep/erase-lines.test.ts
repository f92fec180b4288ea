import { expect, test } from "vitest";
import { createJsonlEncoder } from "../../../src/codec/jsonl/jsonl-encoder.ts";
import { besidePath, dataFilePath } from "../../../src/layout/dataset-path.ts";
import { parseWhere, type Where } from "../../../src/layout/filter/where.ts";
import { datasetOf } from "../../../src/reader/dataset.ts";
import { createMemoryStore, type MemoryStore } from "../../../src/store/memory-store.ts";
import type { UpkeepStore } from "../../../src/store/store.ts";
import { erase, type ErasedFile } from "../../../src/upkeep/erase.ts";
import { makeBatch } from "../../support/make-batch.ts";
import { fileBytes } from "../../support/parquet-engines.ts";
import { everyKill, firstKill, hour, pin, type StoredPart, storePart, typesOf } from "./stored-tree.ts";

const now = hour + 30 * 86_400_000;
const subject = "A-17";
const MiB = 1024 * 1024;
const bodyOf = (digit: string): string =>
  `flights/blue/_bodies/request/inference_date=2023-11-14/inference_hour=22/${digit.repeat(32)}.bin`;

async function run(
  store: UpkeepStore,
  where: Where = { user_id: subject },
  more: { readonly wholeRequests?: boolean; readonly now?: number; readonly dryRun?: boolean } = {},
): Promise<ErasedFile[]> {
  return await erase(store, { filter: parseWhere(where, "where"), asked: "it", key: "k", now, ...more });
}

/** Stores a file of JSON lines as a deployment does, and what it refers to; its path. */
async function storeLines(store: UpkeepStore, part: StoredPart): Promise<string> {
  const { seed, columns, collection = "model_inputs", frames } = part;
  const rows = columns[0]?.cells.length ?? 0;
  const batch = makeBatch({
    columns,
    frames: frames ?? Array.from({ length: rows }, () => 1),
    seed,
    header: { collection, partition: hour },
  });
  const folder = {
    ...({ format: "jsonl", rollingRate: "hour", endpoint: "flights", deployment: "blue" } as const),
    collection,
    partition: hour,
  };
  const segment = { id: seed.toString(16).padStart(32, "0"), createdAt: hour };
  const encoder = createJsonlEncoder();
  const bytes = await fileBytes(
    encoder.encode(() => [batch], { schema: typesOf([part]), segment: segment.id }),
  );
  const open = async function* (start = 0, end = bytes.length) {
    yield bytes.subarray(start, end);
  };
  const { file, beside } = (await encoder.unpack?.({ size: bytes.length, open }, (number) =>
    besidePath(folder, segment, number).slice(-50),
  )) ?? { file: { open }, beside: [] };
  for (const [number, object] of beside.entries())
    await store.put(besidePath(folder, segment, number), await fileBytes(object.open()));
  const path = dataFilePath(folder, segment);
  await store.put(path, await fileBytes(file.open()));
  return path;
}

const texts = (name: string, cells: readonly (string | null)[]): StoredPart["columns"][number] => ({
  name,
  type: "string",
  cells: [...cells],
});

/** Two files: of a frame with three rows and one with one, and of two frames whose rows stand beside it. */
async function stored(): Promise<MemoryStore> {
  const store = createMemoryStore();
  const large = "y".repeat(5 * MiB);
  const parts: StoredPart[] = [
    { seed: 0, frames: [3, 1], columns: [texts("user_id", ["A-1", subject, "A-2", subject])] },
    {
      seed: 1,
      frames: [2, 1, 1],
      columns: [texts("user_id", [subject, "A-3", "A-4", "A-5"]), texts("text", [large, "b", large, "d"])],
    },
    { seed: 2, columns: [texts("user_id", [subject])] },
  ];
  await pin(store, parts);
  for (const part of parts) await storeLines(store, part);
  return store;
}

const others = ["0 A-1", "1 A-3", "2 A-2", "0 A-4", "0 A-5"].sort();

async function users(store: UpkeepStore): Promise<string[]> {
  const all: string[] = [];
  for await (const row of datasetOf(store).table("model_inputs").rows())
    all.push(`${String(row["mdc_row_index"])} ${String(row["user_id"])}`);
  return all.sort();
}

function bytesOf(store: MemoryStore): string {
  return Buffer.concat([...store.objects].map(([, { bytes }]) => bytes)).toString("latin1");
}

test("rows of a subject go from JSON lines and what they refer to, and the others keep their numbers", async () => {
  const store = await stored();
  const before = [...store.objects.keys()].filter((path) => path.includes("/2023/"));
  expect(before).toHaveLength(5);
  const found = await run(store, undefined, { dryRun: true });
  expect(found.map(({ rows, status }) => [rows, status])).toEqual([
    [2, "found"],
    [1, "found"],
    [1, "found"],
  ]);
  const erased = await run(store);
  expect(erased.map(({ rows, status }) => [rows, status])).toEqual(found.map(({ rows }) => [rows, "erased"]));
  expect(await users(store)).toEqual(others);
  expect(bytesOf(store)).not.toContain(subject);
  const after = [...store.objects].filter(([path]) => path.includes("/2023/"));
  expect(after.filter(([path]) => before.includes(path))).toEqual([]);
  const names = after.map(([path]) => path.slice(path.lastIndexOf("/") + 1).replace(/-[0-9a-f]{32}/, ""));
  expect(names.sort()).toEqual([
    "rewritten-000000.json",
    "rewritten-000001.json",
    "rewritten.jsonl",
    "rewritten.jsonl",
  ]);
  const records = after
    .filter(([path]) => path.endsWith(".jsonl"))
    .flatMap(([, { bytes }]) => Buffer.from(bytes).toString().trim().split("\n"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const two = records.find(({ mdcrowindex }) => mdcrowindex === "[0,2]");
  expect(two?.["data"]).toEqual([{ user_id: "A-1" }, { user_id: "A-2" }]);
  const bytes = JSON.stringify(two?.["data"]).length;
  expect(two?.["contentrange"]).toBe(`bytes 0-${bytes - 1}/${bytes}`);
  const [told] = await datasetOf(store).sql(
    "select string_agg(mdc_row_index || ' ' || user_id, ', ' order by mdc_row_index, user_id) as users from model_inputs",
  );
  expect(told).toEqual({ users: "0 A-1, 0 A-4, 0 A-5, 1 A-3, 2 A-2" });
  expect(await run(store)).toEqual([]);
});

test("a value that did not fit its column is found where it stands, and no other one that begins so", async () => {
  const store = createMemoryStore();
  const types = { name: "user_id", type: "float64", cells: [1, null, null, null] } as const;
  const misfits = [null, '"A-17"', '"A-170"', '"B"'];
  const columns = [types, { name: "user_id", type: "rejected", cells: misfits }] as StoredPart["columns"];
  const part: StoredPart = { seed: 0, columns };
  await pin(store, [part]);
  await storeLines(store, part);
  expect((await run(store)).map(({ rows, status }) => [rows, status])).toEqual([[1, "erased"]]);
  expect(bytesOf(store)).not.toContain('A-17\\"');
  expect(bytesOf(store)).toContain('A-170\\"');
});

test("with whole requests bodies go that JSON lines refer to, and the rows of all collections", async () => {
  const store = createMemoryStore();
  const inputs: StoredPart = { seed: 0, columns: [texts("user_id", ["A-1", subject])] };
  const refs = [bodyOf("1"), bodyOf("2")];
  const request: StoredPart = { seed: 0, collection: "request", columns: [texts("body_ref", refs)] };
  await pin(store, [inputs]);
  for (const part of [inputs, request]) await storeLines(store, part);
  for (const path of refs) await store.put(path, Buffer.from("a body"));
  const erased = await run(store, undefined, { wholeRequests: true });
  expect(erased.map(({ collection, rows, bodies }) => [collection, rows, bodies])).toEqual([
    ["request", 1, [bodyOf("2")]],
    ["model_inputs", 1, []],
  ]);
  expect(refs.map((path) => store.objects.has(path))).toEqual([true, false]);
});

test("killed at any operation, and run again, the subject is gone from JSON lines, and all others are there once", async () => {
  let killed = 0;
  for (let last = firstKill(), over = false; !over; last += everyKill) {
    const store = await stored();
    let operations = 0;
    async function operation<T>(call: () => Promise<T>): Promise<T> {
      if (++operations > last) throw new Error("the process is gone");
      return await call();
    }
    const dying: UpkeepStore = {
      description: "dying",
      put: (path, bytes, given) => operation(() => store.put(path, bytes, given)),
      get: (path, given) => store.get(path, given),
      delete: (path, given) => operation(() => store.delete(path, given)),
      list: (prefix) => store.list(prefix),
      close: () => store.close(),
    };
    const outcome = await run(dying).catch((error: unknown) => error);
    over = Array.isArray(outcome) && outcome.every(({ status }) => status === "erased");
    if (!over) killed += 1;
    expect((await users(store)).filter((user) => !user.endsWith(subject))).toEqual(others);
    const again = await run(store, undefined, { now: Date.now() + 3_600_000 });
    expect(again.filter(({ status }) => status !== "erased")).toEqual([]);
    expect(await users(store)).toEqual(others);
    expect(bytesOf(store)).not.toContain(subject);
    expect([...store.objects.keys()].filter((path) => path.includes("/plans/"))).toEqual([]);
    const lines = [...store.objects.keys()].filter((path) => path.includes("/2023/"));
    expect(lines).toHaveLength(4);
  }
  expect(killed).toBeGreaterThan(everyKill > 1 ? 1 : 7);
}, 120_000);

test("killed at any operation and run again, nothing of whole requests is left, of whatever format", async () => {
  let killed = 0;
  for (let last = firstKill(), over = false; !over; last += everyKill) {
    const store = createMemoryStore();
    const inputs: StoredPart = { seed: 0, columns: [texts("user_id", ["A-1", subject])] };
    const label: StoredPart = { seed: 0, collection: "a_label", columns: [texts("late", ["no", "of A-17"])] };
    const request: StoredPart = {
      seed: 0,
      collection: "request",
      columns: [texts("of", ["A-1", "of A-17"])],
    };
    await pin(store, [inputs]);
    await storeLines(store, inputs);
    await storePart(store, label);
    await storeLines(store, request);
    let operations = 0;
    async function operation<T>(call: () => Promise<T>): Promise<T> {
      if (++operations > last) throw new Error("the process is gone");
      return await call();
    }
    const dying: UpkeepStore = {
      description: "dying",
      put: (path, bytes, given) => operation(() => store.put(path, bytes, given)),
      get: (path, given) => store.get(path, given),
      delete: (path, given) => operation(() => store.delete(path, given)),
      list: (prefix) => store.list(prefix),
      close: () => store.close(),
    };
    const outcome = await run(dying, undefined, { wholeRequests: true }).catch((error: unknown) => error);
    over = Array.isArray(outcome) && outcome.every(({ status }) => status === "erased");
    if (!over) killed += 1;
    await run(store, undefined, { wholeRequests: true, now: Date.now() + 3_600_000 });
    expect(bytesOf(store)).not.toContain(subject);
    expect([...store.objects.keys()].filter((path) => /jsonl$|parquet$/.test(path))).toHaveLength(3);
  }
  expect(killed).toBeGreaterThan(everyKill > 1 ? 1 : 7);
}, 120_000);

test("a file that cannot be read is told of, and stops no erasure of others", async () => {
  const store = await stored();
  const path = "flights/blue/model_inputs/2023/11/14/21/other.jsonl";
  await store.put(path, Buffer.from("{no record}\n"));
  const erased = await run(store);
  expect(erased.map(({ status }) => status)).toEqual(["unfit", "erased", "erased", "erased"]);
  expect(erased[0]).toMatchObject({ path, rows: 0, reason: expect.stringContaining("line 1") });
  expect(bytesOf(store)).not.toContain(subject);
});
