import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { parseWhere, type Where } from "../../../src/layout/filter/where.ts";
import { datasetOf } from "../../../src/reader/dataset.ts";
import { createMemoryStore, type MemoryStore } from "../../../src/store/memory-store.ts";
import type { UpkeepStore } from "../../../src/store/store.ts";
import { compact } from "../../../src/upkeep/compact.ts";
import { erase, type EraseOptions } from "../../../src/upkeep/erase.ts";
import { everyKill, firstKill, hour, pin, storePart, type StoredPart } from "./stored-tree.ts";

const now = hour + 30 * 86_400_000;
const subject = "A-17";
const body = `flights/blue/_bodies/request/inference_date=2023-11-14/inference_hour=22/${"0f".repeat(16)}.bin`;

function options(where: Where, more: Partial<EraseOptions> = {}): EraseOptions {
  return { filter: parseWhere(where, "where"), asked: `user_id=${subject}`, key: "k", now, ...more };
}

/** Three files of inputs, of which two have the subject; a request with a body, under one of its ids. */
async function stored(): Promise<MemoryStore> {
  const store = createMemoryStore();
  const users = [
    ["A-1", subject, "A-2"],
    ["A-3", "A-4", "A-5"],
    [subject, subject, subject],
  ];
  const parts: StoredPart[] = users.map((cells, seed) => ({
    seed,
    columns: [{ name: "user_id", type: "string", cells }],
  }));
  await pin(store, parts);
  for (const part of parts) await storePart(store, part);
  await store.put(body, Buffer.from("the body of A-17"));
  const refs = [null, body, null];
  await storePart(store, {
    seed: 0,
    collection: "request",
    columns: [{ name: "body_ref", type: "string", cells: refs }],
  });
  return store;
}

async function users(store: UpkeepStore): Promise<string[]> {
  const all: string[] = [];
  for await (const row of datasetOf(store).table("model_inputs").rows()) all.push(String(row["user_id"]));
  return all.sort();
}

const others = ["A-1", "A-2", "A-3", "A-4", "A-5"];

test("rows of a subject go, and nothing else; the objects that held them are listed and gone", async () => {
  const store = await stored();
  const before = [...store.objects.keys()].filter((path) => path.includes("/model_inputs/inference"));
  const would = await erase(store, options({ user_id: subject }, { dryRun: true }));
  expect(would.map(({ status, rows }) => [status, rows])).toEqual([
    ["found", 1],
    ["found", 3],
  ]);
  const erased = await erase(store, options({ user_id: subject }));
  expect(erased.map(({ path, status, rows }) => [path, status, rows])).toEqual([
    [before[0], "erased", 1],
    [before[2], "erased", 3],
  ]);
  for (const { path } of erased) expect(store.objects.has(path)).toBe(false);
  expect(store.objects.has(before[1] ?? "")).toBe(true);
  expect(await users(store)).toEqual(others);
  const all = Buffer.concat([...store.objects].map(([, { bytes }]) => bytes)).toString("latin1");
  expect(all.split(subject)).toHaveLength(2); // in the body alone, which only the whole request refers to
  expect(await erase(store, options({ user_id: subject }))).toEqual([]);
});

test("with whole requests the rows of other collections go, too, and their bodies", async () => {
  const store = await stored();
  const erased = await erase(store, options({ user_id: subject }, { wholeRequests: true }));
  expect(erased.map(({ collection, rows, bodies }) => [collection, rows, bodies])).toEqual([
    ["request", 1, [body]],
    ["model_inputs", 1, []],
    ["model_inputs", 3, []],
  ]);
  const all = Buffer.concat([...store.objects].map(([, { bytes }]) => bytes)).toString("latin1");
  expect(all).not.toContain(subject);
  expect(await users(store)).toEqual(others);
});

test("a record says what went, with a hash of whom that only the key can tell", async () => {
  const store = await stored();
  await erase(store, options({ user_id: subject }));
  const records = [...store.objects].filter(([path]) => path.includes("/_upkeep/records/"));
  expect(records).toHaveLength(2);
  for (const [, { bytes }] of records) {
    const text = Buffer.from(bytes).toString();
    expect(text).not.toContain(subject);
    expect(text).toContain(createHmac("sha256", "k").update(`user_id=${subject}`).digest("hex"));
  }
});

test("killed at any operation, and run again, the subject is gone and all others are there once", async () => {
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
      // What reads changes nothing: to be killed there is to be killed before the next change.
      get: (path, given) => store.get(path, given),
      delete: (path, given) => operation(() => store.delete(path, given)),
      list: (prefix) => store.list(prefix),
      close: () => store.close(),
    };
    const outcome = await erase(dying, options({ user_id: subject })).catch((error: unknown) => error);
    over = !(outcome instanceof Error);
    if (!over) killed += 1;
    expect((await users(store)).filter((user) => user !== subject)).toEqual(others);
    const much = { now: Date.now() + 3_600_000 };
    await erase(store, options({ user_id: subject }, much));
    expect(await users(store)).toEqual(others);
    await compact(store, { ...much, olderThanMs: 0 });
    expect(await users(store)).toEqual(others);
    expect([...store.objects.keys()].filter((path) => path.includes("/plans/"))).toEqual([]);
  }
  expect(killed).toBeGreaterThan(everyKill > 1 ? 1 : 7);
}, 60_000);

test("an erasure beside a compaction of the same files leaves nothing of the subject, if not busy", async () => {
  const store = await stored();
  const [, erased] = await Promise.all([
    compact(store, { now, olderThanMs: 0 }),
    erase(store, options({ user_id: subject })),
  ]);
  if (erased.some(({ status }) => status !== "erased")) await erase(store, options({ user_id: subject }));
  expect(await users(store)).toEqual(others);
});
