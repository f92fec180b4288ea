import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, readFile, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { openDataset } from "model-data-collector/reader";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { runNode } from "../support/child.ts";
import { root } from "../support/packed-project.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** The examples for platforms that this machine has not: what they would run is run, and the rest is read. */

/** A copy of an example, with the built package as `npm install` would put it there. */
async function copyOf(example: string): Promise<string> {
  const folder = join(await tempFolder(), example);
  await cp(join(root, "examples", example), folder, { recursive: true });
  await mkdir(join(folder, "node_modules"), { recursive: true });
  await symlink(root, join(folder, "node_modules/model-data-collector"), "junction");
  return folder;
}

const lines = (text: string, word: string): string[] =>
  text.split("\n").flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));

test("examples/docker: what the Dockerfile starts, serves and delivers when it is stopped", async () => {
  const folder = await copyOf("docker");
  const dockerfile = await readFile(join(folder, "Dockerfile"), "utf8");
  const copied = lines(dockerfile, "COPY").flatMap((line) => line.split(" ").slice(0, -1));
  const there = await readdir(folder);
  for (const file of copied.map((name) => name.replace("*", ""))) expect(there).toContain(file);
  const [command = ""] = lines(dockerfile, "CMD");
  const [, ...args] = JSON.parse(command) as string[];
  const spool = join(folder, "spool");
  const env = { ...process.env, PORT: "0", MDC_SPOOL_DIR: spool, MDC_DESTINATION: join(folder, "collected") };
  const child = spawn(process.execPath, args, { cwd: folder, env });
  let stderr = "";
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  const [said] = (await once(createInterface(child.stdout), "line")) as [string];
  const url = said.replace("listening on ", "");
  expect((await fetch(`${url}/health`)).ok).toBe(true);
  expect((await fetch(`${url}/score`, { method: "POST", body: "{" })).status).toBe(400);
  const body = JSON.stringify([{ origin: "JFK", distance: 2475 }]);
  const headers = { "x-request-id": "order-17", connection: "close" };
  const answer = await fetch(`${url}/score`, { method: "POST", headers, body });
  expect(await answer.json()).toEqual([{ late: true }]);
  child.kill("SIGTERM");
  const [code] = await once(child, "exit");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  await using data = await openDataset(join(folder, "collected"));
  const { records } = await data.trace("order-17");
  expect(records.map(({ collection }) => collection).sort()).toEqual(["model_inputs", "model_outputs"]);
});

test("examples/docker: nothing runs as root, and all that is written is in a volume", async () => {
  const read = (file: string): Promise<string> => readFile(join(root, "examples/docker", file), "utf8");
  const dockerfile = await read("Dockerfile");
  expect(lines(dockerfile, "FROM")).toEqual([expect.stringMatching(/^node:\d+-slim$/)]);
  expect(lines(dockerfile, "USER")).toEqual(["node"]);
  expect(dockerfile.indexOf("\nUSER ")).toBeLessThan(dockerfile.indexOf("\nCMD "));
  const [volume = ""] = lines(dockerfile, "VOLUME");
  expect(dockerfile).toContain(`MDC_SPOOL_DIR=${volume}/spool`);
  expect(dockerfile).not.toMatch(/^ADD |:latest|sudo|curl /m);
  const { services, volumes } = parse(await read("compose.yaml"), { merge: true }) as {
    services: Record<string, Record<string, unknown>>;
    volumes: Record<string, unknown>;
  };
  const { score, azurite, read: reading } = services;
  expect(score).toMatchObject({ build: ".", read_only: true, volumes: [`spool:${volume}`] });
  expect(reading?.["environment"]).toEqual(score?.["environment"]);
  const { MDC_DESTINATION: destination = "" } = (score?.["environment"] ?? {}) as Record<string, string>;
  expect(Object.keys(services)).toContain(new URL(destination).hostname);
  expect(azurite?.["command"]).toContain("azurite-blob --blobHost 0.0.0.0");
  for (const { volumes: used = [] } of Object.values(services) as { volumes?: string[] }[])
    for (const one of used) expect(Object.keys(volumes)).toContain(one.split(":")[0]);
  const port = lines(dockerfile, "EXPOSE")[0];
  expect(score?.["ports"]).toEqual([`${port}:${port}`]);
});

test("examples/azure-functions: the handler answers when what it collected is stored", async () => {
  const folder = await copyOf("azure-functions");
  // In place of the platform's library: what registers a function with the host.
  const library = join(folder, "node_modules/@azure/functions");
  await mkdir(library, { recursive: true });
  await writeFile(join(library, "package.json"), '{ "main": "index.cjs" }');
  await writeFile(
    join(library, "index.cjs"),
    "exports.app = { http: (name, options) => (globalThis.registered = { name, ...options }) };",
  );
  await writeFile(
    join(folder, "host.mjs"),
    `import { readdirSync } from "node:fs";
     await import("./src/functions/score.js");
     const { name, methods, handler } = globalThis.registered;
     const ask = (body) => handler(
       new Request("http://host/api/score", { method: "POST", body, headers: { "x-request-id": "order-17" } }),
       { warn: (text) => console.error(text) },
     );
     const { status, ...bad } = await ask("{");
     const good = await ask('[{"origin":"JFK","distance":2475}]');
     const files = readdirSync("collected", { recursive: true }).filter((file) => file.endsWith(".parquet"));
     console.log(JSON.stringify({ name, methods, status, body: good.jsonBody, headers: good.headers, files: files.length }));`,
  );
  const env = { MDC_DESTINATION: undefined, MDC_CONFIG: undefined, MDC_SPOOL_DIR: join(folder, "spool") };
  const { code, stdout, stderr } = await runNode(["host.mjs"], { cwd: folder, env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(JSON.parse(stdout)).toMatchObject({
    name: "score",
    methods: ["POST"],
    status: 400,
    body: [{ late: true }],
    headers: { "x-request-id": "order-17" },
    files: 2,
  });
});
