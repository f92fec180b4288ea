import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { memorySource } from "../../../src/codec/range-source.ts";
import { openParquet } from "../../../src/codec/parquet/parquet-decoder.ts";
import { datasetOf } from "../../../src/reader/dataset.ts";
import { createFolderStore } from "../../../src/store/folder-store.ts";
import { createMemoryStore, type MemoryStore } from "../../../src/store/memory-store.ts";
import { type Store, type UpkeepStore } from "../../../src/store/store.ts";
import { compact } from "../../../src/upkeep/compact.ts";
import type { Plain } from "../../support/make-batch.ts";
import { duckdbCollection, duckdbFile } from "../../support/parquet-engines.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import {
  everyKill,
  firstKill,
  folderOf,
  hour,
  pin,
  smallParts,
  storePart,
  type StoredPart,
} from "./stored-tree.ts";

const later = hour + 30 * 86_400_000;
const everything = { now: later, olderThanMs: 3_600_000 };

async function stored(parts: readonly StoredPart[]): Promise<MemoryStore> {
  const store = createMemoryStore();
  await pin(store, parts);
  for (const part of parts) await storePart(store, part);
  return store;
}

/** What DuckDB sees of a store. */
async function seenByDuckdb(store: MemoryStore): Promise<Record<string, unknown>[]> {
  const root = await tempFolder();
  for (const [path, { bytes }] of store.objects) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), bytes);
  }
  return await duckdbCollection(root, "model_inputs");
}

/** Which row is how often in what our reader gives. */
async function seenByUs(store: Store, collection = "model_inputs"): Promise<string[]> {
  const rows: string[] = [];
  for await (const row of datasetOf(store).table(collection).rows())
    rows.push(`${String(row["mdc_event_id"])} ${String(row["distance"])}`);
  return rows.sort();
}

function dataFiles(store: MemoryStore): string[] {
  return [...store.objects.keys()].filter((path) => path.startsWith(folderOf())).sort();
}

test("files of an hour become one, with the rows and columns that they had, sorted by request", async () => {
  const store = await stored(smallParts(7));
  const before = await seenByDuckdb(store);
  const [one, ...others] = await compact(store, everything);
  expect(others).toEqual([]);
  expect(one).toMatchObject({ status: "compacted", filesBefore: 7, filesAfter: 1, rows: 140 });
  const [path = "", ...more] = dataFiles(store);
  expect(more).toEqual([]);
  expect(path).toMatch(/\/compacted-[0-9a-f]{32}\.parquet$/);
  expect(await seenByDuckdb(store)).toEqual(before);
  const { metadata, info } = await openParquet(
    memorySource(store.objects.get(path)?.bytes ?? new Uint8Array()),
  );
  const id = metadata.rowGroups[0]?.columns.find(({ path }) => path[0] === "mdc_correlation_id");
  expect(id?.filterAt).toBeGreaterThan(0);
  expect(id?.statistics?.nulls).toBe(0);
  expect(info.columns.find(({ name }) => name === "mdc_event_id")?.nullable).toBe(false);
  expect(info.columns.map(({ name }) => name).slice(-3)).toEqual(["distance", "origin", "delay"]);
  expect([...store.objects.keys()].filter((name) => name.includes("/_upkeep/"))).toEqual([]);
  const times = [];
  for await (const row of datasetOf(store).table("model_inputs").rows()) times.push(row["mdc_request_time"]);
  expect(times).toEqual(times.toSorted((a, b) => Number(a) - Number(b)));
});

