import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runChild, runNode } from "../support/child.ts";
import { createProject, pack, root } from "../support/packed-project.ts";
import { disposableFolder } from "../support/temp-folder.ts";

/*
 * What a user gets: the packed package in a project of its own, with nothing beside it but what its manifest
 * lists. `createProject` links the dependencies, so no network is needed.
 */

let folder: Awaited<ReturnType<typeof disposableFolder>>;

beforeAll(async () => {
  folder = await disposableFolder();
  await createProject(folder.path, await pack(folder.path), ["@types/node"]);
});

afterAll(async () => {
  await folder?.[Symbol.asyncDispose]();
});

/** Writes `source` to a file of the project, runs it, and gives the JSON it printed. */
async function run(file: string, source: string, nodeOptions: readonly string[] = []): Promise<unknown> {
  await writeFile(join(folder.path, file), source);
  const { code, stdout, stderr } = await runNode([...nodeOptions, file], {
    cwd: folder.path,
    env: { MDC_DESTINATION: undefined, MDC_CONFIG: undefined, MDC_SPOOL_DIR: join(folder.path, "spool") },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout);
}

test("both front doors load with import and with require, and are the same modules", async () => {
  const source = `
    const { createRequire } = await import("node:module");
    const require = createRequire(import.meta.url);
    const same = {};
    for (const door of ["model-data-collector", "model-data-collector/reader"])
      same[door] = require(door).Collector === (await import(door)).Collector && Object.keys(require(door)).length > 0;
    console.log(JSON.stringify(same));`;
  expect(await run("both.mjs", source)).toEqual({
    "model-data-collector": true,
    "model-data-collector/reader": true,
  });
});

test("a CommonJS program collects, and the process ends by itself with everything stored", async () => {
  const source = `
    const { openDeployment } = require("model-data-collector");
    const { openDataset } = require("model-data-collector/reader");
    (async () => {
      const deployment = await openDeployment({ endpoint: "e", deployment: "d", destination: "./collected" });
      const collector = deployment.collector("model_inputs");
      const context = collector.collect([{ distance: 12.5, origin: "SEA" }, { distance: 7, origin: null }]);
      await deployment.close();
      const data = await openDataset("./collected");
      const { records } = await data.trace(context.id);
      const { frames } = deployment.stats();
      console.log(JSON.stringify({
        delivered: frames.delivered,
        rows: records.flatMap((record) => record.rows).map(({ distance, origin }) => ({ distance, origin })),
      }));
    })();`;
  expect(await run("collect.cjs", source)).toEqual({
    delivered: 1,
    rows: [
      { distance: 12.5, origin: "SEA" },
      { distance: 7, origin: null },
    ],
  });
});

test("what cannot load ES modules by require gets all front doors as CommonJS, and what they need", async () => {
  const source = `
    const { openDeployment } = require("model-data-collector");
    const { openDataset } = require("model-data-collector/reader");
    const { createTestDeployment } = require("model-data-collector/testing");
    const { jensenShannonDistance } = require("model-data-collector/monitor");
    (async () => {
      const deployment = await openDeployment({ destination: "./by-require" });
      deployment.collector("model_inputs").collect([{ a: 1 }, { a: 2 }]);
      await deployment.close();
      const rows = [];
      for await (const { a } of (await openDataset("./by-require")).table("model_inputs").rows()) rows.push(a);
      const tested = createTestDeployment();
      tested.collector("model_inputs").collect([{ a: 3 }]);
      const frames = await tested.frames("model_inputs");
      const drift = jensenShannonDistance(["a"], ["b"]);
      console.log(JSON.stringify({ rows, frames: frames.map((frame) => frame.rows), drift }));
    })();`;
  expect(await run("by-require.cjs", source, ["--no-experimental-require-module"])).toEqual({
    rows: [1, 2],
    frames: [[{ a: 3 }]],
    drift: 1,
  });
});

test("README's first snippet runs as printed in what npm init makes, of whatever type", async () => {
  const readme = await readFile(join(root, "README.md"), "utf8");
  const [, snippet = "", file = ""] = /```js\n(\/\/ (\S+)\n[^]*?)```/.exec(readme) ?? [];
  expect(readme).toContain(`\nnode ${file}\n`);
  for (const type of [undefined, "commonjs", "module"]) {
    const project = join(folder.path, `blank-${type}`);
    await mkdir(project);
    await writeFile(join(project, "package.json"), JSON.stringify({ name: "blank", version: "1.0.0", type }));
    await writeFile(join(project, file), snippet);
    const env = { MDC_DESTINATION: undefined, MDC_CONFIG: undefined, MDC_SPOOL_DIR: join(project, "spool") };
    const ran = await runNode([file], { cwd: project, env });
    expect(ran, type).toMatchObject({ code: 0, stdout: "", stderr: "" });
    const mdc = join(folder.path, "node_modules/model-data-collector/dist/cli/main.js");
    const ls = await runNode([mdc, "ls"], { cwd: project, env });
    expect(ls, type).toMatchObject({
      code: 0,
      stderr: "",
      stdout: expect.stringMatching(/^model_outputs /m),
    });
  }
});

test("mdc says in one line that a full disk took no results, and ends with 4", async (context) => {
  context.skip(!existsSync("/dev/full"), "this system has no full disk at hand");
  const mdc = join(folder.path, "node_modules/model-data-collector/dist/cli/main.js");
  for (const args of [["--help"], ["--version"], ["ls", "--json"]]) {
    const env = {
      MDC_DESTINATION: folder.path,
      MDC_CONFIG: undefined,
      MDC_SPOOL_DIR: join(folder.path, "spool"),
    };
    const { code, stderr } = await runChild(
      "sh",
      ["-c", `"$0" "$@" > /dev/full`, process.execPath, mdc, ...args],
      { env },
    );
    const line = expect.stringMatching(/^mdc: the results cannot be written: ENOSPC/);
    expect({ code, lines: stderr.split("\n") }, args.join(" ")).toEqual({ code: 4, lines: [line, ""] });
  }
});

test("a program that only imports the package loads no storage vendor's library", async () => {
  await writeFile(
    join(folder.path, "record-imports.mjs"),
    `import { registerHooks } from "node:module";
     globalThis.loaded = [];
     registerHooks({ load: (url, context, next) => (globalThis.loaded.push(url), next(url, context)) });`,
  );
  const source = `
    await import("model-data-collector");
    await import("model-data-collector/reader");
    const names = globalThis.loaded.flatMap((url) => /node_modules\\/((?:@[^/]+\\/)?[^/]+)\\/(?!.*node_modules)/.exec(url)?.[1] ?? []);
    console.log(JSON.stringify([...new Set(names)].sort()));`;
  const loaded = (await run("lazy.mjs", source, ["--import", "./record-imports.mjs"])) as string[];
  expect(loaded).toContain("model-data-collector");
  expect(loaded.filter((name) => name.startsWith("@"))).toEqual([]);
});

test("without @azure/identity, what needs it says in one line what to install; a signature needs nothing", async () => {
  const url = "https://nobody.blob.core.windows.net/box/data";
  const line = expect.stringMatching(
    /^[^\n]*@azure\/identity is not installed; [^\n]*: npm install @azure\/identity[^\n]*$/,
  );
  const source = (credential: string): string => `
    import { openDeployment } from "model-data-collector";
    const heard = [];
    const deployment = await openDeployment({
      destination: ${JSON.stringify(url)}, ${credential}
      onError: (error) => heard.push(error.message),
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    await deployment.close({ deadlineMs: 100 });
    console.log(JSON.stringify(heard));`;
  expect(await run("unproven.mjs", source(""))).toEqual([line]);
  const signature = "sv=2024-11-04&sr=c&sp=cr&sig=AAAA&se=2099-01-01T00:00:00Z";
  expect(await run("signed.mjs", source(`credential: ${JSON.stringify(signature)},`))).toEqual([]);
  const mdc = join(folder.path, "node_modules/model-data-collector/dist/cli/main.js");
  const ls = await runNode([mdc, "ls", "--root", url], { cwd: folder.path });
  expect(ls).toMatchObject({ code: 4, stdout: "" });
  expect(ls.stderr.trimEnd()).toEqual(line);
});

test("a strict TypeScript program compiles against the packed types, checking them too", async () => {
  await writeFile(
    join(folder.path, "consumer.ts"),
    `import { Collector, CorrelationContext, openDeployment } from "model-data-collector";
     import { openDataset } from "model-data-collector/reader";
     const inputs = new Collector({ name: "model_inputs" });
     const typed: Collector<{ a: number }> = new Collector<{ a: number }>({ name: "typed" });
     typed.collect([{ a: 1 }]);
     // @ts-expect-error a text is not a number
     typed.collect([{ a: "1" }]);
     const declared = new Collector({ name: "declared", schema: { a: "float64" } });
     declared.collect({ a: [1, null] });
     // @ts-expect-error a text is not a number
     declared.collect([{ a: "1" }]);
     const context: CorrelationContext = inputs.collect([{ a: 1 }]);
     const id: string = context.id;
     await inputs.flush({ to: "spool" });
     await using deployment = await openDeployment({ destination: "./collected", samplingRate: 0.5 });
     deployment.collector("model_outputs").collect({ a: [1, 2] }, context);
     // @ts-expect-error a rate is a number
     await openDeployment({ samplingRate: "50%" });
     for (const { name } of await (await openDataset("./collected")).collections()) name.toUpperCase();
     export { id };`,
  );
  await writeFile(
    join(folder.path, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        module: "nodenext",
        target: "es2023",
        lib: ["es2023", "esnext.disposable"],
        types: ["node"],
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
        noEmit: true,
      },
      files: ["consumer.ts"],
    }),
  );
  const { code, stdout } = await runNode([join(root, "node_modules/typescript/bin/tsc"), "-p", "."], {
    cwd: folder.path,
  });
  expect(stdout).toBe("");
  expect(code).toBe(0);
});
