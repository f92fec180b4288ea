import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readEnvironment } from "../../src/config/environment.ts";
import { resolveDeployment } from "../../src/config/resolve.ts";
import { fuzzConfig } from "../fuzz/config.ts";
import { sound } from "../fuzz/config-texts.ts";
import { tempFolder } from "../support/temp-folder.ts";

const fixed = 1_500;
const drawn = 500;

test(`damaged configuration files are taken whole, or refused with file and line: ${fixed} known and ${drawn} new ones`, () => {
  const first = Math.floor(Math.random() * 2 ** 31);
  const found = [fuzzConfig(fixed, 0), fuzzConfig(drawn, first)];
  expect(found.flatMap(({ problems }) => problems)).toEqual([]);
  // Files that nothing had happened to, or that nobody could read, would prove nothing.
  expect(found[0]?.accepted).toBeGreaterThan(fixed / 20);
  expect(found[0]?.refused).toBeGreaterThan(fixed / 2);
});

const bombs: Readonly<Record<string, string>> = {
  "lists in one another": "a: ".concat("[".repeat(60_000)),
  "mappings in one another": "{a: ".repeat(15_000),
  "indents in one another": Array.from({ length: 340 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"),
  "items in one another": `a: ${"- ".repeat(30_000)}`,
  "many keys twice": "a: 1\n".repeat(12_000),
  "aliases of aliases": Array.from(
    { length: 12 },
    (_, i) => `l${i}: &l${i} [${i === 0 ? "ha" : Array.from({ length: 10 }, () => `*l${i - 1}`).join(", ")}]`,
  ).join("\n"),
};

test.each(Object.entries(bombs))("%s are refused by name, in either file", async (_, bomb) => {
  const [azures, ours] = sound.yaml;
  for (const [one, other, name] of [
    [bomb, ours, "blue.yml"],
    [azures, bomb, "blue.mdc.yml"],
  ] as const) {
    const { open } = await folderOf(one, other);
    expect(open).toThrow(new RegExp(`^${name.replaceAll(".", "\\.")}(:\\d+)?: expected `));
  }
});

test("a file of 100 MB is refused by name, and not read", async () => {
  for (const name of ["blue.yml", "blue.mdc.yml"]) {
    const { folder, open } = await folderOf(...sound.yaml);
    truncateSync(join(folder, name), 100 * 1024 * 1024);
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    expect(open).toThrow(`(it has 104857600 bytes, more than 65536), got "${name}"`);
    const after = process.memoryUsage();
    expect(after.arrayBuffers + after.heapUsed - arrayBuffers - heapUsed).toBeLessThan(20 * 1024 * 1024);
  }
});

async function folderOf(azures: string, ours: string) {
  const folder = await tempFolder();
  const configFile = join(folder, "blue.yml");
  writeFileSync(configFile, azures);
  writeFileSync(join(folder, "blue.mdc.yml"), ours);
  return { folder, open: () => resolveDeployment({ configFile }, readEnvironment({ HOME: folder })) };
}
