import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { createCatalog } from "../../../src/reader/catalog.ts";
import { openDataset } from "../../../src/reader/dataset.ts";
import { completenessOf, type HourCompleteness } from "../../../src/reader/completeness/completeness.ts";
import { createFolderStore } from "../../../src/store/folder-store.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { storeFile } from "./stored-data.ts";

// Lines and files by another hand: the contract, and not what our own process writes.

const a = "a".repeat(32);
const b = "b".repeat(32);
const hour = "2026-11-22T05:00:00.000Z";
let root: string;
let objects = 0;

beforeEach(async () => {
  root = await tempFolder();
});

function tell(...lines: object[]): void {
  const name = `20261122T05000${objects % 10}000Z-${(objects++).toString(16).padStart(32, "0")}.jsonl`;
  const path = join(root, "flights/blue/_ledger/2026-11-22", name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

const process = (instance: string, more: object = {}): object => ({
  ...{ kind: "process", instance, from: 1, to: 3, since: "2026-11-22T05:10:00.000Z" },
  ...{ at: "2026-11-22T05:50:00.000Z", host: "node-1", pid: 7, ended: true, ...more },
});

const counts = (instance: string, more: object): object => ({
  ...{ kind: "counts", instance, hour, collection: "model_inputs", ...more },
});

/** A file of so many frames of two rows each. */
function store(frames: number): void {
  const of = Array.from({ length: frames }, (_, i) => ({
    ...{ collection: "model_inputs", id: `id-${i}`, requestTime: "2026-11-22T05:12:00.000Z" },
    rows: [{ x: i }, { x: -i }],
  }));
  storeFile(root, of, { x: "DOUBLE" });
}

async function completeness(now = "2026-11-22T06:00:00.000Z"): Promise<HourCompleteness> {
  const catalog = createCatalog(createFolderStore({ root }), {});
  const [first] = await completenessOf(catalog, {}, Date.parse(now));
  return first as HourCompleteness;
}

test("what all processes told adds up, and with all rows there the hour is complete", async () => {
  store(5);
  tell(process(a, { to: 2, ended: undefined }), counts(a, { offered: [4, 8], sampledOut: [1, 2] }));
  tell(process(a, { from: 3 }), counts(a, { offered: [1, 2], delivered: [3, 6, 48], disabled: [1, 2] }));
  tell(process(b), counts(b, { offered: [2, 4], delivered: [2, 4, 32] }));
  expect(await completeness()).toMatchObject({
    ...{ offered: 7, sampledOut: 1, disabled: 1, dropped: {}, stored: 5, pending: 0, unaccounted: 0 },
    ...{ storedRows: 10, foundRows: 10, silent: [], verdict: "complete", reasons: [] },
  });
});

test("an hour is short of what was dropped, and of rows that are no longer there", async () => {
  store(1);
  tell(process(a), counts(a, { offered: [4, 8], delivered: [2, 4, 32], dropped: { memory: [2, 4] } }));
  expect(await completeness()).toMatchObject({
    ...{ dropped: { memory: 2 }, stored: 2, verdict: "short" },
    reasons: ["2 frames dropped (memory)", "2 rows no longer in any file"],
  });
});

test("a process that has not told for long is silent and named; one that was just heard of is awaited", async () => {
  store(2);
  tell(process(a, { ended: undefined }), counts(a, { offered: [3, 6], delivered: [2, 4, 32] }));
  expect(await completeness("2026-11-22T06:20:00.000Z")).toMatchObject({
    ...{ pending: 1, silent: [], verdict: "waiting" },
    reasons: ["1 process yet to tell", "1 frame not stored yet"],
  });
  expect(await completeness("2026-11-22T08:00:00.000Z")).toMatchObject({
    silent: [
      { instance: a, host: "node-1", pid: 7, recovered: false, lastHeard: new Date("2026-11-22T05:50:00Z") },
    ],
    verdict: "unknown",
  });
});

test("who began after an hour's end, or has told of itself after it, has nothing to add to that hour", async () => {
  store(2);
  tell(process(a, { ended: undefined, at: "2026-11-22T06:00:01.000Z" }));
  tell(counts(a, { offered: [2, 4], delivered: [2, 4, 32] }));
  tell(process(b, { ended: undefined, since: "2026-11-22T06:00:00.000Z", at: "2026-11-22T06:30:00.000Z" }));
  expect(await completeness("2026-11-22T12:00:00.000Z")).toMatchObject({ verdict: "complete", silent: [] });
});

test("of a killed process segments told twice count once, and what is left is unaccounted for", async () => {
  store(3);
  const file = { c0ffee: [3, 6, 48] };
  tell(process(a, { ended: undefined, recovered: true }));
  tell(counts(a, { offered: [5, 10], files: file, lost: { dead: ["corrupt", 1, 2] } }));
  tell(counts(a, { files: file, lost: { dead: ["corrupt", 1, 2] } }));
  expect(await completeness()).toMatchObject({
    ...{ offered: 5, stored: 3, dropped: { corrupt: 1 }, unaccounted: 1, pending: 0, storedRows: 6 },
    ...{ silent: [{ instance: a, recovered: true }], verdict: "short" },
  });
});

test("a killed process was offered at least what was found of it, whatever it had time to tell", async () => {
  store(3);
  tell(counts(a, { files: { c0ffee: [3, 6, 48] } }));
  expect(await completeness()).toMatchObject({ offered: 3, stored: 3, unaccounted: 0, verdict: "unknown" });
});

test("a report that is missing, rows of which nothing is told, and an hour without a ledger are unknown", async () => {
  store(2);
  expect(await completeness()).toMatchObject({ verdict: "unknown", foundRows: 4, stored: 0 });
  tell(process(a, { to: 1, ended: undefined }), process(a, { from: 3 }));
  tell(counts(a, { offered: [2, 4], delivered: [2, 4, 32] }));
  expect(await completeness()).toMatchObject({ verdict: "unknown", reasons: ["1 report missing"] });
  tell(process(a, { from: 2, to: 2, ended: undefined }));
  expect(await completeness()).toMatchObject({ verdict: "complete" });
  store(1);
  expect(await completeness()).toMatchObject({ reasons: ["2 rows of which nothing is told"] });
});

test("lines that make no sense are passed by, hours outside of the range left out, days are days", async () => {
  tell({ kind: "weather" }, [1], counts(a, { offered: ["x"] }), counts(a, { hour: "noon" }));
  tell(
    process(a),
    counts(a, { hour: "2026-11-22T00:00:00.000Z", span: "day", disabled: [1, 1], offered: [1, 1] }),
  );
  expect(await completeness()).toMatchObject({ hour: new Date("2026-11-22T00:00:00Z"), offered: 1 });
  await using data = await openDataset(root);
  expect(await data.completeness({ from: "2026-11-22T23:00:00Z" })).toHaveLength(1);
  expect(await data.completeness({ from: "2026-11-23" })).toEqual([]);
  expect(await data.completeness({ to: "2026-11-22T00:00:00Z" })).toEqual([]);
  await expect(data.completeness({ from: "soon" })).rejects.toThrow("completeness: from: expected a Date");
  expect(await data.collections()).toEqual([]);
});
