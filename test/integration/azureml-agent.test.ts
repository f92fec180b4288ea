import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { globSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DataFrame } from "danfojs-node";
import {
  CorrelationContext,
  type DeploymentOptions,
  type ErrorInfo,
  openDeployment,
} from "model-data-collector";
import { nodePayloadLogging } from "model-data-collector/http";
import { expect, test, vi } from "vitest";
import { nodeFor, runNode } from "../support/child.ts";
import { root } from "../support/packed-project.ts";
import { RecordingAgent } from "../support/recording-agent.ts";
import { expectBalance, runScript, scratch, type Scratch, until } from "../support/scratch.ts";

/*
 * What is told to a local agent of Azure ML's data collector, by a server that writes it down. The numbers
 * are those of the faults of its Python SDK that must not be here.
 */

async function open(place: Scratch, agent: RecordingAgent, options: DeploymentOptions = {}) {
  vi.stubEnv("AZUREML_MDC_PORT", String(agent.port));
  const told: (ErrorInfo & { readonly message: string; readonly code: unknown })[] = [];
  const { spool, ...rest } = options;
  const deployment = await openDeployment({
    format: "azureml",
    rotation: { maxAgeMs: 20 },
    onError: (error, info) =>
      told.push({ ...info, message: error.message, code: (error as { code?: unknown }).code }),
    ...rest,
    spool: { directory: place.spool, ...spool },
  });
  vi.unstubAllEnvs();
  return {
    deployment,
    told,
    [Symbol.asyncDispose]: () => deployment.close({ deadlineMs: 500 }).then(() => {}),
  };
}

test("a frame arrives as one POST with the SDK's headers, and nothing is written anywhere (1, 7, 8, 9, 10, 15)", async () => {
  const agent = await RecordingAgent.listening();
  const place = await scratch();
  await using opened = await open(place, agent, { modelVersion: "7", destination: place.destination });
  const { deployment } = opened;
  const inputs = deployment.collector("Model_Inputs");
  const requestTime = new Date("2026-03-05T18:16:25.900Z");
  const context = CorrelationContext.create({
    id: "c-1",
    requestTime,
    attributes: { Tenant: "acme", type: "no" },
  });
  const rows = [
    { age: 54, score: 1e-12, at: requestTime, tags: { a: [1, null] }, n: 2n ** 60n, text: "é/日" },
  ];
  inputs.collect(rows, context);
  rows[0]!.age = 99;
  inputs.collect({ whole: [1, 2], broken: [Number.NaN, Infinity] });
  inputs.collect([{ one: true }]);
  inputs.collect(new DataFrame([[1, "x"]], { columns: ["a", "b"] }));
  inputs.collect([]);
  await deployment.flush();
  const [first, second, third, fourth, fifth] = agent.posts;
  expect(agent.posts).toHaveLength(5);
  expect(first?.path).toBe("/modeldata/log");
  expect(first?.headers).toMatchObject({
    "content-type": "application/json",
    "trace-id": expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    "ce-time": "1772734585",
    "ce-type": "azureml.inference.model_inputs",
    "ce-collect-data-type": "pandas.core.frame.DataFrame",
    "ce-agent": expect.stringMatching(/^model-data-collector\/\d/),
    "ce-x-request-id": "c-1",
    "ce-model-version": "7",
    "ce-tenant": "acme",
  });
  expect(first?.body).toBe(
    `[{"age":54.0,"score":1e-12,"at":1772734585900,"tags":{"a":[1,null]},"n":1152921504606846976,"text":"é/日"}]`,
  );
  expect(second?.body).toBe(`[{"whole":1.0,"broken":null},{"whole":2.0,"broken":null}]`);
  expect(third?.body).toBe(`[{"one":true}]`);
  expect(JSON.parse(fourth?.body ?? "")).toEqual([{ a: 1, b: "x" }]);
  expect(fifth?.body).toBe("[]");
  expect(new Set(agent.posts.map(({ headers }) => headers["trace-id"])).size).toBe(5);
  expect(new Set(agent.posts.slice(1).map(({ headers }) => headers["ce-x-request-id"])).size).toBe(4);
  expect(deployment.stats().frames).toMatchObject({ offered: 5, delivered: 5 });
  expect(globFiles(place.folder)).toEqual([]);
});

