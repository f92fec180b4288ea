import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { pack, root, type Tarball } from "../support/packed-project.ts";
import { disposableFolder } from "../support/temp-folder.ts";

/** What is imported by its name, and what is also started by it. */
const frontDoors = globSync("*.ts", { cwd: join(root, "src") }).map((file) => file.replace(/\.ts$/, ""));
const started = [...frontDoors, "model-data-collector-worker"];

let tarball: Tarball;

beforeAll(async () => {
  await using folder = await disposableFolder();
  tarball = await pack(folder.path);
});

test("the tarball holds the built package and the papers, nothing else", () => {
  const outside = tarball.files.filter((file) => !/^(dist|schema|docs|examples)\//.test(file));
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
      (file) =>
        !/^docs\/(benchmarks\/[\w-]+\.svg|[\w-]+\.md)$|^examples\/.+(\.(ts|js|md|json|py|ya?ml)|\/Dockerfile)$/.test(
          file,
        ),
    ),
  ).toEqual([]);
  expect(tarball.files.filter((file) => file.startsWith("schema/"))).toEqual([
    "schema/deployment.schema.json",
    "schema/mdc.schema.json",
  ]);
  // Its code keeps its lines and what stacks name: maps would need the sources, and bundlers warn of maps
  // without them.
  const inside = tarball.files.filter((file) => file.startsWith("dist/"));
  const page = ["icon.svg", "index.html", "page.css"].map((name) => `dist/page/${name}`);
  expect(inside.filter((file) => !/\.(js|d\.ts)$/.test(file))).toEqual(["dist/cjs/package.json", ...page]);
});

test("dist has the declarations that front doors show, no others, and their code in a few files", async () => {
  const built = tarball.files.filter((file) => file.startsWith("dist/") && !file.startsWith("dist/cjs/"));
  const declarations = tarball.files.filter((file) => file.startsWith("dist/") && file.endsWith(".d.ts"));
  const shown = new Set(started.map((name) => `dist/${name}.d.ts`));
  for (const file of shown) {
    const text = await readFile(join(root, file), "utf8");
    for (const [, path = ""] of text.matchAll(/["'](\.\.?\/[^"']+)\.[jt]s["']/g))
      shown.add(join(dirname(file), `${path}.d.ts`));
  }
  expect(declarations.sort()).toEqual([...shown].sort());
  const code = built.filter((file) => file.endsWith(".js"));
  // Each file takes Node about as long to find as to read: what is imported is in few.
  expect(code.length).toBeLessThan(40);
  expect(code).toEqual(expect.arrayContaining(started.map((name) => `dist/${name}.js`)));
});

test("for `require` there is the same again but for what is no library", () => {
  const built = tarball.files.filter((file) => file.startsWith("dist/cjs/"));
  expect(built.filter((file) => !/\.(js|d\.ts)$/.test(file))).toEqual(["dist/cjs/package.json"]);
  const code = built.filter((file) => file.endsWith(".js"));
  expect(code.length).toBeLessThan(40);
  expect(code).toEqual(expect.arrayContaining(started.map((name) => `dist/cjs/${name}.js`)));
  expect(built).toContain("dist/cjs/index.d.ts");
});

test("V8 can hold each file of code in one byte per character", async () => {
  const code = tarball.files.filter((file) => file.endsWith(".js") && !file.startsWith("dist/page/"));
  for (const file of code) expect(await readFile(join(root, file), "utf8"), file).not.toMatch(/[^\0-\xff]/);
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
  // The code twice, for `import` and for `require`, with the YAML library in both; its types; the page of
  // `mdc ui`, documents and examples.
  expect(tarball.size).toBeLessThan(1.1 * 1024 * 1024);
});

test("stacks of either format name functions, classes and private methods", async () => {
  for (const folder of ["dist", "dist/cjs"]) {
    const code = await readFile(join(root, folder, "compose.js"), "utf8");
    expect(code, folder).toMatch(/class [A-Z]\w{5,}/);
    expect(code, folder).toMatch(/#[a-z]{5,}\(/);
    expect(code, folder).not.toMatch(/#\w\b/);
  }
});
