import { expect, test } from "vitest";
import { DeltaTable } from "../../../src/delta/delta-table.ts";
import { datasetOf } from "../../../src/reader/dataset.ts";
import { createMemoryStore, type MemoryStore } from "../../../src/store/memory-store.ts";
import { purge } from "../../../src/upkeep/purge.ts";
import { repairTables } from "../../../src/upkeep/tables/repair-tables.ts";
import { folderOf, hour, pin, smallParts, storePart } from "./stored-tree.ts";

const day = 86_400_000;
const body = `flights/blue/_bodies/request/inference_date=2023-11-14/inference_hour=22/${"0f".repeat(16)}.bin`;
const profile = `flights/blue/_profile/2023-11-14/20231114T220000000Z-${"0a".repeat(16)}.jsonl`;
const ledger = `flights/blue/_ledger/2023-11-14/20231114T220000000Z-${"0a".repeat(16)}.jsonl`;

/** Three files of inputs, one of requests with a body; a ledger that tells of all of them. */
async function stored(): Promise<MemoryStore> {
  const store = createMemoryStore();
  const parts = smallParts(3, 4);
  await pin(store, parts);
  for (const part of parts) await storePart(store, part);
  await storePart(store, { ...parts[0]!, seed: 9, collection: "request" });
  for (const path of [body, profile]) await store.put(path, Buffer.from("{}\n"));
  const [instance, at] = ["0a".repeat(16), new Date(hour).toISOString()];
  const counts = (collection: string, n: number) => {
    const amount = [n, n];
    return { kind: "counts", instance, hour: at, collection, offered: amount, delivered: amount };
  };
  const lines = [
    { kind: "process", instance, from: 1, to: 1, since: at, at, host: "h", pid: 7, ended: true },
    counts("model_inputs", 12),
    counts("request", 4),
  ];
  await store.put(ledger, Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join("")));
  return store;
}

const verdicts = async (store: MemoryStore): Promise<Record<string, string>> =>
  Object.fromEntries(
    (await datasetOf(store).completeness()).map(({ collection, verdict }) => [collection, verdict]),
  );

test("old partitions go, with their bodies and profiles; completeness says that they were purged", async () => {
  const store = await stored();
  expect(await verdicts(store)).toEqual({ model_inputs: "complete", request: "complete" });
  const options = { now: hour + 91 * day, olderThanMs: 90 * day };
  const all = [...store.objects.keys()];
  const would = await purge(store, { ...options, dryRun: true });
  expect([...store.objects.keys()]).toEqual(all);
  const gone = await purge(store, options);
  expect(gone).toEqual(would);
  expect(gone.map(({ collection, objects }) => [collection, objects.length])).toEqual([
    ["request", 2],
    ["_profile", 1],
    ["model_inputs", 3],
  ]);
  const left = [...store.objects.keys()].filter((path) => !path.includes("/_upkeep/records/"));
  expect(left.sort()).toEqual([ledger, "flights/blue/_schema/model_inputs/schema-000001.json"].sort());
  expect(await verdicts(store)).toEqual({ model_inputs: "purged", request: "purged" });
  expect(await purge(store, options)).toEqual([]);
});

test("the log of a table is told what went, whatever went with it", async () => {
  const store = await stored();
  await repairTables(store, "new", { now: hour });
  const table = new DeltaTable(store, "flights/blue/request");
  const [file = ""] = (await table.read())?.files.keys() ?? [];
  expect((await table.read())?.has(file)).toBe(true);
  await purge(store, { now: hour + 91 * day, olderThanMs: 90 * day });
  expect(store.objects.has(`flights/blue/request/${file}`)).toBe(false);
  expect((await table.read())?.has(file)).toBe(false);
});

test("what is younger stays, and other collections, and with them profiles", async () => {
  const store = await stored();
  const all = [...store.objects.keys()];
  expect(await purge(store, { now: hour + 90 * day, olderThanMs: 90 * day })).toEqual([]);
  expect([...store.objects.keys()]).toEqual(all);
  const options = { now: hour + 91 * day, olderThanMs: 90 * day, collections: ["Request"] };
  expect(await purge(store, options)).toMatchObject([{ collection: "request", partitions: 1 }]);
  expect(store.objects.has(profile)).toBe(true);
  expect(store.objects.has(body)).toBe(false);
  expect([...store.objects.keys()].filter((path) => path.startsWith(folderOf()))).toHaveLength(3);
  expect(await verdicts(store)).toEqual({ model_inputs: "complete", request: "purged" });
});

test("killed at any deletion, the next run takes the rest, and nothing is called lost in between", async () => {
  for (let last = 0; last < 7; last++) {
    const store = await stored();
    let deletions = 0;
    const dying = {
      ...store,
      description: "dying",
      put: store.put.bind(store),
      get: store.get.bind(store),
      list: store.list.bind(store),
      close: store.close.bind(store),
      async delete(path: string) {
        if (deletions++ >= last) throw new Error("the process is gone");
        return await store.delete(path);
      },
    };
    const options = { now: hour + 91 * day, olderThanMs: 90 * day };
    const outcome = await purge(dying, options).catch((error: unknown) => error);
    expect(outcome instanceof Error).toBe(last < 6);
    for (const verdict of Object.values(await verdicts(store)))
      expect(["complete", "purged"]).toContain(verdict);
    await purge(store, options);
    expect([...store.objects.keys()].filter((path) => /\.(parquet|bin)$|_profile/.test(path))).toEqual([]);
  }
});
