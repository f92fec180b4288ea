import { readdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { expect, test } from "vitest";
import { runChild, runNode } from "../support/child.ts";
import { root } from "../support/packed-project.ts";
import { tempFolder } from "../support/temp-folder.ts";

const entry = join(root, "dist/cli/main.js");

test("mdc on an older Node says in one line what it needs, and exits 2", async () => {
  const pretend = join(await tempFolder(), "older.cjs");
  await writeFile(
    pretend,
    `Object.defineProperty(process.versions, "node", { value: "22.14.0" });
     Object.defineProperty(process, "version", { value: "v22.14.0" });`,
  );
  const { code, stdout, stderr } = await runNode(["--require", pretend, entry, "ls"]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/^mdc[^\n]*22\.15[^\n]*22\.14\.0[^\n]*\n$/);
});

test("mdc says so on the older Nodes that are on this machine, too", async (context) => {
  const older = await olderNodes();
  context.skip(older.length === 0, "every node on the path is new enough");
  for (const node of older) {
    const { code, stdout, stderr } = await runChild(node, [entry, "ls"]);
    expect({ code, stdout }, node).toEqual({ code: 2, stdout: "" });
    expect(stderr, node).toMatch(/^mdc[^\n]*22\.15[^\n]*\n$/);
  }
});

test.each(["index", "reader"])("importing %s on an older Node throws one clear line", async (door) => {
  const pretend = join(await tempFolder(), "older.cjs");
  await writeFile(pretend, `Object.defineProperty(process.versions, "node", { value: "20.19.0" });`);
  const older = [...(await olderNodes()).map((node) => [node, []] as const)];
  for (const [node, args] of [[process.execPath, ["--require", pretend]] as const, ...older]) {
    const program = `import ${JSON.stringify(join(root, `dist/${door}.js`))};`;
    const run = await runChild(node, [...args, "--input-type=module", "-e", program]);
    expect({ code: run.code, stdout: run.stdout }, node).toEqual({ code: 1, stdout: "" });
    expect(run.stderr, node).toMatch(
      /^\[?Error: model-data-collector needs Node 22\.15 or newer; this is Node [\d.]+\]?$/m,
    );
    expect(run.stderr, node).not.toMatch(/^\s+at /m);
  }
});

test("nothing is taken by name that an older Node's zlib does not have: it would be missed first", async () => {
  const names: string[] = [];
  for (const file of await readdir(join(root, "dist"), { recursive: true })) {
    if (!file.endsWith(".js")) continue;
    const source = await readFile(join(root, "dist", file), "utf8");
    for (const [, list = ""] of source.matchAll(
      /^const \{([^}]*)\} = process\.getBuiltinModule\("node:zlib"\)/gm,
    ))
      names.push(...list.split(",").map((name) => name.trim().split(":")[0] ?? ""));
  }
  expect(new Set(names)).toEqual(new Set(["constants"]));
});

test("mdc's entry imports nothing before it has looked at the version", async () => {
  const source = await readFile(entry, "utf8");
  expect(source).toMatch(/^#!\/usr\/bin\/env node\n/);
  expect(source.replace(/\/\*[^]*?\*\/|\/\/.*/g, "")).not.toMatch(/^\s*(import\s*["{*\w]|export\s.*from)/m);
});

test("mdc --help works on this Node", async () => {
  const { code, stdout, stderr } = await runNode([entry, "--help"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain("mdc");
});

/** Other Nodes on the path that are older than the floor. */
async function olderNodes(): Promise<string[]> {
  const name = process.platform === "win32" ? "node.exe" : "node";
  const folders = [
    ...new Set((process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "")),
  ];
  const found = await Promise.all(
    folders.map(async (folder) => {
      const node = join(folder, name);
      const version = await runChild(node, ["-p", "process.versions.node"]).then(
        ({ stdout }) => /^(\d+)\.(\d+)\./.exec(stdout),
        () => null,
      );
      if (version === null) return [];
      const [major, minor] = [Number(version[1]), Number(version[2])];
      return major < 22 || (major === 22 && minor < 15) ? [node] : [];
    }),
  );
  return found.flat();
}
