import { readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { runChild } from "./child.ts";
import { root } from "./packed-project.ts";
import { printed } from "./printed.ts";

/** A way to bundle `server.js`, as docs/bundlers.md prints it. */
export interface Bundle {
  /** What of the registry it needs beside the project's own packages. */
  readonly packages?: readonly string[];
  /** The bundle's first file, in `dist` of the folder. */
  readonly main: string;
  /** Whether the background thread runs in it. */
  readonly thread: boolean;
  /** Bundles `server.js` of a folder into its `dist`; throws what the bundler said if it fails. */
  build(folder: string): Promise<void>;
}

/** Runs a line of a shell with the folder's own packages and the project's; `npx` would ask the network. */
async function run(folder: string, line: string): Promise<void> {
  const path = [join(folder, "node_modules/.bin"), join(root, "node_modules/.bin"), process.env["PATH"]];
  const { code, stdout, stderr } = await runChild("sh", ["-c", line.replaceAll("npx ", "")], {
    cwd: folder,
    env: { PATH: path.join(delimiter), NODE_OPTIONS: undefined },
  });
  if (code !== 0) throw new Error(`${line} ended with ${code}: ${stdout}${stderr}`);
}

/** A line of the document, changed. */
const byLine =
  (section: string, at: number, change: (line: string) => string = (line) => line) =>
  async (folder: string): Promise<void> =>
    run(folder, change(await printed("bundlers.md", section, "sh", at)));

/** A configuration of the document, and what runs it. */
const byConfig =
  (section: string, at: number, file: string, line: string) =>
  async (folder: string): Promise<void> => {
    await writeFile(join(folder, file), await printed("bundlers.md", section, "js", at));
    await run(folder, line);
  };

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

/** All of them, by name. */
export const bundles: Readonly<Record<string, Bundle>> = {
  "esbuild, CommonJS": { main: "server.js", thread: true, build: byLine("esbuild", 0) },
  "esbuild, CommonJS, minified, without the thread": {
    main: "server.js",
    thread: false,
    build: byLine("esbuild", 0, (line) => `${withoutThread(line)} --minify`),
  },
  "esbuild, modules": { main: "server.mjs", thread: true, build: byLine("esbuild", 1) },
  "esbuild, modules, minified and split": {
    main: "server.mjs",
    thread: true,
    build: byLine("esbuild", 1, (line) => `${line} --minify --splitting`),
  },
  "esbuild, modules, without the thread": {
    main: "server.mjs",
    thread: false,
    build: byLine("esbuild", 1, withoutThread),
  },
  webpack: {
    main: "main.js",
    thread: true,
    build: byConfig("webpack", 0, "webpack.config.mjs", runWebpack),
  },
  Rolldown: {
    main: "server.mjs",
    thread: true,
    build: byConfig("Rolldown", 0, "rolldown.config.mjs", "rolldown -c rolldown.config.mjs"),
  },
  Vite: {
    main: "server.js",
    thread: true,
    build: byConfig("Vite", 0, "vite.config.mjs", "vite build --logLevel error"),
  },
  Rollup: {
    packages: [
      "rollup@4",
      "@rollup/plugin-node-resolve@16",
      "@rollup/plugin-commonjs@28",
      "@rollup/plugin-json@6",
    ],
    main: "server.mjs",
    thread: true,
    build: byConfig("Rollup", 0, "rollup.config.mjs", "rollup -c rollup.config.mjs --silent"),
  },
  ncc: {
    packages: ["@vercel/ncc"],
    main: "index.js",
    thread: false,
    build: byLine("ncc", 0, (line) => `${line} --quiet`),
  },
};

/** The `package.json` beside a bundle: `.js` of some are modules, others' CommonJS. */
export async function packageOf(folder: string, main: string): Promise<string> {
  const text = await readFile(join(folder, main), "utf8");
  return JSON.stringify({ type: /^(import|export) /m.test(text) ? "module" : "commonjs" });
}
