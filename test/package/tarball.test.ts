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
  const outside = tarball.files.filter((file) => !/^(dist|src|schema|docs|examples)\//.test(file));
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
  const inside = tarball.files.filter((file) => /^(dist|src)\//.test(file));
  expect(inside.filter((file) => !/^src\/.+\.ts$|^dist\/.+\.(js|d\.ts)(\.map)?$/.test(file))).toEqual([
    "dist/cjs/package.json",
  ]);
});

test("dist has the declarations that front doors show, no others, and their code in a few files", async () => {
  const sources = tarball.files.filter((file) => file.startsWith("src/"));
  const built = tarball.files.filter((file) => file.startsWith("dist/") && !file.startsWith("dist/cjs/"));
  const declarations = built.filter((file) => file.endsWith(".d.ts"));
  expect(built.filter((file) => file.endsWith(".d.ts.map"))).toEqual(
    declarations.map((file) => `${file}.map`),
  );
  expect(sources).toEqual(
    expect.arrayContaining(declarations.map((file) => file.replace(/^dist(.*)\.d\.ts$/, "src$1.ts"))),
  );
  const shown = new Set(sources.filter((file) => /^src\/[^/]+$/.test(file)).map(declarationOf));
  shown.add("dist/collector/background/model-data-collector-worker.d.ts");
  for (const file of shown) {
    const text = await readFile(join(root, file), "utf8");
    for (const [, path = ""] of text.matchAll(/["'](\.\.?\/[^"']+)\.[jt]s["']/g))
      shown.add(join(dirname(file), `${path}.d.ts`));
  }
  expect(declarations).toEqual([...shown].sort());
  const code = built.filter((file) => file.endsWith(".js"));
  // A library's has none, nor has one of nothing but exports.
  const maps = built.filter((file) => file.endsWith(".js.map"));
  expect(code).toEqual(expect.arrayContaining(maps.map((file) => file.replace(/\.map$/, ""))));
  expect(maps).toContain("dist/collector.js.map");
  // Each file takes Node about as long to find as to read: what is imported is in few.
  expect(code.length).toBeLessThan(40);
  expect(code).toEqual(expect.arrayContaining(doors(sources).map((name) => `dist/${name}.js`)));
});

test("for `require` there is the same again but for what is no library, without maps", () => {
  const built = tarball.files.filter((file) => file.startsWith("dist/cjs/"));
  expect(built.filter((file) => !/\.(js|d\.ts)$/.test(file))).toEqual(["dist/cjs/package.json"]);
  const code = built.filter((file) => file.endsWith(".js"));
  expect(code.length).toBeLessThan(40);
  expect(code).toEqual(expect.arrayContaining(doors(tarball.files).map((name) => `dist/cjs/${name}.js`)));
  expect(built).toContain("dist/cjs/index.d.ts");
});

const declarationOf = (source: string): string => source.replace(/^src(.*)\.ts$/, "dist$1.d.ts");

/** What is imported, or started, by its name. */
function doors(files: readonly string[]): string[] {
  const front = files.flatMap((file) => /^src\/([^/]+)\.ts$/.exec(file)?.[1] ?? []);
  return [...front, "model-data-collector-worker"];
}

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