test("numbers of many rows stay as they were, where files have nulls among them or lack the column", async () => {
  const sizes = [3_000, 2_500, 40, 60];
  const parts = sizes.map((rows, seed): StoredPart => {
    const cells = <T extends Plain>(value: (row: number) => T): T[] =>
      Array.from({ length: rows }, (_, row) => value(row));
    return {
      seed,
      columns: [
        { name: "distance", type: "float64", cells: cells((row) => [row / 7, -0, 0, Number.NaN][row % 4]!) },
        { name: "seats", type: "int64", cells: cells((row) => 2n ** 62n - BigInt(row * 3 + seed)) },
        // One of a kind at first, then always the same.
        { name: "note", type: "string", cells: cells((row) => (row < 2_100 ? `n${seed}-${row}` : "n")) },
        { name: "delay", type: "float64", cells: cells((row) => (seed > 1 && row % 3 > 0 ? null : row)) },
        ...(seed === 3
          ? []
          : [{ name: "late", type: "float64", cells: cells((row) => row + seed) } as const]),
      ],
    };
  });
  const store = await stored(parts);
  const before = await seenByDuckdb(store);
  expect(await compact(store, everything)).toMatchObject([{ status: "compacted", rows: 5_600 }]);
  expect(dataFiles(store)).toHaveLength(1);
  expect(await seenByDuckdb(store)).toEqual(before);
});

test("texts stay as they were, whoever wrote the files: few, many, none, beyond ASCII, in any encoding", async () => {
  const parts = Array.from({ length: 6 }, (_, seed): StoredPart => {
    const cells = (value: (row: number) => string | null): Plain[] =>
      Array.from({ length: 900 }, (_cell, row) => value(row));
    return {
      seed,
      tags: (frame) => (frame % 7 === 0 ? `{"n":"é${frame}"}` : null),
      columns: [
        { name: "distance", type: "float64", cells: Array.from({ length: 900 }, (_cell, row) => row) },
        { name: "own", type: "string", cells: cells((row) => `${seed}/${row} ${"ü".repeat(row % 40)}`) },
        { name: "same", type: "string", cells: cells(() => "always") },
        { name: "few", type: "string", cells: cells((row) => ["JFK", "", null, "\u{1f6eb}"][row % 4]!) },
        { name: "none", type: "string", cells: cells((row) => (seed === 5 && row === 899 ? "last" : null)) },
        ...(seed === 0
          ? []
          : [{ name: "late", type: "string", cells: cells((row) => `l${row % 3}`) } as const]),
      ],
    };
  });
  const store = await stored(parts);
  const before = await seenByDuckdb(store);
  const encodings = [
    "CODEC zstd, PARQUET_VERSION V2",
    "CODEC snappy",
    "CODEC uncompressed, PARQUET_VERSION V2",
  ];
  for (const [at, options] of encodings.entries()) {
    const path = dataFiles(store)[at * 2] as string;
    const bytes = await duckdbFile(store.objects.get(path)!.bytes, "SELECT * FROM FILE", options);
    await store.replace?.(path, bytes);
  }
  expect(await seenByDuckdb(store)).toEqual(before);
  expect(await compact(store, everything)).toMatchObject([{ status: "compacted", rows: 5_400 }]);
  expect(dataFiles(store)).toHaveLength(1);
  expect(await seenByDuckdb(store)).toEqual(before);
});

test("any files give the rows that they had, and the same name whoever compacts them", async () => {
  const shape = fc.array(fc.record({ rows: fc.integer({ min: 1, max: 30 }), skip: fc.boolean() }), {
    minLength: 2,
    maxLength: 5,
  });
  await fc.assert(
    fc.asyncProperty(shape, async (shapes) => {
      const parts = smallParts(shapes.length).map((part, i) => {
        const { rows = 1, skip = false } = shapes[i] ?? {};
        const kept = part.columns.filter(({ name }) => !skip || name === "distance");
        return { ...part, columns: kept.map((one) => ({ ...one, cells: one.cells.slice(0, rows) })) };
      });
      const [store, other] = [await stored(parts), await stored(parts)];
      const before = await seenByUs(store);
      await compact(store, everything);
      await compact(other, everything);
      expect(await seenByUs(store)).toEqual(before);
      expect(dataFiles(store)).toHaveLength(1);
      expect(dataFiles(other)).toEqual(dataFiles(store));
      const [path = ""] = dataFiles(store);
      expect(Buffer.compare(other.objects.get(path)!.bytes, store.objects.get(path)!.bytes)).toBe(0);
    }),
    { numRuns: everyKill > 1 ? 2 : 20 },
  );
});

