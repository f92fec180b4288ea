import { expect, onTestFinished, test, vi } from "vitest";
import { mulberry32 } from "../../../benchmarks/mulberry32.ts";
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

test("two at once share the partitions, and seldom read the same files", async () => {
  vi.spyOn(Math, "random").mockImplementation(mulberry32(1));
  onTestFinished(() => void vi.restoreAllMocks());
  const collections = Array.from({ length: 12 }, (_, i) => `inputs_${i + 10}`);
  const store = createMemoryStore();
  for (const collection of collections) {
    const parts = smallParts(2, 4).map((part) => ({ ...part, collection }));
    await pin(store, parts, collection);
    for (const part of parts) await storePart(store, part);
  }
  const [loaded, both] = [new Map<string, number>(), new Set<string>()];
  const counted = (who: string): UpkeepStore => ({
    ...passed(store),
    async get(path, options) {
      const bytes = await store.get(path, options);
      const isSmall = path.endsWith(".parquet") && !path.includes("/compacted-");
      if (isSmall && !both.has(`${who} ${path}`)) loaded.set(path, (loaded.get(path) ?? 0) + 1);
      both.add(`${who} ${path}`);
      return bytes;
    },
  });
  const [one, other] = await Promise.all([
    compact(counted("one"), everything),
    compact(counted("other"), everything),
  ]);
  const [byOne, byOther] = [one, other].map((some) => some.filter(({ rows }) => rows > 0));
  const done = [...(byOne ?? []), ...(byOther ?? [])].map(({ folder }) => folder.split("/")[2] ?? "");
  expect(new Set(done)).toEqual(new Set(collections));
  expect(done).toHaveLength(12);
  for (const some of [byOne, byOther]) expect(some?.length).toBeGreaterThan(2);
  // Each that went by the paths alone would have read them all.
  const twice = [...loaded.values()].filter((times) => times > 1).length;
  expect(loaded.size).toBe(24);
  expect(twice).toBeLessThan(10);
});