test("an id that no header can hold arrives encoded, duplicate columns are told or delivered, and the next record is there (2)", async () => {
  const agent = await RecordingAgent.listening();
  const place = await scratch();
  await using opened = await open(place, agent);
  const { deployment, told } = opened;
  const inputs = deployment.collector("model_inputs");
  const ids = ["日本", "é", "a b", "50%", "naïve 日"];
  for (const id of ids) inputs.collect([{ a: 1 }], CorrelationContext.create({ id }));
  const twice = new DataFrame([[1, 2]], { columns: ["a", "b"] });
  Object.assign(twice, { $columns: ["a", "a"] });
  inputs.collect(twice);
  inputs.collect([{ a: 3 }]);
  await deployment.flush();
  const sent = agent.posts.map(({ headers }) => headers["ce-x-request-id"]);
  expect(sent.slice(0, 5)).toEqual(["%E6%97%A5%E6%9C%AC", "é", "a b", "50%", "na%C3%AFve%20%E6%97%A5"]);
  expect(agent.bodies().at(-1)).toEqual([{ a: 3 }]);
  const drops = told.filter(({ code }) => code === "FRAME_DROPPED");
  expect(agent.posts.length + drops.length).toBe(7);
});

test("an agent that is down or answers 503 gets everything later, in order and once; its absence is known at once (3)", async () => {
  const agent = await RecordingAgent.listening();
  const place = await scratch();
  await agent.stop();
  await using opened = await open(place, agent);
  const { deployment, told } = opened;
  await until(() => deployment.status().status === "degraded");
  expect(deployment.status().reasons.join()).toMatch(/nobody listens there/);
  expect(told.map(({ code }) => code)).toEqual(["DELIVERY_DELAYED"]);
  expect(told[0]?.message).toContain(`the Azure ML agent at 127.0.0.1:${agent.port}`);
  const inputs = deployment.collector("model_inputs");
  for (let i = 0; i < 30; i++) {
    inputs.collect([{ i }]);
    if (i % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 60));
  }
  expect(await deployment.flush({ deadlineMs: 200 }).catch(() => "late")).toBe("late");
  await agent.start();
  agent.answer = (_, n) => (n < 2 ? 503 : n === 2 ? "reset" : 200);
  // Each asks for another try at once.
  while (deployment.stats().frames.delivered < 30)
    await deployment.flush({ deadlineMs: 200 }).catch(() => {});
  expect(agent.bodies()).toEqual(Array.from({ length: 30 }, (_, i) => [{ i }]));
  await until(() => deployment.status().status === "ok");
});

test("a frame that the agent refuses for good is told, kept for a person, and the others arrive (3)", async () => {
  const agent = await RecordingAgent.listening();
  agent.answer = ({ body }) => (body.includes("bad") ? 422 : 200);
  const place = await scratch();
  await using opened = await open(place, agent);
  const { deployment, told } = opened;
  const inputs = deployment.collector("model_inputs");
  for (const x of ["a", "bad", "b", "c"]) inputs.collect([{ x }]);
  await until(() => deployment.stats().frames.delivered === 3);
  expect(agent.bodies()).toEqual([[{ x: "a" }], [{ x: "b" }], [{ x: "c" }]]);
  expect(agent.posts.filter(({ answer }) => answer === 422)).toHaveLength(3);
  expect(deployment.stats().frames.dropped).toEqual({ poison: 1 });
  expectBalance(deployment.stats());
  expect(told.map(({ reason }) => reason)).toEqual(expect.arrayContaining(["poison", "quarantined_poison"]));
  await until(() => deployment.status().spool.quarantined === 1);
});

test("an agent that refuses everything costs one frame at most: the rest waits until somebody has mended it", async () => {
  const agent = await RecordingAgent.listening();
  agent.answer = () => 400;
  const place = await scratch();
  await using opened = await open(place, agent);
  const { deployment } = opened;
  const inputs = deployment.collector("model_inputs");
  for (let i = 0; i < 20; i++) inputs.collect([{ i }]);
  await until(() => deployment.status().status === "failing");
  expect(deployment.stats().frames).toMatchObject({ dropped: { poison: 1 }, spooled: 19 });
  agent.answer = () => 200;
  await deployment.flush();
  expect(agent.bodies()).toHaveLength(19);
});

