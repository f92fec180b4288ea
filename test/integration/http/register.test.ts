import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeCertificate } from "../../support/bearer-token.ts";
import { runNode } from "../../support/child.ts";
import { root } from "../../support/packed-project.ts";
import { duckdbCollection } from "../../support/parquet-engines.ts";
import { runScript, scratch } from "../../support/scratch.ts";

const register = ["--import", "model-data-collector/register"];

/** A server that knows nothing of us, and ends after two requests over one connection. */
const server = `
import { createServer, Agent, request } from "node:http";
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const post = (port, body) => new Promise((resolve) => {
  const sent = request({ port, agent, method: "POST", path: "/score" }, (response) => {
    response.setEncoding("utf8").on("data", (text) => console.log(text)).on("end", resolve);
  });
  sent.end(body);
});
const served = createServer((request, response) => {
  request.pipe(response);
});
served.listen(0, async () => {
  await post(served.address().port, "one");
  await post(served.address().port, "two");
  agent.destroy();
  served.close();
});
`;

test("a server that was never changed is logged, and its process ends as ever", async () => {
  const { destination, env } = await scratch();
  const { code, stdout, stderr } = await runScript(server, { args: register, env });
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "one\ntwo\n", stderr: "" });
  const [requests, responses] = await Promise.all(
    ["request", "response"].map((name) => duckdbCollection(destination, name)),
  );
  expect(requests).toMatchObject([{ body: "one" }, { body: "two" }]);
  expect(responses).toMatchObject([
    { body: "one", outcome: "complete", http_status: 200n },
    { body: "two", outcome: "complete", http_status: 200n },
  ]);
});

test("what a server's own adapter redacts is redacted, though the preload logs it", async () => {
  const { destination, env } = await scratch();
  const code = `
import { createServer } from "node:http";
import { nodePayloadLogging } from "model-data-collector/http";
const redact = { request: ["$.card"], response: ["$.card"] };
const served = createServer(nodePayloadLogging((request, response) => request.pipe(response), { redact }));
served.listen(0, async () => {
  const body = '{"card":"4111","n":1}';
  console.log(await (await fetch("http://127.0.0.1:" + served.address().port, { method: "POST", body })).text());
  served.close();
  served.closeAllConnections();
});
`;
  const { stdout, stderr } = await runScript(code, { args: register, env });
  expect({ stdout, stderr }).toEqual({ stdout: '{"card":"4111","n":1}\n', stderr: "" });
  for (const side of ["request", "response"])
    expect(await duckdbCollection(destination, side)).toMatchObject([{ body: '{"card":"***","n":1}' }]);
});

test("what its handlers collect has the ids of their requests, also of two at once", async () => {
  const { destination, env } = await scratch();
  const code = `
import { createServer } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { Collector } from "model-data-collector";
const inputs = new Collector({ name: "model_inputs" });
const served = createServer(async (request, response) => {
  await wait(request.url === "/slow" ? 50 : 1);
  inputs.collect([{ path: request.url }]);
  response.end("ok");
});
served.listen(0, async () => {
  const ask = (path) => fetch("http://127.0.0.1:" + served.address().port + path).then((r) => r.text());
  await Promise.all([ask("/slow"), ask("/fast")]);
  served.close();
  served.closeAllConnections();
});`;
  expect(await runScript(code, { args: register, env })).toMatchObject({ code: 0, stderr: "" });
  const requests = await duckdbCollection(destination, "request");
  const inputs = await duckdbCollection(destination, "model_inputs");
  const ids = (rows: Record<string, unknown>[], path: string) =>
    rows.map((row) => `${String(row["mdc_correlation_id"])} ${String(row[path])}`).sort();
  expect(ids(inputs, "path")).toEqual(ids(requests, "http_path"));
});

test("a process without a server does nothing, and wrong settings leave a server as it is", async () => {
  const { destination, spool, env } = await scratch();
  const idle = await runScript("console.log(1)", { args: register, env });
  expect(idle).toMatchObject({ code: 0, stdout: "1\n", stderr: "" });
  expect([destination, spool].filter((place) => existsSync(place))).toEqual([]);

  const wrong = await runScript(server, { args: register, env: { ...env, MDC_SAMPLING_RATE: "often" } });
  expect(wrong).toMatchObject({ code: 0, stdout: "one\ntwo\n" });
  expect(wrong.stderr).toContain("MDC_SAMPLING_RATE");
  expect(wrong.stderr.match(/ModelDataCollectorWarning/g)).toHaveLength(1);
});

test("a handler that throws ends its process as ever, and its exchange is told as failed where it does not", async () => {
  const { destination, env } = await scratch();
  const throwing = (more: string): string => `
import { createServer } from "node:http";
${more}
const served = createServer(() => { throw new Error("wrong"); });
served.listen(0, () => fetch("http://127.0.0.1:" + served.address().port).catch(() => console.log("cut")));`;
  const ended = await runScript(throwing(""), { args: register, env });
  expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code: 1, stdout: "" });
  expect(ended.stderr).toContain("Error: wrong");

  const caught = throwing(
    `process.on("uncaughtException", () => { served.closeAllConnections(); served.close(); });`,
  );
  expect(await runScript(caught, { args: register, env })).toMatchObject({ code: 0, stdout: "cut\n" });
  // That of the process that ended was in the spool, and came with the next one's.
  const failed = { outcome: "error", http_status: null };
  expect(await duckdbCollection(destination, "response")).toMatchObject([failed, failed]);
});

