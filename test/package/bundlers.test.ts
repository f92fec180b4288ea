import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Azurite, startAzurite } from "../support/azurite.ts";
import { type ChildResult, runChild, runNode } from "../support/child.ts";
import { createProject, pack, root } from "../support/packed-project.ts";
import { scratch, storedRows } from "../support/scratch.ts";
import { disposableFolder } from "../support/temp-folder.ts";

/*
 * The packed package, bundled as docs/bundlers.md prints it, by the real bundlers; the bundle runs in a
 * folder of its own, with no `node_modules` and none of the optional peers.
 */

let project: Awaited<ReturnType<typeof disposableFolder>>;
let azurite: Azurite;

const program = `
  import { openDeployment } from "model-data-collector";
  async function main() {
    const heard = [];
    const deployment = await openDeployment({ onError: ({ message }) => heard.push(message) });
    const inputs = deployment.collector("model_inputs");
    for (let a = 0; a < 50; a++) inputs.collect([{ a }]);
    await deployment.flush({ deadlineMs: 30_000 });
    const { endpoint } = deployment.config;
    await deployment.close();
    console.log(JSON.stringify({ heard, endpoint, frames: deployment.stats().frames }));
  }
  main();`;

beforeAll(async () => {
  project = await disposableFolder();
  await createProject(project.path, await pack(project.path));
  await writeFile(join(project.path, "server.js"), program);
  azurite = await startAzurite();
});

afterAll(async () => {
  await azurite?.stop();
  await project?.[Symbol.asyncDispose]();
});

/** The code of the document's section, the `at`th of it. */
async function printed(section: string, at = 0): Promise<string> {
  const text = await readFile(join(root, "docs/bundlers.md"), "utf8");
  const [, after = ""] = text.split(`## ${section}\n`);
  const blocks = [...(after.split("\n## ")[0] ?? "").matchAll(/```\w+\n([^]*?)```/g)];
  return blocks[at]?.[1] ?? "";
}

/** Runs a line of a shell with the project's bundlers; `npx` would ask the network for them. */
async function run(line: string): Promise<void> {
  const bin = join(root, "node_modules/.bin");
  const { code, stdout, stderr } = await runChild("sh", ["-c", line.replaceAll("npx ", "")], {
    cwd: project.path,
    env: { PATH: `${bin}${delimiter}${process.env["PATH"]}` },
  });
  expect(code, stdout + stderr).toBe(0);
}

async function configured(name: string, text: string, line: string): Promise<void> {
  await writeFile(join(project.path, name), text);
  await run(line);
}

const withoutThread = (line: string): string =>
  line.replace(" model-data-collector-worker=model-data-collector/worker", "");

const webpack = join(root, "node_modules/webpack/lib/index.js");
const runWebpack = `node --input-type=module -e '
  import webpack from ${JSON.stringify(webpack)};
  import config from "./webpack.config.mjs";
  webpack({ ...config, optimization: { minimize: false }, context: process.cwd() }, (error, stats) => {
    if (!error && !stats.hasErrors()) return;
    console.error(error ?? stats.toString());
    process.exitCode = 1;
  });'`;

/** How each is built, which file starts it, and whether the background thread runs in it. */
const bundles: Readonly<Record<string, { build: () => Promise<void>; main: string; thread: boolean }>> = {
  "esbuild, CommonJS": {
    build: async () => run(await printed("esbuild", 0)),
    main: "server.js",
    thread: true,
  },
  "esbuild, CommonJS, minified, without the thread": {
    build: async () => run(`${withoutThread(await printed("esbuild", 0)).trim()} --minify`),
    main: "server.js",
    thread: false,
  },
  "esbuild, modules": {
    build: async () => run(await printed("esbuild", 1)),
    main: "server.mjs",
    thread: true,
  },
  "esbuild, modules, minified and split": {
    build: async () => run(`${(await printed("esbuild", 1)).trim()} --minify --splitting`),
    main: "server.mjs",
    thread: true,
  },
  "esbuild, modules, without the thread": {
    build: async () => run(withoutThread(await printed("esbuild", 1))),
    main: "server.mjs",
    thread: false,
  },
  webpack: {
    build: async () => configured("webpack.config.mjs", await printed("webpack"), runWebpack),
    main: "main.js",
    thread: true,
  },
  Rolldown: {
    build: async () =>
      configured("rolldown.config.mjs", await printed("Rollup, Rolldown"), "rolldown -c rolldown.config.mjs"),
    main: "server.mjs",
    thread: true,
  },
  Vite: {
    build: async () => configured("vite.config.mjs", await printed("Vite"), "vite build --logLevel error"),
    main: "server.js",
    thread: true,
  },
};

/** What the bundle says when it runs by itself. */
async function runBundle(
  main: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ChildResult> {
  await using deployed = await disposableFolder();
  await cp(join(project.path, "dist"), deployed.path, { recursive: true });
  await writeFile(join(deployed.path, "package.json"), await packageOf(main));
  await writeFile(
    join(deployed.path, "blue.yml"),
    "endpoint_name: flights\nname: blue\ndata_collector: { collections: { model_inputs: { enabled: true } } }\n",
  );
  return await runNode([main], { cwd: deployed.path, env });
}

/** Of Vite's bundle, whose `.js` are modules; others' are CommonJS, or say it in their names. */
async function packageOf(main: string): Promise<string> {
  const text = await readFile(join(project.path, "dist", main), "utf8");
  return JSON.stringify({ type: /^import /m.test(text) ? "module" : "commonjs" });
}

test.each(Object.entries(bundles))("%s", async (name, { build, main, thread }) => {
  await rm(join(project.path, "dist"), { recursive: true, force: true });
  await build();
  const { env, destination } = await scratch();
  const expected = {
    heard: thread ? [] : [expect.stringContaining("the background thread cannot be started")],
    frames: { offered: 50, delivered: 50 },
  };

  const stored = await runBundle(main, { ...env, MDC_CONFIG: "blue.yml" });
  expect(stored).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(stored.stdout)).toMatchObject({ ...expected, endpoint: "flights" });
  expect(await storedRows(destination, "model_inputs", { a: "float64" })).toHaveLength(50);

  const container = name.toLowerCase().replace(/[^a-z]+/g, "-");
  await azurite.container(container);
  const uploaded = await runBundle(main, {
    ...env,
    MDC_DESTINATION: `${azurite.url}/${container}`,
    AZURE_STORAGE_CONNECTION_STRING: azurite.connectionString,
  });
  expect(uploaded).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(uploaded.stdout)).toMatchObject(expected);
});
