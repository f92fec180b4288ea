import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { bundles } from "../support/bundles.ts";
import { type ChildResult, runChild, runNpm } from "../support/child.ts";
import { printed } from "../support/printed.ts";
import { answering, expected, expectedInline, program } from "./program.ts";
import type { Case } from "./run.ts";
import { expectStored } from "./stored-exchanges.ts";
import { check, countStored, environment, install, LeftOut, prepare, shell, type World } from "./world.ts";

/** What is more than a runtime and a file: frameworks, compilers, executables and package managers. */
export function applications(): Case[] {
  const alone: Readonly<Record<string, (world: World) => Promise<void>>> = {
    "Yarn, Plug'n'Play": yarn,
    pnpm,
    "ts-node": tsNode,
    "TypeScript's module kinds": typescript,
    "Node, single executable": nodeExecutable,
    "bun build --compile": (world) =>
      compiled(world, "bun", ["bun", "build", "--compile", "--outfile=app", "app.mjs"]),
    "deno compile": (world) =>
      compiled(world, "deno", ["deno", "compile", "--allow-all", "--output", "app", "app.mjs"]),
  };
  return [
    ...Object.entries(alone).map(([row, run]) => ({ row, column: "alone", run })),
    ...["15", "16"].flatMap((version) => [
      { row: `Next.js ${version}`, column: "alone", run: (world: World) => next(world, version, true) },
      {
        row: `Next.js ${version}, bundled`,
        column: "alone",
        run: (world: World) => next(world, version, false),
      },
    ]),
  ];
}

async function must(program: string, args: readonly string[], cwd: string, env = {}): Promise<ChildResult> {
  const result = await runChild(program, args, { cwd, env, timeoutMs: 300_000 });
  const { code, stdout, stderr } = result;
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}\n${stdout}\n${stderr}`);
  return result;
}

/** A project where packages stay in archives. The bundle's thread lies beside it, as elsewhere. */
async function yarn(world: World): Promise<void> {
  const tools = join(world.folder, "yarn");
  await install(tools, ["@yarnpkg/cli-dist"]);
  const cli = join(tools, "node_modules/@yarnpkg/cli-dist/bin/yarn.js");
  const cwd = join(world.folder, "pnp");
  await prepare(cwd);
  const settings = {
    nodeLinker: "pnp",
    npmRegistryServer: (await runNpm(["config", "get", "registry"])).stdout.trim(),
    unsafeHttpWhitelist: ["*"],
    enableTelemetry: false,
    enableGlobalCache: false,
    npmMinimalAgeGate: 0,
  };
  await writeFile(join(cwd, ".yarnrc.yml"), JSON.stringify(settings));
  await writeFile(join(cwd, "yarn.lock"), "");
  await writeFile(join(cwd, "package.json"), JSON.stringify({ name: "app", private: true }));
  await copyFile(world.tarball, join(cwd, "package.tgz"));
  await must("node", [cli, "add", "model-data-collector@file:./package.tgz"], cwd);
  await writeFile(join(cwd, "app.mjs"), program("import"));
  await check(world, { command: ["node", cli, "node", "app.mjs"], cwd, says: expected });
  const bundled = join(world.project, "for-yarn");
  await mkdir(bundled);
  await writeFile(join(bundled, "server.js"), program("import"));
  await bundles["esbuild, CommonJS"]?.build(bundled);
  await cp(join(bundled, "dist"), join(cwd, "bundle"), { recursive: true });
  const env = { RUNTIMES_AZURITE: `${environment(world, cwd)["RUNTIMES_AZURITE"]}-bundle` };
  const run = environment(world, cwd, env);
  const { stdout } = await must("node", [cli, "node", "bundle/server.js"], cwd, run);
  const said = JSON.parse(stdout) as { heard: unknown; delivered: unknown };
  const { heard, delivered } = JSON.parse(expected) as typeof said;
  if (JSON.stringify([said.heard, said.delivered]) !== JSON.stringify([heard, delivered]))
    throw new Error(stdout);
}

/** Packages that find nothing but their own dependencies. */
async function pnpm(world: World): Promise<void> {
  const tools = join(world.folder, "pnpm");
  await install(tools, ["pnpm@10"]);
  const cwd = join(world.folder, "by-pnpm");
  await prepare(cwd);
  await writeFile(join(cwd, "package.json"), JSON.stringify({ name: "app", private: true }));
  await writeFile(join(cwd, "app.mjs"), program("import"));
  const cli = join(tools, "node_modules/pnpm/bin/pnpm.cjs");
  await must("node", [cli, "add", "--store-dir", join(tools, "store"), world.tarball], cwd);
  await check(world, { command: ["node", "app.mjs"], cwd, says: expected });
}

const compilers = ["typescript@5.9", "@types/node@22"];

async function tsNode(world: World): Promise<void> {
  const cwd = join(world.project, "ts-node");
  await install(cwd, ["ts-node@10", ...compilers]);
  await writeFile(join(cwd, "tsconfig.json"), await printed("runtimes.md", "ts-node", "json"));
  await writeFile(join(cwd, "score.ts"), typed);
  const line = await printed("runtimes.md", "ts-node", "sh");
  await check(world, { command: shell(line), cwd, says: "delivered 50 50" });
}

/** A strict program; what it says is less, for it is about types. */
const typed = `
import { Collector, openDeployment, type Deployment } from "model-data-collector";
import { openDataset } from "model-data-collector/reader";
import { createTestDeployment } from "model-data-collector/testing";