test("what a handler throws later, or its promise rejects with, ends the process as ever, and its exchange as error", async () => {
  const failing: readonly string[] = [
    `throw new Error("wrong");`,
    `setTimeout(() => { throw new Error("wrong"); }, 5);`,
    `request.on("data", () => { throw new Error("wrong"); });`,
    `return new Promise((_, reject) => setTimeout(reject, 5, new Error("wrong")));`,
  ];
  for (const body of failing) {
    const { destination, spool, env } = await scratch();
    const code = `
import { createServer } from "node:http";
const served = createServer((request, response) => {
  if (request.url === "/good") return void response.end("ok");
  ${body}
});
served.listen(0, async () => {
  const to = "http://127.0.0.1:" + served.address().port;
  await (await fetch(to + "/good")).text();
  fetch(to + "/bad", { method: "POST", body: "[1]" }).catch(() => undefined);
});`;
    const ended = await runScript(code, { args: register, env: { ...env, MDC_PAYLOAD_TABULAR: "false" } });
    expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code: 1, stdout: "" });
    expect(ended.stderr).toContain("Error: wrong");
    const mdc = join(root, "dist/cli/main.js");
    const drained = await runNode([mdc, "spool", "drain", "--spool", spool, "--root", destination]);
    expect(drained).toMatchObject({ code: 0 });
    const responses = await duckdbCollection(destination, "response");
    expect(responses.map((row) => [row["outcome"], row["http_status"]])).toEqual([
      ["complete", 200n],
      ["error", null],
    ]);
  }
});

test("a server over TLS in CommonJS is logged, beside other preloads", async ({ skip }) => {
  const { destination, folder, env } = await scratch();
  const certificate = makeCertificate(folder);
  if (certificate === undefined) return skip("there is no openssl");
  const main = join(folder, "server.cjs");
  writeFileSync(
    main,
    `const { createServer, request } = require("node:https");
const read = require("node:fs").readFileSync;
const served = createServer({ key: read(${JSON.stringify(certificate.key)}), cert: read(${JSON.stringify(certificate.cert)}) }, (request, response) => request.pipe(response));
served.listen(0, () => {
  const sent = request({ port: served.address().port, method: "POST", path: "/score", rejectUnauthorized: false }, (response) => {
    response.setEncoding("utf8").on("data", (text) => console.log(globalThis.early, text)).on("end", () => served.close());
  });
  sent.end("over TLS");
});`,
  );
  const early = join(folder, "early.mjs");
  writeFileSync(early, "globalThis.early = 'early';");
  const result = await runNode(["--import", early, ...register, main], {
    cwd: root,
    env: { ...env, NODE_NO_WARNINGS: "1" },
  });
  expect(result).toMatchObject({ code: 0, stdout: "early over TLS\n", stderr: "" });
  expect(await duckdbCollection(destination, "response")).toMatchObject([
    { body: "over TLS", outcome: "complete", bytes_sent: 8n },
  ]);
});

test("workers and children of a process that serves nothing have no deployment", async () => {
  const { destination, spool, env } = await scratch();
  const code = `
import { execFileSync } from "node:child_process";
import { Worker } from "node:worker_threads";
const options = { env: { ...process.env, NODE_OPTIONS: "--import model-data-collector/register" } };
console.log(execFileSync(process.execPath, ["-e", "console.log('child')"], options).toString().trim());
new Worker("console.log('worker')", { eval: true });`;
  const { code: end, stdout, stderr } = await runScript(code, { args: register, env });
  expect({ end, stdout, stderr }).toEqual({ end: 0, stdout: "child\nworker\n", stderr: "" });
  expect([destination, spool].filter((place) => existsSync(place))).toEqual([]);
});

test("what was answered before SIGTERM is in the spool, though nobody listens to that signal", async () => {
  const { destination, spool, env } = await scratch();
  const code = `
import { createServer } from "node:http";
const served = createServer((request, response) => response.end("ok"));
served.listen(0, async () => {
  for (let i = 0; i < 20; i++) await (await fetch("http://127.0.0.1:" + served.address().port + "/" + i)).text();
  process.kill(process.pid, "SIGTERM");
});`;
  const killed = await runScript(code, { args: register, env });
  expect(killed).toMatchObject({ code: null, signal: "SIGTERM" });
  // The next process of the same server takes over what was left.
  const next = `
import { openDeployment } from "model-data-collector";
await (await openDeployment({ destination: ${JSON.stringify(destination)}, spool: { directory: ${JSON.stringify(spool)} } })).close();`;
  expect(await runScript(next, { env })).toMatchObject({ code: 0 });
  const rows = await duckdbCollection(destination, "request");
  expect(rows).toHaveLength(20);
  expect(new Set(rows.map((row) => row["http_path"]))).toEqual(
    new Set(Array.from({ length: 20 }, (_, i) => `/${i}`)),
  );
});