test("an agent that hangs holds nobody up: what finds no room is counted, and the next process posts the rest (4, 12, 14)", async () => {
  const agent = await RecordingAgent.listening();
  agent.answer = () => "hang";
  const place = await scratch();
  const { deployment, told } = await open(place, agent, {
    spool: { maxBytes: 1024 * 1024, minFreeBytes: 0 },
  });
  const inputs = deployment.collector("model_inputs");
  let longest = 0;
  for (let i = 0; i < 400; i++) {
    const from = performance.now();
    inputs.collect([{ i, text: randomBytes(12_000).toString("hex") }]);
    longest = Math.max(longest, performance.now() - from);
    if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 30));
  }
  const { dropped, leftInSpool } = await deployment.close({ deadlineMs: 500 });
  expect(dropped).toBeGreaterThan(0);
  expect(dropped + leftInSpool).toBe(400);
  expect(longest).toBeLessThan(5_000);
  expect(told.map(({ reason }) => reason)).toContain("spool_full");
  expectBalance(deployment.stats());
  await agent.stop();
  await agent.start();
  agent.posts.length = 0;
  agent.answer = () => 200;
  const next = await open(place, agent);
  await until(() => next.deployment.status().recovered.delivered.frames === leftInSpool);
  await next.deployment.close();
  expect(agent.posts).toHaveLength(leftInSpool);
});

test("SIGTERM, and the end of a script, deliver what is queued (5)", async () => {
  const agent = await RecordingAgent.listening();
  const place = await scratch();
  const env = { ...place.env, MDC_FORMAT: "azureml", AZUREML_MDC_PORT: String(agent.port) };
  const collect = `
    import { closeOnSignals, Collector } from "model-data-collector";
    const inputs = new Collector({ name: "model_inputs" });
    for (let i = 0; i < 50; i++) inputs.collect([{ i: i / 2 }]);`;
  const ended = await runScript(collect, { env });
  expect([ended.code, ended.stderr]).toEqual([0, ""]);
  expect(agent.bodies()).toHaveLength(50);
  const ending = `${collect}
    closeOnSignals();
    process.kill(process.pid, "SIGTERM");
    setInterval(() => {}, 1000);`;
  const { signal, stderr } = await runScript(ending, { env });
  expect([signal, stderr]).toEqual(["SIGTERM", ""]);
  expect(agent.bodies()).toHaveLength(100);
});

test("a process that is killed between two posts costs nothing: a drain posts the rest, one frame twice at most", async () => {
  const agent = await RecordingAgent.listening();
  agent.answer = () => new Promise((resolve) => setTimeout(resolve, 10, 200));
  const place = await scratch();
  const env = { ...process.env, ...place.env, MDC_FORMAT: "azureml", AZUREML_MDC_PORT: String(agent.port) };
  const script = `
    import { Collector } from "model-data-collector";
    const inputs = new Collector({ name: "model_inputs" });
    for (let i = 0; i < 60; i++) inputs.collect([{ i: i + 0.5 }]);
    await inputs.flush({ to: "spool" });
    setInterval(() => {}, 1000);`;
  const child = spawn(nodeFor(), ["--input-type=module", "--eval", script], {
    cwd: root,
    env,
    stdio: "ignore",
  });
  await until(() => agent.posts.length >= 20);
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("close", resolve));
  const before = agent.posts.length;
  expect(before).toBeLessThan(60);
  const mdc = (...args: string[]) => runNode([join(root, "dist/cli/main.js"), ...args], { cwd: root, env });
  const { stdout: listed } = await mdc("spool", "ls", "--json");
  const [waiting] = JSON.parse(listed) as [{ format: string; state: string }];
  expect(waiting).toMatchObject({ format: "azureml", state: "frozen" });
  const { code, stdout, stderr } = await mdc("spool", "drain", "--json");
  expect([code, stderr]).toEqual([0, ""]);
  const destination = `the Azure ML agent at 127.0.0.1:${agent.port}`;
  expect(JSON.parse(stdout)).toMatchObject({ destination, delivered: { frames: 60 }, lost: [], left: 0 });
  const numbers = agent.bodies().map((body) => (body as [{ i: number }])[0].i - 0.5);
  const twice = numbers.filter((n, at) => numbers.indexOf(n) !== at);
  expect(new Set(numbers)).toEqual(new Set(Array.from({ length: 60 }, (_, i) => i)));
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  expect(twice.length).toBeLessThanOrEqual(1);
  const ids = agent.posts.map(({ headers }) => headers["trace-id"]);
  expect(new Set(ids).size).toBe(60);
});

