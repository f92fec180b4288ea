import { execFile } from "node:child_process";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { createMemoryStore } from "../../src/store/memory-store.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { pin, smallParts, storePart } from "../unit/upkeep/stored-tree.ts";

const main = join(import.meta.dirname, "../../dist/cli/main.js");

test("mdc compact, as it is built, finds the file of its second thread", async () => {
  const store = createMemoryStore();
  for (const collection of ["a", "b"]) {
    const parts = smallParts(500, 2).map((part) => ({ ...part, collection }));
    await pin(store, parts, collection);
    for (const part of parts) await storePart(store, part);
  }
  const [root, profiles] = [await tempFolder(), await tempFolder()];
  for (const [path, { bytes }] of store.objects) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), bytes);
  }
  // Node writes one for each thread, with its number in the name.
  const profiled = ["--cpu-prof", `--cpu-prof-dir=${profiles}`];
  const run = promisify(execFile)(process.execPath, [...profiled, main, "compact", "--root", root, "--json"]);
  const found = JSON.parse((await run).stdout) as { status: string; rows: number }[];
  expect(found.map(({ status, rows }) => `${status} ${rows}`)).toEqual(["compacted 1000", "compacted 1000"]);
  const threads = (await readdir(profiles)).map((name) => name.split(".")[4]);
  expect(new Set(threads)).toEqual(new Set(["0", "1"]));
}, 60_000);
