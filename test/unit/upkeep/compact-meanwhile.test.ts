import { expect, test } from "vitest";
import { datasetOf } from "../../../src/reader/dataset.ts";
import { createMemoryStore, type MemoryStore } from "../../../src/store/memory-store.ts";
import type { Store, UpkeepStore } from "../../../src/store/store.ts";
import { compact } from "../../../src/upkeep/compact.ts";
import { folderOf, hour, pin, smallParts, storePart, type StoredPart } from "./stored-tree.ts";

const everything = { now: hour + 30 * 86_400_000, olderThanMs: 3_600_000 };

async function stored(parts: readonly StoredPart[]): Promise<MemoryStore> {
  const store = createMemoryStore();
  await pin(store, parts);
  for (const part of parts) await storePart(store, part);
  return store;
}

/** Which row is how often in what our reader gives. */
async function seenByUs(store: Store): Promise<string[]> {
  const rows: string[] = [];
  for await (const row of datasetOf(store).table("model_inputs").rows())
    rows.push(`${String(row["mdc_event_id"])} ${String(row["distance"])}`);
  return rows.sort();
}

/** The same store; what a test replaces of it comes after. */
function passed(store: MemoryStore): UpkeepStore {
  return {
    description: store.description,
    put: (path, body, options) => store.put(path, body, options),
    get: (path, options) => store.get(path, options),
    delete: (path, options) => store.delete(path, options),
    list: (prefix) => store.list(prefix),
    replace: async (path, bytes) => await store.replace?.(path, bytes),
    close: () => store.close(),
  };
}

function filesOf(store: MemoryStore): string[] {
  return [...store.objects.keys()].filter((path) => path.startsWith(folderOf()));
}

/** A store in which files are compacted when a file of the collection is read for the `nth` time. */
function compactedMeanwhile(store: MemoryStore, nth: number): { seen: Store; done: () => boolean } {
  let reads = 0;
  let compacted: Promise<unknown> | undefined;
  const seen: Store = {
    ...passed(store),
    async get(path, options) {
      if (path.startsWith(folderOf()) && ++reads >= nth) await (compacted ??= compact(store, everything));
      return await store.get(path, options);
    },
  };
  return { seen, done: () => compacted !== undefined && filesOf(store).length === 1 };
}

test("who reads while files are compacted goes on with the large one, if no row was given yet", async () => {
  const parts = smallParts(12, 4);
  const expected = await seenByUs(await stored(parts));
  const { seen, done } = compactedMeanwhile(await stored(parts), 1);
  expect(await seenByUs(seen)).toEqual(expected);
  expect(done()).toBe(true);
  const late = compactedMeanwhile(await stored(parts), 12);
  await expect(seenByUs(late.seen)).rejects.toThrow(
    /inference_hour=22\/.*\.parquet: it is gone since its folder was listed: compacted, .* Run it again$/,
  );
  expect(late.done()).toBe(true);
});

test("an attempt that failed leaves its plan to the next one, also of the same process", async () => {
  const parts = smallParts(4, 4);
  const store = await stored(parts);
  const failing: UpkeepStore = {
    ...passed(store),
    async put(path, body, options) {
      if (path.includes("/compacted-")) throw new Error("the disk is full");
      return await store.put(path, body, options);
    },
  };
  const at = { ...everything, now: Date.now() };
  await expect(compact(failing, at)).rejects.toThrow("the disk is full");
  expect([...store.objects.keys()].filter((path) => path.includes("/plans/"))).toHaveLength(1);
  expect(await compact(store, at)).toMatchObject([{ status: "compacted", filesBefore: 4, filesAfter: 1 }]);
  expect([...store.objects.keys()].filter((path) => path.includes("/plans/"))).toEqual([]);
  expect(await seenByUs(store)).toEqual(await seenByUs(await stored(parts)));
});
