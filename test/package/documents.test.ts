import { existsSync, readdirSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { manifest, root } from "../support/packed-project.ts";

test("documents name only npm scripts that there are", async () => {
  const { scripts } = await manifest();
  for (const { file, text } of await documents()) {
    for (const [, name] of text.matchAll(/\bnpm run (?:-s )?([\w:.-]+)/g)) {
      expect(Object.keys(scripts), `npm run ${name} in ${file}`).toContain(name);
    }
  }
});

test("links in documents lead to files and headings that there are", async () => {
  for (const { file, text } of await documents()) {
    for (const [, target = ""] of withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path = "", heading] = target.split("#");
      const full = path === "" ? join(root, file) : join(root, dirname(file), path);
      expect(existsSync(full), `${target} in ${file}`).toBe(true);
      if (heading !== undefined && full.endsWith(".md")) {
        expect(headings(await readFile(full, "utf8")), `${target} in ${file}`).toContain(heading);
      }
    }
  }
});

test("TypeScript in documents compiles against the built package", async () => {
  const blocks = (await documents()).flatMap(({ file, text }) => blocksOf(file, text));
  expect(blocks.length).toBeGreaterThan(20);
  expect(compile(blocks)).toEqual([]);
});

test("TypeScript in docblocks compiles against the built package", async () => {
  const src = join(root, "src");
  const files = (await readdir(src, { recursive: true })).filter((file) => file.endsWith(".ts"));
  const texts = await Promise.all(files.map((file) => readFile(join(src, file), "utf8")));
  const blocks = texts.flatMap((text, at) => blocksOf(files[at] ?? "", text.replace(/^ *\* ?/gm, "")));
  expect(blocks.length).toBeGreaterThan(5);
  expect(compile(blocks)).toEqual([]);
});

test("the changelog begins with what is unreleased", async () => {
  expect(await readFile(join(root, "CHANGELOG.md"), "utf8")).toMatch(
    /^# Changelog\n(?:(?!^## ).*\n)*## Unreleased\n/m,
  );
});

/** The Markdown files of the root, `docs`, `examples`, its folders, and `benchmarks`. */
async function documents(): Promise<{ file: string; text: string }[]> {
  const examples = readdirSync(join(root, "examples"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join("examples", name));
  const folders = [".", "docs", "examples", "benchmarks", ...examples].filter((folder) =>
    existsSync(join(root, folder)),
  );
  const files = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(join(root, folder)))
        .filter((name) => name.endsWith(".md"))
        .map((name) => join(folder, name)),
    ),
  );
  return Promise.all(
    files.flat().map(async (file) => ({ file, text: await readFile(join(root, file), "utf8") })),
  );
}

/** Names that an example leaves to its reader: `predict`, `rows`, and what an earlier example declared. */
const missingName = new Set([2304, 18004]);

/** TypeScript from a document, as a module. */
interface Block {
  readonly file: string;
  readonly code: string;
}

function blocksOf(file: string, text: string): Block[] {
  return [...text.matchAll(/^```ts\n([^]*?)^```/gm)].map(([, code = ""]) => ({
    file,
    code: `${code}\nexport {};`,
  }));
}

/**
 * What TypeScript has to say about modules, beside missing names. It looks at all of them in one go, because it
 * takes seconds to read what they import.
 */
function compile(blocks: readonly Block[]): string[] {
  const files = new Map(blocks.map((block, index) => [join(root, `document-${index}.ts`), block]));
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts"],
    types: ["node"],
    strict: true,
    // What `app.post` gives its handler is not known where `app` is not.
    noImplicitAny: false,
    noEmit: true,
    skipLibCheck: true,
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile: read } = host;
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name)?.code ?? read(name);
  const program = ts.createProgram([...files.keys()], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .filter(({ code }) => !missingName.has(code))
    .map(({ file, start = 0, messageText }) => {
      const line = file?.text.slice(0, start).split("\n").length ?? 0;
      const where = file?.text.split("\n")[line - 1]?.trim() ?? "";
      const document = files.get(file?.fileName ?? "")?.file ?? "";
      return `${document}: ${where}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
    });
}

function withoutCode(text: string): string {
  return text.replace(/^```[^]*?^```/gm, "").replace(/`[^`\n]*`/g, "");
}

/** Headings as GitHub names them in links. */
function headings(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-"),
  );
}
