import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { createCatalog } from "../../../src/reader/catalog.ts";
import { readWindowFacts } from "../../../src/reader/completeness/window-facts.ts";
import { createFolderStore } from "../../../src/store/folder-store.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { idAt, storeFile } from "./stored-data.ts";

const hour = 3_600_000;
const five = Date.parse("2026-11-22T05:00:00Z");

function store(
  root: string,
  at: string,
  rows: readonly object[],
  types: Record<string, "DOUBLE" | "STRING">,
): void {
  const frames = rows.map((row, i) => ({
    ...{ collection: "model_inputs", id: idAt(at, i), requestTime: at },
    rows: [row as Record<string, unknown>],
  }));
  storeFile(root, frames, types);
}

async function factsOf(root: string, ...windows: (readonly [number, number])[]) {
  const catalog = createCatalog(createFolderStore({ root }), {});
  return await readWindowFacts(
    catalog,
    {
      collection: "MODEL_INPUTS",
      windows: windows.map(([from, to]) => ({
        from: new Date(five + from * hour),
        to: new Date(five + to * hour),
      })),
    },
    five + 9 * hour,
  );
}

test("rows, the newest, columns and rejected values are counted by window, also of files that one cuts", async () => {
  const root = await tempFolder();
  store(root, "2026-11-22T05:10:00.000Z", [{ x: 1 }, { x: 2 }], { x: "DOUBLE" });
  store(root, "2026-11-22T05:50:00.000Z", [{ x: 3, y: "a", mdc_rejected: '{"x":"?"}' }], {
    ...{ x: "DOUBLE", y: "STRING", mdc_rejected: "STRING" },
  });
  store(root, "2026-11-22T06:30:00.000Z", [{ x: "b" }], { x: "STRING" });
  const [both, first, cut, none] = await factsOf(root, [0, 2], [0, 1], [0.5, 1.5], [2, 3]);
  expect(both).toMatchObject({ rows: 4, rejectedRows: 1, unreadableFiles: 0, ledger: null });
  expect(both?.columns).toEqual({ x: "float64 | string", y: "string" });
  expect(both?.newest).toEqual(new Date("2026-11-22T06:30:00.000Z"));
  expect(first).toMatchObject({ rows: 3, columns: { x: "float64", y: "string" } });
  expect(cut).toMatchObject({ rows: 1, rejectedRows: 1, newest: new Date("2026-11-22T05:50:00.000Z") });
  expect(none).toMatchObject({ rows: 0, newest: null, columns: {} });
});

test("files that cannot be read are counted, and an unknown collection is named", async () => {
  const root = await tempFolder();
  store(root, "2026-11-22T05:10:00.000Z", [{ x: 1 }], { x: "DOUBLE" });
  const folder = join(root, "flights/blue/model_inputs/inference_date=2026-11-22/inference_hour=05");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "bad.parquet"), "no Parquet at all");
  expect(await factsOf(root, [0, 1])).toMatchObject([{ rows: 1, unreadableFiles: 1 }]);
  const catalog = createCatalog(createFolderStore({ root }), {});
  const windows = [{ from: new Date(five), to: new Date(five + hour) }];
  await expect(readWindowFacts(catalog, { collection: "model_input", windows }, five)).rejects.toThrow(
    'did you mean "model_inputs"?',
  );
});

test("rows by another writer, and older ones than the ledger, are no hole in it; untold hours of it are", async () => {
  const root = await tempFolder();
  for (const hours of [4, 5, 6, 7])
    store(root, new Date(five + (hours - 5) * hour).toISOString(), [{ x: 1 }], { x: "DOUBLE" });
  expect(await factsOf(root, [-1, 3])).toMatchObject([{ rows: 4, ledger: null }]);
  const instance = "a".repeat(32);
  const told = { instance, since: "2026-11-22T05:00:00.000Z", at: "2026-11-22T07:00:00.000Z", ended: true };
  const counts = { instance, hour: "2026-11-22T05:00:00.000Z", collection: "model_inputs" };
  const lines = [
    { kind: "process", from: 1, to: 1, host: "node-1", pid: 7, ...told },
    { kind: "counts", ...counts, offered: [1, 1], delivered: [1, 1, 8] },
  ];
  const path = join(root, `flights/blue/_ledger/2026-11-22/20261122T050000000Z-${instance}.jsonl`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const [before, first, hole, all] = await factsOf(root, [-1, 0], [0, 1], [1, 3], [-1, 3]);
  expect(before?.ledger).toBeNull();
  expect(first?.ledger).toMatchObject({ hours: 1, otherHours: 0, unknownHours: 0 });
  expect(hole?.ledger).toMatchObject({ hours: 2, otherHours: 0, unknownHours: 2 });
  expect(all?.ledger).toMatchObject({ hours: 3, otherHours: 1, unknownHours: 2 });
});
