import { expect, test } from "vitest";
import { isProgram, readSnippets, tryAll } from "../support/snippets.ts";
import { tempFolder } from "../support/temp-folder.ts";

test("the programs of the documents run as printed, and the rest is JavaScript that this Node knows", async () => {
  const snippets = await readSnippets();
  const programs = snippets.filter(isProgram);
  expect(programs.length).toBeGreaterThan(8);
  expect(await tryAll(snippets, { node: process.execPath, folder: await tempFolder() })).toEqual([]);
});
