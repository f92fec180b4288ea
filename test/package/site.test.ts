import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { runNode } from "../support/child.ts";
import { manifest, root } from "../support/packed-project.ts";
import { disposableFolder } from "../support/temp-folder.ts";

/** What `npm run docs` makes. */

interface Reflection {
  readonly name: string;
  readonly kind: number;
  readonly comment?: Comment;
  readonly signatures?: readonly Reflection[];
  readonly children?: readonly Reflection[];
}

interface Comment {
  readonly blockTags?: readonly {
    readonly tag: string;
    readonly content: readonly { readonly text: string }[];
  }[];
}

/** As typedoc counts them. */
const kinds = { function: 64, class: 128 };

let modules: readonly Reflection[];
let home: string;
let pages: readonly string[];

beforeAll(async () => {
  await using folder = await disposableFolder();
  const args = ["--out", join(folder.path, "site"), "--json", join(folder.path, "api.json")];
  const typedoc = join(root, "node_modules/typedoc/bin/typedoc");
  const { code, stdout, stderr } = await runNode([typedoc, ...args], { cwd: root });
  expect(code, stdout + stderr).toBe(0);
  const project = JSON.parse(await readFile(join(folder.path, "api.json"), "utf8")) as Reflection;
  modules = project.children ?? [];
  home = await readFile(join(folder.path, "site/index.html"), "utf8");
  const links = [...home.matchAll(/href="((?:documents|modules)\/[^"#]+)/g)].map(([, link = ""]) => link);
  pages = [...new Set(links)].filter((link) => existsSync(join(folder.path, "site", link)));
});

test("each front door is a module under the name that one imports", async () => {
  const { name, exports } = await manifest();
  // Nobody imports the thread's file: it is there for bundlers.
  const doors = Object.keys(exports).filter((door) => !door.endsWith(".json") && door !== "./worker");
  expect(modules.map((one) => one.name)).toEqual(doors.map((door) => door.replace(/^\./, name)));
});

test("the home page is the README, and its links lead to pages", () => {
  expect(home).toContain("Collects what goes into and comes out of your models");
  const guides = [
    "docs_operations",
    "docs_configuration",
    "docs_stored-data",
    "docs_engines",
    "docs_benchmarks",
  ];
  for (const page of [...guides, "examples_README", "ARCHITECTURE", "CONTRIBUTING", "SECURITY"])
    expect(pages).toContain(`documents/${page}.html`);
});

test("what is made with new is a class", () => {
  const classes = modules.flatMap(({ children = [] }) => children.filter(({ kind }) => kind === kinds.class));
  expect(classes.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["Collector", "CorrelationContext"]),
  );
  const collector = classes.find(({ name }) => name === "Collector");
  const members = collector?.children?.map(({ name }) => name);
  expect(members).toEqual(["constructor", "enabled", "name", "collect", "flush", "stats"]);
});

test("every function, and what one makes with new, is in an example: its own or its module's", () => {
  const without = modules.flatMap((module) =>
    (module.children ?? [])
      .filter(
        ({ kind, name }) => kind === kinds.function || (kind === kinds.class && !name.endsWith("Error")),
      )
      .filter(({ name, ...one }) => {
        const commented = [module, { name, ...one }, ...(one.signatures ?? [])];
        return !commented.some(({ comment }) => examples(comment).some((text) => text.includes(name)));
      })
      .map(({ name }) => `${module.name}: ${name}`),
  );
  expect(without).toEqual([]);
});

function examples(comment: Comment | undefined): string[] {
  const tags = comment?.blockTags?.filter(({ tag }) => tag === "@example") ?? [];
  return tags.map(({ content }) => content.map(({ text }) => text).join(""));
}