test("a partition that is young, or waits for frames, is left alone; so is one file", async () => {
  const store = await stored(smallParts(3));
  expect(await compact(store, { now: hour + 3_600_000 + 5_000, olderThanMs: 10_000 })).toEqual([]);
  const counts = { offered: [9, 9], delivered: [4, 4] };
  const instance = "d969523fb9ffce623ebaf93b20b27dae";
  const at = new Date(hour).toISOString();
  const lines = [
    { kind: "process", instance, from: 1, to: 1, since: at, at, host: "h", pid: 7 },
    { kind: "counts", instance, hour: at, collection: "model_inputs", ...counts },
  ];
  const ledger = `flights/blue/_ledger/2023-11-14/20231114T220000000Z-${instance}.jsonl`;
  await store.put(ledger, Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join("")));
  expect(await compact(store, everything)).toMatchObject([{ status: "waiting" }]);
  expect(dataFiles(store)).toHaveLength(3);
  await store.delete(ledger);
  expect(await compact(store, { ...everything, dryRun: true })).toMatchObject([
    { status: "compacted", rows: 60 },
  ]);
  expect(dataFiles(store)).toHaveLength(3);
  await compact(store, everything);
  expect(await compact(store, everything)).toEqual([]);
});

test("files whose columns do not fit one another stay as they are, with the reason", async () => {
  const [first, second] = smallParts(2) as [StoredPart, StoredPart];
  const store = createMemoryStore();
  await storePart(store, first);
  const cells = second.columns[0]?.cells.map(String) ?? [];
  await storePart(store, { ...second, columns: [{ name: "distance", type: "string", cells }] });
  const reason = expect.stringContaining('column "distance" is string, not float64');
  expect(await compact(store, everything)).toMatchObject([{ status: "unfit", reason }]);
  expect(dataFiles(store)).toHaveLength(2);
});

/** A store that ends for good at its operation number `last`: before that is done, or after it. */
function dying(
  store: UpkeepStore,
  last: number,
  after: boolean,
  onOperation?: () => Promise<void>,
): UpkeepStore {
  let operations = 0;
  const end = new Error("the process is gone");
  async function operation<T>(call: () => Promise<T>): Promise<T> {
    operations += 1;
    if (operations > last || (operations === last && !after)) throw end;
    const result = await call();
    await onOperation?.();
    if (operations >= last) throw end;
    return result;
  }
  return {
    description: store.description,
    put: (path, body, options) => operation(() => store.put(path, body, options)),
    // What reads changes nothing: to be killed there is to be killed before the next change.
    get: (path, options) => store.get(path, options),
    delete: (path, options) => operation(() => store.delete(path, options)),
    list: (prefix) => store.list(prefix),
    close: () => store.close(),
  };
}

test("killed at any operation, and run again, it has lost and doubled nothing; readers never saw it", async () => {
  const parts = smallParts(3, 4);
  const expected = await seenByUs(await stored(parts));
  const byDuckdb = await seenByDuckdb(await stored(parts));
  let [killed, checked] = [0, 0];
  for (let last = firstKill(), over = false; !over; last += everyKill) {
    for (const after of [false, true]) {
      const store = await stored(parts);
      const look = async (): Promise<void> => {
        expect(await seenByUs(store)).toEqual(expected);
      };
      const outcome = await compact(dying(store, last, after, look), everything).catch(
        (error: unknown) => error,
      );
      over = !(outcome instanceof Error);
      if (outcome instanceof Error) killed += 1;
      await look();
      // Somebody else, when the one who was killed is surely gone.
      await compact(store, { ...everything, now: Date.now() + 3_600_000 });
      expect(dataFiles(store)).toHaveLength(1);
      expect([...store.objects.keys()].filter((path) => path.includes("/_upkeep/"))).toEqual([]);
      expect(await seenByUs(store)).toEqual(expected);
      if (over) expect(await seenByDuckdb(store)).toEqual(byDuckdb);
      checked += 1;
    }
  }
  expect(killed).toBeGreaterThan(everyKill > 1 ? 2 : 10);
  expect(checked).toBeGreaterThan(killed);
}, 60_000);

