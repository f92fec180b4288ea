import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { root } from "../support/packed-project.ts";

/** What the linter has no rule for, of the habits in CONTRIBUTING.md. */

/** Columns of a line of comment, as the formatter keeps them in code. */
const maxColumns = 110;
/** Files of one folder, beside its subfolders. */
const maxFiles = 16;

/** Texts that are stored with the data, and so stay as they are. */
const stored: ReadonlySet<string> = new Set(["an Arrow value that can not be read"]);

const sources = await readSources();

test("no folder has more files than a reader takes in at once", () => {
  const files = new Map<string, number>();
  for (const { path } of sources) files.set(dirname(path), (files.get(dirname(path)) ?? 0) + 1);
  expect([...files].filter(([, count]) => count > maxFiles)).toEqual([]);
});

test("comments are as wide as code", () => {
  const wide = sources.flatMap(({ path, text }) =>
    text
      .split("\n")
      .flatMap((line, index) =>
        line.length > maxColumns && /^\s*(\*|\/\*|\/\/)/.test(line) && !isUnbreakable(line)
          ? [`${path}:${index + 1}`]
          : [],
      ),
  );
  expect(wide).toEqual([]);
});

test("only front doors pass on what other files export", () => {
  const relays = sources.filter(
    ({ path, file }) => path.includes("/") && file.statements.every((one) => isRelay(one)),
  );
  expect(relays.map(({ path }) => path)).toEqual([]);
});

test("what is private is so for the engine, too", () => {
  expect(
    offences((node) => ts.isClassElement(node) && hasModifier(node, ts.SyntaxKind.PrivateKeyword)),
  ).toEqual([]);
});

test("constants are written as other names are", () => {
  const shouted = (node: ts.Node): boolean =>
    ts.isVariableDeclaration(node) &&
    ts.isIdentifier(node.name) &&
    /^[A-Z][A-Z0-9]*_[A-Z0-9_]*$/.test(node.name.text);
  expect(offences(shouted)).toEqual([]);
});

test("an upper bound is called max…", () => {
  const otherwise = (node: ts.Node): boolean =>
    (ts.isVariableDeclaration(node) || ts.isPropertyDeclaration(node) || ts.isPropertySignature(node)) &&
    /^#?(most|longest|biggest|largest)[A-Z]/.test(node.name.getText());
  expect(offences(otherwise)).toEqual([]);
});

test("the executable loads no HTTP before it listens or asks", () => {
  // An `import` reads all names of the module, and one of `node:http` loads a whole client.
  const eager = sources.filter(
    ({ path, text }) =>
      /(sidecar|cli)\//.test(path) && /^import (?!type )[^;]*"node:(http|https|http2|tls)"/m.test(text),
  );
  expect(eager.map(({ path }) => path)).toEqual([]);
});

test("messages are plain English, for one and for many", () => {
  const odd = (node: ts.Node): boolean =>
    ts.isStringLiteralLike(node) ||
    ts.isTemplateHead(node) ||
    ts.isTemplateMiddle(node) ||
    ts.isTemplateTail(node)
      ? /\w\(s\)|\bcan not\b|\bparted by\b/.test(node.text) && !stored.has(node.text)
      : false;
  expect(offences(odd)).toEqual([]);
});

test("what the documents say is where they say", async () => {
  const documents = ["ARCHITECTURE.md", "CONTRIBUTING.md", "docs/decisions.md"];
  const texts = await Promise.all(documents.map((name) => readFile(join(root, name), "utf8")));
  const named = texts.flatMap((text) =>
    [...text.matchAll(/`((?:[a-z-]+\/)+(?:[a-z-]+\.ts)?)`/g)].map(([, path]) => path ?? ""),
  );
  expect(named.length).toBeGreaterThan(30);
  const places = (path: string): string[] => [join(root, "src", path), join(root, path)];
  expect(named.filter((path) => !places(path).some((place) => existsSync(place)))).toEqual([]);
});

interface Source {
  /** From `src`, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly file: ts.SourceFile;
}

async function readSources(): Promise<Source[]> {
  const src = join(root, "src");
  const entries = await readdir(src, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith(".ts"));
  expect(files.length).toBeGreaterThan(100);
  return Promise.all(
    files.map(async (entry) => {
      const full = join(entry.parentPath, entry.name);
      const text = await readFile(full, "utf8");
      const path = relative(src, full).replaceAll("\\", "/");
      return { path, text, file: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true) };
    }),
  );
}

/** Where in the sources something stands: `file:line`, with its first line. */
function offences(isOffence: (node: ts.Node) => boolean): string[] {
  return sources.flatMap(({ path, file }) => {
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
      if (isOffence(node)) {
        const { line } = file.getLineAndCharacterOfPosition(node.getStart());
        found.push(`${path}:${line + 1} ${node.getText().split("\n", 1)[0] ?? ""}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
    return found;
  });
}

/** A row of a table or a line of a drawing, or one word that is too long by itself. */
function isUnbreakable(line: string): boolean {
  const text = line.replace(/^\s*(\*|\/\*\*?|\/\/)\s*/, "");
  return text.startsWith("|") || /\s{3,}\S/.test(text) || !text.includes(" ");
}

function isRelay(statement: ts.Statement): boolean {
  return ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined;
}

function hasModifier(node: ts.Node, kind: ts.SyntaxKind): boolean {
  return (
    ts.canHaveModifiers(node) &&
    !ts.isConstructorDeclaration(node) &&
    (ts.getModifiers(node)?.some((one) => one.kind === kind) ?? false)
  );
}
