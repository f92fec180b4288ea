import { expect, test } from "vitest";
import { createCatalog } from "../../../src/reader/catalog.ts";
import { readPlainRows } from "../../../src/reader/join/plain/plain-rows.ts";
import type { SideFile } from "../../../src/reader/join/stretches.ts";
import { UuidRows } from "../../../src/reader/join/plain/uuid-rows.ts";
import { openRoot } from "../../../src/reader/open-root.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { idAt, type StoredFrame, storeFile } from "./stored-data.ts";

/** How many rows there are by their UUIDs; undefined where they have to be read in full. */
async function plainRows(
  frames: readonly Partial<StoredFrame>[],
  { lateness = 1_000_000, maxRows = 100 }: { lateness?: number; maxRows?: number } = {},
): Promise<number | undefined> {
  const root = await tempFolder();
  const requestTime = "2026-11-22T05:10:00.000Z";
  for (const [i, frame] of frames.entries())
    storeFile(
      root,
      [{ collection: "inputs", id: idAt(requestTime, i), requestTime, rows: [{ a: 1 }], ...frame }],
      { a: "DOUBLE" },
    );
  const catalog = createCatalog(openRoot(root, undefined), {});
  const files: SideFile[] = [];
  for await (const file of catalog.files()) files.push({ side: file.collection === "inputs" ? 0 : 1, file });
  const rules = { outputs: 1, by: "row" as const, lateness, isInRange: () => true };
  const rows = new UuidRows();
  if ((await readPlainRows(files, catalog.store, rules, maxRows, rows)) === undefined) return undefined;
  let different = 0;
  for (const { sides, size } of rows.tables())
    different += sides.subarray(0, size).filter((of) => of > 0).length;
  return different;
}

test("rows are known by their UUIDs alone where files tell the rest, and only there", async () => {
  const output = { collection: "outputs" } as const;
  const id = idAt("2026-11-22T05:10:00.000Z");
  expect(await plainRows([{ id }, { ...output, id }, {}])).toBe(2);
  expect(
    await plainRows([
      { id, rows: [{}, {}, {}] },
      { id, ...output, rows: [{}, {}] },
    ]),
  ).toBe(3);
  expect(await plainRows([{ id }, { id: "order-17" }])).toBeUndefined();
  expect(await plainRows([{ id: id.toUpperCase() }])).toBeUndefined();
  expect(await plainRows([{ id: `${id.slice(0, 30)}-${id.slice(31)}` }])).toBeUndefined();
  expect(await plainRows([{ id, rows: [{}, {}, {}] }], { maxRows: 2 })).toBeUndefined();
  const late = { ...output, id, eventTime: "2026-11-22T05:10:02.000Z" };
  expect(await plainRows([{ id }, late])).toBeUndefined();
  expect(await plainRows([{ id }, late], { lateness: 3_000_000 })).toBe(1);
});