test("killed at any operation while it is at two partitions, and run again, it has lost and doubled nothing", async () => {
  const parts = smallParts(3, 4);
  const collections = ["model_inputs", "model_outputs"];
  const storedBoth = async (): Promise<MemoryStore> => {
    const store = createMemoryStore();
    for (const collection of collections) {
      await pin(store, parts, collection);
      for (const part of parts) await storePart(store, { ...part, collection });
    }
    return store;
  };
  const seen = async (store: Store): Promise<string[][]> =>
    Promise.all(collections.map((collection) => seenByUs(store, collection)));
  const expected = await seen(await storedBoth());
  const below = (store: MemoryStore, part: string): string[] =>
    [...store.objects.keys()].filter((path) => path.includes(part));
  let [killed, plansAtOnce] = [0, 0];
  for (let last = firstKill(), over = false; !over; last += everyKill) {
    const store = await storedBoth();
    const look = async (): Promise<void> => {
      plansAtOnce = Math.max(plansAtOnce, below(store, "/_upkeep/plans/").length);
    };
    const outcome = await compact(dying(store, last, true, look), everything).catch(
      (error: unknown) => error,
    );
    over = !(outcome instanceof Error);
    if (!over) killed += 1;
    expect(await seen(store)).toEqual(expected);
    // Somebody else, when the one who was killed is surely gone.
    await compact(store, { ...everything, now: Date.now() + 3_600_000 });
    for (const collection of collections)
      expect(
        below(store, `${folderOf(collection)}/`).filter((path) => path.endsWith(".parquet")),
      ).toHaveLength(1);
    expect(below(store, "/_upkeep/")).toEqual([]);
    expect(await seen(store)).toEqual(expected);
  }
  expect(killed).toBeGreaterThan(everyKill > 1 ? 2 : 10);
  expect(plansAtOnce).toBe(2);
}, 60_000);

test("two at once, and a writer that comes late, lose and double nothing", async () => {
  const parts = smallParts(9, 6);
  const store = await stored(parts.slice(0, 6));
  const late = (async () => {
    for (const part of parts.slice(6)) await storePart(store, part);
  })();
  const results = await Promise.all([compact(store, everything), compact(store, everything), late]);
  expect(results.flat().map((one) => one?.status)).toContain("compacted");
  await compact(store, everything);
  expect(dataFiles(store)).toHaveLength(1);
  expect(await seenByUs(store)).toEqual(await seenByUs(await stored(parts)));
});

test("who was only slow takes back what others have replaced meanwhile", async () => {
  const parts = smallParts(5, 6);
  const expected = await seenByUs(await stored(parts));
  const store = await stored(parts.slice(0, 4));
  let goOn = (): void => {};
  const slow = new Promise<void>((resolve) => (goOn = resolve));
  let stuck = (): void => {};
  const isStuck = new Promise<void>((resolve) => (stuck = resolve));
  const first: UpkeepStore = {
    ...dying(store, Number.POSITIVE_INFINITY, false),
    async put(path, body, options) {
      if (path.includes("/compacted-")) {
        stuck();
        await slow;
      }
      return await store.put(path, body, options);
    },
  };
  const slowly = compact(first, everything);
  await isStuck;
  const muchLater = { ...everything, now: Date.now() + 3_600_000 };
  await compact(store, muchLater);
  await storePart(store, parts[4] as StoredPart);
  await compact(store, muchLater);
  goOn();
  expect(await slowly).toMatchObject([{ status: "busy" }]);
  expect(dataFiles(store)).toHaveLength(1);
  expect(await seenByUs(store)).toEqual(expected);
});

test("a file that comes back although another one replaces it is passed by, and goes with the next run", async () => {
  const root = await tempFolder();
  const store = createFolderStore({ root });
  const parts = smallParts(3, 6);
  const paths = [];
  for (const part of parts) paths.push(await storePart(store, part));
  const expected = await seenByUs(store);
  const old = await store.get(paths[1] ?? "");
  await compact(store, everything);
  await store.put(paths[1] ?? "", old);
  expect(await seenByUs(store)).toEqual(expected);
  expect(await compact(store, everything)).toMatchObject([{ filesBefore: 2, filesAfter: 1 }]);
  expect(await duckdbCollection(root, "model_inputs")).toHaveLength(18);
});
