import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { readTextFile, watchTextFiles } from "../../../src/base/files/text-file.ts";
import { createHandClock } from "../../support/hand-clock.ts";
import { tempFolder } from "../../support/temp-folder.ts";

/** A watched file, and one beside it that need not be there; `look` lets one look happen. */
async function watched(content = "one") {
  const folder = await tempFolder();
  const path = join(folder, "watched");
  writeFileSync(path, content);
  const clock = createHandClock();
  const heard: string[] = [];
  const watch = watchTextFiles({
    files: [
      { path, isOptional: false },
      { path: `${path}.more`, isOptional: true },
    ],
    ...{ contents: [content, undefined], clock, everyMs: 500 },
    onChange: (texts) => heard.push(texts.filter((text) => text !== undefined).join("+")),
    onTrouble: (_, { message }) => heard.push(`trouble: ${message.split(":")[0]}`),
  });
  const look = async (times = 1): Promise<string[]> => {
    for (let i = 0; i < times; i++) {
      await clock.advance(500);
      // The look itself is real: it is over when the next one is set.
      while (clock.timers === 0) await sleep(1);
    }
    return heard;
  };
  return { folder, path, clock, heard, look, watch };
}

test("a change is told once, when two looks in a row have seen it", async () => {
  const { path, look } = await watched();
  expect(await look(3)).toEqual([]);
  writeFileSync(path, "two");
  expect(await look()).toEqual([]);
  expect(await look(5)).toEqual(["two"]);
  writeFileSync(path, "one");
  expect(await look(3)).toEqual(["two", "one"]);
});

test("a file that is being written is not read half", async () => {
  const { path, look } = await watched();
  for (const part of ["", "t", "tw", "two"]) {
    writeFileSync(path, part);
    expect(await look()).toEqual([]);
  }
  expect(await look()).toEqual(["two"]);
});

test("renaming over it and swapping the target of its link are changes too", async () => {
  const { folder, path, look } = await watched();
  writeFileSync(join(folder, "new"), "two");
  renameSync(join(folder, "new"), path);
  expect(await look(2)).toEqual(["two"]);
  // As a ConfigMap is mounted: the file is a link into `..data`, which is a link to the folder of the
  // version.
  for (const version of ["v1", "v2"]) {
    mkdirSync(join(folder, version));
    writeFileSync(join(folder, version, "watched"), version);
  }
  rmSync(path);
  symlinkSync("v1", join(folder, "..data"));
  symlinkSync("..data/watched", path);
  expect(await look(2)).toEqual(["two", "v1"]);
  symlinkSync("v2", join(folder, "..data_tmp"));
  renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
  expect(await look(2)).toEqual(["two", "v1", "v2"]);
});

test("a file that is gone for one look is no trouble; for two it is, once, until it is back", async () => {
  const { path, look } = await watched();
  rmSync(path);
  expect(await look()).toEqual([]);
  writeFileSync(path, "one");
  expect(await look(2)).toEqual([]);
  rmSync(path);
  expect(await look(5)).toEqual(["trouble: ENOENT"]);
  writeFileSync(path, "one");
  expect(await look(4)).toEqual(["trouble: ENOENT", "one"]);
  rmSync(path);
  mkdirSync(path);
  expect(await look(3)).toEqual(["trouble: ENOENT", "one", "trouble: it is not a file"]);
});

test("files that change together are told together; one that need not be there may come and go", async () => {
  const { path, look } = await watched();
  const beside = `${path}.more`;
  writeFileSync(beside, "a");
  expect(await look(3)).toEqual(["one+a"]);
  writeFileSync(path, "two");
  expect(await look()).toEqual(["one+a"]);
  // The second look sees another file changed: neither holds until both have settled.
  writeFileSync(beside, "b");
  expect(await look()).toEqual(["one+a"]);
  expect(await look(3)).toEqual(["one+a", "two+b"]);
  rmSync(beside);
  expect(await look(3)).toEqual(["one+a", "two+b", "two"]);
  mkdirSync(beside);
  expect(await look(3)).toEqual(["one+a", "two+b", "two", "trouble: it is not a file"]);
});

test("no more is told after the end, not even of a look that was under way", async () => {
  const { path, clock, heard, look, watch } = await watched();
  writeFileSync(path, "two");
  await look();
  const last = clock.advance(500);
  watch[Symbol.dispose]();
  await last;
  await sleep(50);
  expect(heard).toEqual([]);
  expect(clock.timers).toBe(0);
});

test("what is no text, no file or too large is not read", async () => {
  const folder = await tempFolder();
  const path = join(folder, "file");
  writeFileSync(path, Uint8Array.of(0xff, 0xfe));
  expect(() => readTextFile(path)).toThrow("not valid");
  writeFileSync(path, "x".repeat(64 * 1024 + 1));
  expect(() => readTextFile(path)).toThrow("it has 65537 bytes, more than 65536");
  expect(() => readTextFile(folder)).toThrow("it is not a file");
  expect(() => readTextFile(join(folder, "none"))).toThrow("ENOENT");
  writeFileSync(path, "\ufeffb");
  expect(readTextFile(path)).toBe("b");
});
