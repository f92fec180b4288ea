import { chmodSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CacheFolder } from "../../../src/base/files/cache-folder.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const mebibyte = 1024 * 1024;

async function cache(maxBytes = 64 * mebibyte): Promise<{ folder: CacheFolder; path: string }> {
  const path = join(await tempFolder(), "cache");
  const folder = new CacheFolder(path, maxBytes);
  await folder.open();
  return { folder, path };
}

/** Files, but for folders. */
function files(path: string): string[] {
  const names = readdirSync(path, { recursive: true, encoding: "utf8" }).map((name) => join(path, name));
  return names.filter((name) => statSync(name).isFile());
}

test("what was put is there for whoever shares the folder, and nothing else", async () => {
  const { folder, path } = await cache();
  expect(await folder.get("a")).toBeUndefined();
  await folder.put("a", Buffer.from("first"));
  await folder.put("empty", new Uint8Array(0));
  const other = new CacheFolder(path, 64 * mebibyte);
  expect(Buffer.from((await other.get("a")) ?? []).toString()).toBe("first");
  expect(await other.get("empty")).toHaveLength(0);
  expect(await other.get("b")).toBeUndefined();
  expect(files(path).every((file) => !file.includes("first") && (statSync(file).mode & 0o077) === 0)).toBe(
    true,
  );
});

test("what a disk has damaged or cut is not given, and makes room", async () => {
  const { folder, path } = await cache();
  for (const damage of [
    (bytes: Buffer) => bytes.subarray(0, -1),
    (bytes: Buffer) => Buffer.from(bytes.map((byte, i) => (i === 2 ? byte ^ 1 : byte))),
    () => Buffer.alloc(0),
    () => Buffer.alloc(3),
  ]) {
    await folder.put("a", Buffer.from("some bytes"));
    const [file = ""] = files(path);
    writeFileSync(file, damage(readFileSync(file)));
    expect(await folder.get("a")).toBeUndefined();
    await folder.put("a", Buffer.from("some bytes"));
    expect(Buffer.from((await folder.get("a")) ?? []).toString()).toBe("some bytes");
  }
});

test("it holds no more than it may, of several processes, and keeps what was used last", async () => {
  const maxBytes = 4 * mebibyte;
  const { path } = await cache(maxBytes);
  const bytes = new Uint8Array(32 * 1024).fill(7);
  const old = new Date(Date.now() - 86_400_000);
  for (let i = 0; i < 400; i++) {
    const folder = new CacheFolder(path, maxBytes);
    await folder.put(`key ${i}`, bytes);
    for (const file of files(path)) if (i === 200) utimesSync(file, old, old);
    if (i >= 200) expect(await folder.get("key 200"), String(i)).toBeDefined();
  }
  const all = files(path).reduce((sum, file) => sum + statSync(file).size, 0);
  expect(all).toBeLessThanOrEqual(maxBytes);
  expect(all).toBeGreaterThan(maxBytes / 4);
});

test("one that is larger than its share is passed on, and what cannot be written is not kept", async () => {
  const { folder, path } = await cache(mebibyte);
  await folder.put("large", new Uint8Array(mebibyte));
  expect(files(path)).toEqual([]);
  chmodSync(path, 0o500);
  await folder.put("a", new Uint8Array(1));
  chmodSync(path, 0o700);
  if (process.getuid?.() !== 0) expect(await folder.get("a")).toBeUndefined();
});
