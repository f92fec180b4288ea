import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inspectPath, inspectPathNow, makeDirectories } from "../../../src/base/files/files.ts";
import { tempFolder } from "../../support/temp-folder.ts";

test("a directory is made with its parents, and one that is there is fine", async () => {
  const folder = await tempFolder();
  const path = join(folder, "a/b/c");
  await makeDirectories(path);
  await makeDirectories(path);
  await Promise.all(["d", "d/e", "d/e/f", "d/g"].map((name) => makeDirectories(join(folder, name))));
  expect(statSync(path).isDirectory()).toBe(true);
  expect(statSync(join(folder, "d/e/f")).isDirectory()).toBe(true);
});

test("a directory behind a symbolic link is fine, a link to nowhere is not", async () => {
  const folder = await tempFolder();
  mkdirSync(join(folder, "real"));
  symlinkSync(join(folder, "real"), join(folder, "link"), "junction");
  await makeDirectories(join(folder, "link"));
  await makeDirectories(join(folder, "link/below"));
  expect(existsSync(join(folder, "real/below"))).toBe(true);
  symlinkSync(join(folder, "gone"), join(folder, "dangling"), "junction");
  await expect(makeDirectories(join(folder, "dangling"))).rejects.toMatchObject({ code: "ENOENT" });
});

test("a file in the way is an error", async () => {
  const folder = await tempFolder();
  writeFileSync(join(folder, "file"), "");
  await expect(makeDirectories(join(folder, "file"))).rejects.toMatchObject({ code: "EEXIST" });
  await expect(makeDirectories(join(folder, "file/below"))).rejects.toMatchObject({ code: "ENOTDIR" });
});

test("nothing is at a path below a file, nor where nothing was made, whoever waits for the answer", async () => {
  const folder = await tempFolder();
  writeFileSync(join(folder, "file"), "");
  for (const name of ["file/below", "gone", "gone/below"]) {
    expect(await inspectPath(join(folder, name)), name).toBeUndefined();
    expect(inspectPathNow(join(folder, name)), name).toBeUndefined();
  }
  expect(inspectPathNow(join(folder, "file"))).toEqual(await inspectPath(join(folder, "file")));
});

test.runIf(existsSync("/proc/self"))("where nobody can make a directory, asking for one ends", async () => {
  await expect(makeDirectories("/proc/no-such/place")).rejects.toMatchObject({ code: "ENOENT" });
});
