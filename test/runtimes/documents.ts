import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runChild } from "../support/child.ts";
import { manifest, root } from "../support/packed-project.ts";
import { readSnippets, tryAll } from "../support/snippets.ts";
import type { Case } from "./run.ts";
import { environment, install, type World } from "./world.ts";

/** What README, `docs` and `examples` print, where it takes the registry to try it. */
export function documents(): Case[] {
  return [
    { row: "snippets of the documents", column: "oldest Node", run: snippets },
    { row: "examples/nextjs", column: "alone", run: nextExample },
  ];
}

/** The code of all pages on the oldest Node that the manifest allows. */
async function snippets({ folder, tarball }: World): Promise<void> {
  const { engines, name, devDependencies } = await manifest();
  const project = join(folder, "snippets");
  const peers = ["@duckdb/node-api", "apache-arrow"].map((peer) => `${peer}@${devDependencies[peer]}`);
  await install(project, [tarball, `node@${engines["node"]?.replace(">=", "")}.0`, ...peers]);
  const pages = join(project, "pages");
  await mkdir(pages);
  const modules = join(project, "node_modules");
  const node = join(modules, ".bin/node");
  const faults = await tryAll(await readSnippets(), {
    node,
    folder: pages,
    packageFolder: join(modules, name),
  });
  if (faults.length > 0) throw new Error(faults.join("\n"));
}

/** The example as its page says, asked once. */
async function nextExample(world: World): Promise<void> {
  const project = join(world.folder, "examples-nextjs");
  await install(project, [world.tarball, "next@16", "react@19", "react-dom@19"]);
  for (const part of ["app", "next.config.js", "package.json"])
    await cp(join(root, "examples/nextjs", part), join(project, part), { recursive: true });
  const env = { ...environment(world, project), MDC_DESTINATION: join(project, "collected") };
  const bin = join(project, "node_modules/.bin/next");
  const built = await runChild(bin, ["build"], { cwd: project, env, timeoutMs: 300_000 });
  if (built.code !== 0) throw new Error(`next build: ${built.stdout}${built.stderr}`);
  const server = spawn(bin, ["start", "--port", "34715"], { cwd: project, env: { ...process.env, ...env } });
  try {
    const body = JSON.stringify([{ origin: "JFK", distance: 2475 }]);
    const answer = await firstAnswer(server, "http://127.0.0.1:34715/api/score", { method: "POST", body });
    if (answer !== '[{"late":true}]') throw new Error(`the example answers ${answer}`);
  } finally {
    server.kill("SIGTERM");
    if (server.exitCode === null) await once(server, "exit");
  }
  const mdc = join(project, "node_modules/.bin/mdc");
  // The server ends by `process.exit`: what it has not delivered is in the spool.
  const drained = await runChild(mdc, ["spool", "drain"], { cwd: project, env });
  if (drained.code !== 0) throw new Error(`mdc spool drain: ${drained.stdout}${drained.stderr}`);
  const firstOf = async (collection: string): Promise<Record<string, unknown>> => {
    const { stdout, stderr } = await runChild(mdc, ["head", collection, "--json"], { cwd: project, env });
    if (stdout === "") throw new Error(stderr);
    return (JSON.parse(stdout) as Record<string, unknown>[])[0] ?? {};
  };
  const [output, response] = [await firstOf("model_outputs"), await firstOf("response")];
  if (output["late"] !== true) throw new Error(`mdc head says ${JSON.stringify(output)}`);
  if (
    response["body"] !== '[{"late":true}]' ||
    response["mdc_correlation_id"] !== output["mdc_correlation_id"]
  )
    throw new Error(`mdc head says ${JSON.stringify(response)}, of ${JSON.stringify(output)}`);
}

async function firstAnswer(server: ChildProcess, url: string, request: RequestInit): Promise<string> {
  for (let tries = 0; tries < 60 && server.exitCode === null; tries++) {
    await sleep(500);
    const response = await fetch(url, request).catch(() => undefined);
    if (response !== undefined) return response.text();
  }
  throw new Error(`${url} does not answer`);
}
