import { readFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { pack, root, type Tarball } from "../support/packed-project.ts";
import { disposableFolder } from "../support/temp-folder.ts";

let tarball: Tarball;

beforeAll(async () => {
  await using folder = await disposableFolder();
  tarball = await pack(folder.path);
});

test("the tarball holds the built package, its source and the papers, nothing else", () => {
  const outside = tarball.files.filter((file) => !/^(dist|src|docs|examples)\//.test(file));
  const papers = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "SECURITY.md",
  ];
  expect(outside).toEqual([...papers, "package.json"]);
  const beside = tarball.files.filter((file) => /^(docs|examples)\//.test(file));
  expect(
    beside.filter(
      (file) => !/^docs\/(benchmarks\/[\w-]+\.svg|[\w-]+\.md)$|^examples\/.+\.(ts|js|md)$/.test(file),
    ),
  ).toEqual([]);
  const inside = tarball.files.filter((file) => /^(dist|src)\//.test(file));
  expect(inside.filter((file) => !/^src\/.+\.ts$|^dist\/.+\.(js|d\.ts)(\.map)?$/.test(file))).toEqual([
    "dist/cjs/package.json",
  ]);
});

test("everything in dist is made from a source file, and every source file is in dist", () => {
  const sources = tarball.files.filter((file) => file.startsWith("src/"));
  const expected = sources.flatMap((file) => {
    const base = file.replace(/^src/, "dist").replace(/\.ts$/, "");
    return [`${base}.js`, `${base}.js.map`, `${base}.d.ts`, `${base}.d.ts.map`];
  });
  const built = tarball.files.filter((file) => file.startsWith("dist/"));
  expect(built.filter((file) => !file.startsWith("dist/cjs/"))).toEqual(expected.sort());
});

test("for `require` there is the same again but for what is no library, without maps", () => {
  const sources = tarball.files.filter((file) => /^src\/(?!cli\/|operator\/)/.test(file));
  const expected = sources.flatMap((file) => {
    const base = file.replace(/^src/, "dist/cjs").replace(/\.ts$/, "");
    return `${base}.js`;
  });
  const built = tarball.files.filter((file) => file.startsWith("dist/cjs/"));
  const types = built.filter((file) => file.endsWith(".d.ts"));
  expect(built).toEqual([...expected, ...types, "dist/cjs/package.json"].sort());
  expect(types).toContain("dist/cjs/index.d.ts");
});

test("source maps lead to files that are in the tarball", async () => {
  for (const file of tarball.files.filter((name) => name.endsWith(".map"))) {
    const { sources } = JSON.parse(await readFile(join(root, file), "utf8")) as { sources: string[] };
    for (const source of sources) expect(tarball.files).toContain(posix.join(dirname(file), source));
  }
});

test("what its documents link to is in the tarball", async () => {
  const documents = tarball.files.filter((file) => file.endsWith(".md"));
  expect(documents.length).toBeGreaterThan(8);
  for (const document of documents) {
    const text = (await readFile(join(root, document), "utf8"))
      .replace(/^```[^]*?^```/gm, "")
      .replace(/`[^`\n]*`/g, "");
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const path = posix.join(posix.dirname(document), target);
      const found = tarball.files.some((file) => file === path || file.startsWith(`${path}/`));
      expect(found, `${target} in ${document}`).toBe(true);
    }
  }
});

test("the tarball stays small", () => {
  // With the YAML library in it twice, 45 kB, documents and examples, and the code for `require`.
  expect(tarball.size).toBeLessThan(1.5 * 1024 * 1024);
});
