/**
 * `npm run test:runtimes`: the packed package where people run it, in a project of its own each, with the
 * runtimes, package managers and test runners from the registry. Each collects 50 frames into a folder, in
 * the background thread, and ends. What cannot be installed is said and left out; anything else exits 1.
 *
 * Names after it choose: `npm run test:runtimes -- jest yarn`.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ChildResult, runChild, runNpm } from "../support/child.ts";
import { pack } from "../support/packed-project.ts";

interface Case {
  readonly name: string;
  /** From the registry, beside the package. */
  readonly packages: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  /** What to run, of `node_modules/.bin` or a path. */
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Makes the project in another way than npm does; whether it could. */
  readonly install?: (folder: string, tarball: string) => Promise<boolean>;
}

const body = `
  const errors = [];
  const deployment = await openDeployment({ destination: "./out", spool: { directory: "./spool" }, onError: (error) => errors.push(error.message) });
  const collector = deployment.collector("model_inputs");
  for (let i = 0; i < 50; i++) collector.collect([{ x: i, at: new Date(), bytes: Uint8Array.of(1), list: [1, 2], typed: new Float64Array(1) }]);
  await deployment.flush({ deadlineMs: 20000 });
  const { delivered } = deployment.stats().frames;
  const { status } = deployment.status();
  await deployment.close();
  const result = JSON.stringify({ delivered, status, errors });`;
const expected = JSON.stringify({ delivered: 50, status: "ok", errors: [] });
const asModule = `import { openDeployment } from "model-data-collector";\n${body}\nconsole.log(result);`;
const asCommonJs = `const { openDeployment } = require("model-data-collector");\n(async () => {${body}\nconsole.log(result);\n})();`;
const check = `\nif (result !== ${JSON.stringify(expected)}) throw new Error(result);`;
const jestTest = `test("collects", async () => {${body}${check}}, 30000);
  test("under fake timers", async () => { jest.useFakeTimers(); try {${body}${check}} finally { jest.useRealTimers(); } }, 30000);`;
const vitestTest = `import { test, vi } from "vitest";\nimport { openDeployment } from "model-data-collector";
  test("collects", async () => {${body}${check}}, 30000);
  test("under fake timers", async () => { vi.useFakeTimers(); try {${body}${check}} finally { vi.useRealTimers(); } }, 30000);`;

const cases: readonly Case[] = [
  ...["22.15.0", "22", "24", "26"].flatMap((version): Case[] => [
    nodeCase(version, "import", "app.mjs", asModule),
    nodeCase(version, "require", "app.cjs", asCommonJs),
  ]),
  { name: "bun", packages: ["bun"], files: { "app.mjs": asModule }, command: ["bun", "app.mjs"] },
  {
    name: "deno",
    packages: ["deno"],
    files: { "app.mjs": asModule },
    command: ["deno", "run", "-A", "app.mjs"],
  },
  {
    name: "jest, CommonJS",
    packages: ["jest@30"],
    files: { "a.test.js": `const { openDeployment } = require("model-data-collector");\n${jestTest}` },
    command: ["jest"],
  },
  {
    name: "jest, ES modules",
    packages: ["jest@30"],
    files: {
      "a.test.mjs": `import { jest } from "@jest/globals";\nimport { openDeployment } from "model-data-collector";\n${jestTest}`,
      "jest.config.json": JSON.stringify({ testMatch: ["**/*.test.mjs"], transform: {} }),
    },
    command: ["jest"],
    env: { NODE_OPTIONS: "--experimental-vm-modules" },
  },
  ...["forks", "threads", "vmForks", "vmThreads"].map((pool) => ({
    name: `vitest, ${pool}`,
    packages: ["vitest@4"],
    files: { "a.test.mjs": vitestTest },
    command: ["vitest", "run", `--pool=${pool}`],
  })),
  {
    name: "yarn, Plug'n'Play",
    packages: [],
    files: { "app.mjs": asModule },
    command: ["node", "../yarn/node_modules/@yarnpkg/cli-dist/bin/yarn.js", "node", "app.mjs"],
    install: installWithYarn,
  },
];

function nodeCase(version: string, way: string, file: string, source: string): Case {
  const packages = [`node@${version}`];
  return { name: `node ${version}, ${way}`, packages, files: { [file]: source }, command: ["node", file] };
}

const chosen = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), "mdc-runtimes-"));
try {
  const { path } = await pack(folder);
  for (const one of cases) {
    if (chosen.length === 0 || chosen.some((word) => one.name.includes(word))) await run(one, path);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Runs one case; a failure sets the exit code and leaves the others their turn. */
async function run({ name, packages, files, command, env, install }: Case, tarball: string): Promise<void> {
  const project = join(folder, name.replaceAll(/[^\w.]+/g, "-"));
  await mkdir(project);
  await writeFile(join(project, "package.json"), JSON.stringify({ name: "app", private: true }));
  const installed =
    install === undefined
      ? (await npm(project, [tarball, ...packages])).code === 0
      : await install(project, tarball);
  if (!installed) {
    console.log(`${name}: left out, it could not be installed`);
    return;
  }
  for (const [file, text] of Object.entries(files)) await writeFile(join(project, file), text);
  const [program = "", ...args] = command;
  const path = `${join(project, "node_modules/.bin")}:${process.env["PATH"]}`;
  const state = { XDG_STATE_HOME: join(project, "state"), MDC_DESTINATION: undefined, MDC_CONFIG: undefined };
  const options = { cwd: project, env: { NODE_OPTIONS: undefined, ...state, ...env, PATH: path } };
  const { code, stdout, stderr } = await runChild(program, args, { ...options, timeoutMs: 90_000 });
  const isTest = command.some((word) => /^(jest|vitest)$/.test(word));
  const ok = code === 0 && (isTest || stdout.trim().endsWith(expected));
  console.log(ok ? `${name}: ok` : `${name}: FAILED, exit code ${code}\n${stdout}\n${stderr}`);
  if (!ok) process.exitCode = 1;
}

function npm(cwd: string, packages: readonly string[]): Promise<ChildResult> {
  const quiet = ["--no-audit", "--no-fund", "--silent"];
  return runNpm(["install", ...quiet, ...packages], { cwd, timeoutMs: 300_000 });
}

async function installWithYarn(project: string, tarball: string): Promise<boolean> {
  const tools = join(project, "../yarn");
  await mkdir(tools);
  await writeFile(join(tools, "package.json"), "{}");
  if ((await npm(tools, ["@yarnpkg/cli-dist"])).code !== 0) return false;
  const registry = (await runNpm(["config", "get", "registry"])).stdout.trim();
  const settings = {
    nodeLinker: "pnp",
    npmRegistryServer: registry,
    unsafeHttpWhitelist: ["*"],
    enableTelemetry: false,
    enableGlobalCache: false,
    npmMinimalAgeGate: 0,
  };
  await writeFile(join(project, ".yarnrc.yml"), JSON.stringify(settings));
  await writeFile(join(project, "yarn.lock"), "");
  await writeFile(join(project, "package.tgz"), await readFile(tarball));
  const yarn = join(tools, "node_modules/@yarnpkg/cli-dist/bin/yarn.js");
  const added = await runChild("node", [yarn, "add", "model-data-collector@file:./package.tgz"], {
    cwd: project,
    timeoutMs: 300_000,
  });
  return added.code === 0;
}
