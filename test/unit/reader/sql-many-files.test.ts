import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createFolderStore } from "../../../src/store/folder-store.ts";
import { datasetOf } from "../../../src/reader/dataset.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { idAt, storeFile } from "./stored-data.ts";

const requestTime = "2026-11-22T05:10:00.000Z";

/** Files of a row each, whose features are those of their turn. */
async function manyFiles(
  count: number,
  features: (i: number) => Readonly<Record<string, number>>,
): Promise<{ root: string; paths: string[] }> {
  const root = await tempFolder();
  const paths = Array.from({ length: count }, (_, i) => {
    const row = features(i);
    const types = Object.fromEntries(Object.keys(row).map((name) => [name, "DOUBLE" as const]));
    const frame = { collection: "inputs", id: idAt(requestTime, i), requestTime, rows: [row] };
    return storeFile(root, [frame], types, { name: `${String(i).padStart(4, "0")}.parquet` });
  });
  return { root, paths };
}

test.each([
  ["one schema", 40, (i: number) => ({ a: i, b: 1 }), ["a", "b"]],
  ["two that take turns", 40, (i: number) => (i % 2 === 0 ? { a: i, b: 1 } : { a: i }), ["a", "b"]],
  ["columns in another order", 40, (i: number) => (i < 20 ? { a: i, b: 1 } : { b: 1, a: i }), ["a", "b"]],
  ["a schema for each file", 40, (i: number) => ({ a: i, [`only_${i}`]: 1 }), ["a"]],
] as const)(
  "a statement gives all rows and columns of many files with %s",
  async (_, count, features, names) => {
    const { root } = await manyFiles(count, features);
    await using data = datasetOf(createFolderStore({ root }));
    for (let time = 0; time < 2; time++) {
      const rows = await data.sql(
        `select mdc_correlation_id as id, ${names.join(", ")} from inputs order by a`,
      );
      expect(rows.map((row) => ({ ...row }))).toEqual(
        Array.from({ length: count }, (_, i) => {
          const row: Readonly<Record<string, number>> = features(i);
          return {
            id: idAt(requestTime, i),
            ...Object.fromEntries(names.map((name) => [name, row[name] ?? null])),
          };
        }),
      );
    }
    const [all] = await data.sql("select * from inputs limit 1");
    const wanted = new Set(Array.from({ length: count }, (_, i) => Object.keys(features(i))).flat());
    expect(Object.keys(all ?? {})).toEqual(expect.arrayContaining([...wanted]));
  },
);

test("of many files the one that is damaged is named", async () => {
  const { root, paths } = await manyFiles(40, (i) => ({ a: i }));
  const bad = paths[17] ?? "";
  truncateSync(join(root, bad), 200);
  await using data = datasetOf(createFolderStore({ root }));
  const failing = expect.objectContaining({ code: "CORRUPT", message: expect.stringContaining(bad) });
  await expect(data.sql("select sum(a) from inputs")).rejects.toEqual(failing);
  writeFileSync(join(root, bad), "PAR1");
  await expect(data.sql("select sum(a) from inputs")).rejects.toEqual(failing);
});
