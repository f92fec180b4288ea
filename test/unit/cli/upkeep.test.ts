import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dataFilePath } from "../../../src/layout/dataset-path.ts";
import { createFolderStore } from "../../../src/store/folder-store.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { folderOf, hour, pin, smallParts, storePart } from "../upkeep/stored-tree.ts";
import { run } from "./run.ts";

/** A folder with three files of an hour long ago. */
async function stored(): Promise<string> {
  const root = await tempFolder();
  const store = createFolderStore({ root });
  const parts = smallParts(3, 6);
  await pin(store, parts);
  for (const part of parts) await storePart(store, part);
  return root;
}

const linesPath = dataFilePath(
  {
    format: "jsonl",
    rollingRate: "hour",
    endpoint: "flights",
    deployment: "blue",
    collection: "events",
    partition: hour,
  },
  { id: "a".repeat(32), createdAt: hour },
);

const filesOf = (root: string): string[] => readdirSync(join(root, folderOf()));

test("mdc compact says what it would do, does it, and finds nothing more to do", async () => {
  const root = await stored();
  const would = await run("compact", "--root", root, "--dry-run");
  expect(would).toMatchObject({
    code: 0,
    out: expect.stringMatching(/3 files of .*, 18 rows: would be compacted/),
  });
  expect(filesOf(root)).toHaveLength(3);
  const done = await run("compact", "--root", root);
  expect(done).toMatchObject({ code: 0, out: expect.stringMatching(/3 files of .* are now 1 of /) });
  expect(filesOf(root)).toEqual([expect.stringMatching(/^compacted-/)]);
  await createFolderStore({ root }).put(linesPath, Buffer.from('{"a":1}\n'));
  expect(await run("compact", "--root", root, "--json")).toMatchObject({
    code: 0,
    out: "[]\n",
    err: expect.stringContaining("1 file of JSON lines left as stored"),
  });
  const rows = await run("sql", "--root", root, "--json", "select count(*) as n from model_inputs");
  expect(JSON.parse(rows.out)).toEqual([{ n: 18 }]);
});

test("mdc purge wants to be told --yes where nobody can be asked, and lists what went", async () => {
  const root = await stored();
  expect(await run("purge", "--root", root)).toMatchObject({
    code: 2,
    err: expect.stringContaining("--older-than"),
  });
  const asked = await run("purge", "--root", root, "--older-than", "90d");
  expect(asked).toMatchObject({ code: 2, err: expect.stringContaining("Expected --yes") });
  expect(filesOf(root)).toHaveLength(3);
  const gone = await run("purge", "--root", root, "--older-than", "90d", "--yes", "--json");
  expect(gone.code).toBe(0);
  expect(JSON.parse(gone.out)).toMatchObject([{ collection: "model_inputs", partitions: 1, busy: 0 }]);
  expect(filesOf(root)).toEqual([]);
  expect(await run("verify", "--root", root)).toMatchObject({ code: 0 });
});

test("mdc erase takes the rows out, says what is gone, and by which key the record can be told", async () => {
  const root = await stored();
  const place = ["--root", root, "--where", "distance=1002"];
  expect(await run("erase", "--root", root, "--yes")).toMatchObject({ code: 2 });
  expect(await run("erase", ...place)).toMatchObject({
    code: 2,
    err: expect.stringContaining("Expected --yes"),
  });
  const would = await run("erase", ...place, "--dry-run");
  expect(would).toMatchObject({ code: 0, out: expect.stringContaining("1 row: would go") });
  const erased = await run("erase", ...place, "--yes");
  expect(erased).toMatchObject({ code: 0, err: expect.stringMatching(/by the key [0-9a-f]{32}/) });
  expect(erased.out).toMatch(/\.parquet: 1 row: gone/);
  const left = await run("head", "model_inputs", "-n", "100", "--root", root, "--json");
  expect(JSON.parse(left.out)).toHaveLength(17);
  expect(await run("erase", ...place, "--yes", "--json")).toMatchObject({ code: 0 });
});