async function store(destination: string | undefined, directory: string): Promise<number> {
  if (destination === undefined) throw new Error("no destination");
  const deployment: Deployment = await openDeployment({ destination, configFile: "./blue.yml", spool: { directory } });
  const collector: Collector<{ x: number }> = new Collector<{ x: number }>({ name: "model_inputs", deployment });
  for (let x = 0; x < 50; x++) collector.collect([{ x }]);
  // @ts-expect-error a text is no number
  if (destination === "") collector.collect([{ x: "1" }]);
  await deployment.close();
  return deployment.stats().frames.delivered;
}

async function main(): Promise<void> {
  const forTests = createTestDeployment();
  forTests.collector("model_inputs").collect([{ x: 1 }]);
  const [first] = await forTests.frames("model_inputs");
  const said = [await store("./out", "./spool"), await store(process.env["RUNTIMES_AZURITE"], "./spool-azurite")];
  const rows = (await openDataset("./out")).table("model_inputs").rows();
  for await (const row of rows) if (first === undefined || typeof row["x"] !== "number") throw new Error("no rows");
  console.log("delivered", ...said);
}

void main();
`;

/** What \`tsc --init\`, ts-node, ts-jest and Next.js set. */
const moduleKinds: Readonly<Record<string, readonly [module: string, resolution: string, type: string]>> = {
  nodenext: ["nodenext", "nodenext", "module"],
  "nodenext, CommonJS": ["nodenext", "nodenext", "commonjs"],
  node16: ["node16", "node16", "module"],
  "node16, CommonJS": ["node16", "node16", "commonjs"],
  "commonjs, node10": ["commonjs", "node10", "commonjs"],
  "esnext, bundler": ["esnext", "bundler", "module"],
};

async function typescript(world: World): Promise<void> {
  const folder = join(world.project, "typescript");
  await install(folder, compilers);
  for (const [name, [module, moduleResolution, type]] of Object.entries(moduleKinds)) {
    const cwd = join(folder, name.replaceAll(/\W+/g, "-"));
    await mkdir(cwd);
    const options = {
      module,
      moduleResolution,
      target: "es2022",
      strict: true,
      types: ["node"],
      skipLibCheck: false,
    };
    await writeFile(join(cwd, "package.json"), JSON.stringify({ type }));
    await writeFile(
      join(cwd, "tsconfig.json"),
      JSON.stringify({ compilerOptions: options, files: ["app.ts"] }),
    );
    await writeFile(join(cwd, "app.ts"), typed);
    await must(join(folder, "node_modules/.bin/tsc"), ["-p", "."], cwd);
    await check(world, { command: ["node", "app.js"], cwd, says: "delivered 50 50" });
  }
}

/** Node's own, of a bundle of CommonJS, as docs/bundlers.md says. */
async function nodeExecutable(world: World): Promise<void> {
  const cwd = join(world.project, "executable");
  await install(cwd, ["postject@1.0.0-alpha.6"]);
  await writeFile(join(cwd, "server.js"), program("import"));
  await bundles["esbuild, CommonJS"]?.build(cwd);
  await writeFile(join(cwd, "sea.json"), await printed("bundlers.md", "Single executables", "json"));
  const [word = "", ...args] = shell(await printed("bundlers.md", "Single executables", "sh"));
  await must(word, args, cwd, environment(world, cwd));
  const alone = join(world.folder, "executable");
  await mkdir(alone);
  for (const file of ["app", "model-data-collector-worker.js"])
    await copyFile(join(cwd, file), join(alone, file));
  await check(world, { command: [join(alone, "app")], cwd: alone, says: expected });
}

/** By a runtime's own compiler, of modules as they are installed. */
async function compiled(
  world: World,
  runtime: string,
  [word = "", ...args]: readonly string[],
): Promise<void> {
  const folder = join(world.project, `${runtime}-compile`);
  await install(folder, [runtime]);
  await writeFile(join(folder, "app.mjs"), program("import"));
  const { code, stdout, stderr } = await runChild(join(folder, "node_modules/.bin", word), args, {
    cwd: folder,
  });
  if (code !== 0 && /^(\S*Download|.*dns error)/m.test(stderr))
    throw new LeftOut("it downloads more, and cannot");
  if (code !== 0) throw new Error(`${word} ${args.join(" ")} ended with ${code}\n${stdout}\n${stderr}`);
  const cwd = join(world.folder, `${runtime}-compiled`);
  await mkdir(cwd);
  await copyFile(join(folder, "app"), join(cwd, "app"));
  await check(world, { command: [join(cwd, "app")], cwd, says: expectedInline });
}

/** A route handler that is logged: what it answers, and what is stored of it. */
async function logged(url: string, folder: string): Promise<void> {
  const asked = {
    method: "POST",
    body: `{"distance":2475}`,
    headers: { "content-type": "application/json" },
  };
  const response = await fetch(url, { ...asked, signal: AbortSignal.timeout(60_000) });
  const answered = await response.text();
  if (response.status !== 201 || answered !== `{"late":true}`) throw new Error(answered);
  const end = Date.now() + 30_000;
  for (;;) {
    try {
      await expectStored(folder, [["/score", 201, "complete", asked.body, answered]]);
      return;
    } catch (thrown) {
      // The file is finished a moment later.
      if (Date.now() > end) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** A route handler, built and started; `external` is the documented line. */
async function next(world: World, version: string, external: boolean): Promise<void> {
  const cwd = join(world.folder, `next-${version}-${external ? "external" : "bundled"}`);
  await install(cwd, [world.tarball, `next@${version}`, "react@19", "react-dom@19"]);
  await prepare(cwd);
  const line = await printed("runtimes.md", "Next.js", "js");
  const files = {
    "next.config.mjs": external ? line : "export default {};",
    "app/layout.js": "export default ({ children }) => <html><body>{children}</body></html>;",
    "app/collect/answer.mjs": answering(),
    "app/collect/route.js": `import { answer } from "./answer.mjs";
      export const dynamic = "force-dynamic";
      export const GET = async () => new Response(await answer());`,
    "app/score/route.js": await readFile(join(import.meta.dirname, "programs/next-route.mjs"), "utf8"),
    "payloads.mdc.yml":
      "destination: ./payloads\nspool: { directory: ./spool-payloads }\nrotation: { max_age_ms: 200 }\n",
  };
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(cwd, file)), { recursive: true });
    await writeFile(join(cwd, file), text);
  }
  const env = environment(world, cwd, { MDC_CONFIG: "./payloads.mdc.yml" });
  const bin = join(cwd, "node_modules/.bin/next");
  await must(bin, ["build"], cwd, env);
  const server = spawn(bin, ["start", "--port", "0"], { cwd, env: { ...process.env, ...env } });
  try {
    let said = "";
    for (const stream of [server.stdout, server.stderr])
      stream.on("data", (text: Buffer) => (said += text.toString()));
    const end = Date.now() + 60_000;
    let url: string | undefined;
    while (url === undefined || !said.includes("Ready")) {
      if (Date.now() > end || server.exitCode !== null) throw new Error(`it does not start: ${said}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
      url = /http:\/\/localhost:\d+/.exec(said)?.[0];
    }
    const response = await fetch(`${url}/collect`, { signal: AbortSignal.timeout(60_000) });
    const text = await response.text();
    const right = external ? [expected] : [expected, expectedInline];
    if (!right.includes(text)) throw new Error(`expected ${right.join(" or ")}, got ${text}\n${said}`);
    await logged(`${url}/score`, join(cwd, "payloads"));
    const gone = once(server, "exit");
    server.kill("SIGTERM");
    await gone;
  } finally {
    server.kill("SIGKILL");
  }
  await countStored(world, cwd);
}