test("records of one id are all kept or all left out; a rate changes without restart; a collection that is off throws nowhere (6, 13, 16)", async () => {
  const agent = await RecordingAgent.listening();
  const place = await scratch();
  await using opened = await open(place, agent, {
    samplingRate: 0.5,
    collections: { off: { enabled: false } },
  });
  const { deployment } = opened;
  const [inputs, outputs, off] = ["model_inputs", "model_outputs", "off"].map((name) =>
    deployment.collector(name),
  );
  for (let i = 0; i < 200; i++) {
    const context = inputs!.collect([{ i }]);
    outputs!.collect([{ i }], off!.collect([{ i }], context));
  }
  await deployment.flush();
  const idsOf = (collection: string) =>
    agent.posts
      .filter(({ headers }) => headers["ce-type"] === `azureml.inference.${collection}`)
      .map(({ headers }) => headers["ce-x-request-id"]);
  expect(idsOf("model_inputs")).toEqual(idsOf("model_outputs"));
  expect(idsOf("off")).toEqual([]);
  const kept = idsOf("model_inputs").length;
  expect(kept).toBeGreaterThan(50);
  expect(kept).toBeLessThan(150);
  expect(agent.posts[0]?.headers["ce-mdcsamplingrate"]).toBe("0.5");
  expect(deployment.stats().frames).toMatchObject({ offered: 600, disabled: 200, delivered: 2 * kept });
  expectBalance(deployment.stats());
  deployment.update({ samplingRate: 0 });
  inputs!.collect([{ i: -1 }]);
  await deployment.flush();
  expect(idsOf("model_inputs")).toHaveLength(kept);
});

test("requests that fail are logged, too, and what their handler collected (17)", async () => {
  const agent = await RecordingAgent.listening();
  const place = await scratch();
  await using opened = await open(place, agent);
  const { deployment } = opened;
  const inputs = deployment.collector("model_inputs");
  const listener = nodePayloadLogging(
    (_, response) => {
      inputs.collect([{ a: 0.5 }]);
      response.writeHead(500).end("no");
    },
    { deployment },
  );
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await (await fetch(`http://127.0.0.1:${port}/score`, { method: "POST", body: "[1]" })).text();
  await new Promise((resolve) => server.close(resolve));
  await deployment.flush();
  const types = agent.posts.map(({ headers }) => String(headers["ce-type"])).toSorted();
  expect(types).toEqual(["model_inputs", "request", "response"].map((name) => `azureml.inference.${name}`));
  expect(agent.bodies("response")).toEqual([[expect.objectContaining({ http_status: 500 })]]);
  expect(new Set(agent.posts.map(({ headers }) => headers["ce-x-request-id"])).size).toBe(1);
});

test("fields can be redacted, and what does not fit a declared type is null and told (11)", async () => {
  const agent = await RecordingAgent.listening();
  const place = await scratch();
  await using opened = await open(place, agent);
  const { deployment, told } = opened;
  const inputs = deployment.collector("model_inputs", {
    schema: { n: "int64", email: "string" },
    redact: { email: "mask", secret: "drop" },
  });
  const rows = [
    { n: 2, email: "a@b.c", secret: "s3cret" },
    { n: "many", email: null, secret: "x" },
  ];
  inputs.collect(rows as never);
  await deployment.flush();
  expect(agent.posts[0]?.body).toMatch(/^\[\{"n":2,"email":"[^@]*"\},\{"n":null,"email":null\}\]$/);
  expect(agent.posts[0]?.headers["ce-mdcrejected"]).toBe('[null,{"n":"many"}]');
  expect(JSON.stringify(agent.posts)).not.toContain("s3cret");
  expect(told.map(({ code }) => code)).toContain("VALUES_REJECTED");
});

function globFiles(folder: string): string[] {
  return globSync("**/*.{parquet,jsonl,json,seg,body}", { cwd: folder }).filter(
    (path) => !path.endsWith("owner.json"),
  );
}
