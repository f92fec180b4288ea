import { once } from "node:events";
import { renameSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { nodePayloadLogging, type PayloadOptions } from "model-data-collector/http";
import { describe, expect, test } from "vitest";
import { duckdbCollection } from "../../support/parquet-engines.ts";
import { type PayloadServer, payloadServer } from "../../support/payload-server.ts";
import { proxySidecar } from "../../support/proxy-sidecar.ts";
import { runScript, scratch, until } from "../../support/scratch.ts";
import { tempFolder } from "../../support/temp-folder.ts";

/** What configures payload logging without a line of code: the file, and the environment. */

const echo = (request: IncomingMessage, response: ServerResponse): void => {
  response.writeHead(200, { "Content-Type": request.headers["content-type"] ?? "text/plain" });
  request.pipe(response);
};

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

interface Served {
  readonly server: PayloadServer;
  /** Puts another file in the place of this one, and resolves when it holds. */
  change(yaml: string): Promise<void>;
  /** Puts it there, and that is all. */
  put(yaml: string): void;
  post(path: string, body: string | Buffer, headers?: Record<string, string>): Promise<string>;
}

async function served(yaml: string, options: PayloadOptions = {}, handler: Handler = echo): Promise<Served> {
  const configFile = join(await tempFolder(), "flights.mdc.yml");
  writeFileSync(configFile, yaml);
  const server = await payloadServer(
    (deployment) => createServer(nodePayloadLogging(handler, { deployment, ...options })),
    { configFile },
  );
  const put = (next: string): void => {
    writeFileSync(`${configFile}.new`, next);
    renameSync(`${configFile}.new`, configFile);
  };
  return {
    server,
    put,
    change: async (next) => {
      const { version } = server.deployment.config;
      put(next);
      await until(() => server.deployment.config.version > version);
    },
    post: async (path, body, headers = {}) => {
      const to = `http://127.0.0.1:${server.port}${path}`;
      const type = { "content-type": "application/json", ...headers };
      return (await fetch(to, { method: "POST", body, headers: type })).text();
    },
  };
}

const seen = (rows: readonly Readonly<Record<string, unknown>>[]): unknown[] =>
  rows.map((row) => [row["http_path"], row["body"], row["body_size"], row["body_sha256"] !== null]);

test("a file says what is stored by route, redacted, decoded and in columns; all of it changes while the server runs", async () => {
  const { server, change, post } = await served(`
payload:
  redact: { request: [$.email], response: { $.email: drop } }
  policy: { "/secret/*": none, /hashed: hash, /sized: metadata }
  ignore: [POST /quiet]
  decode: true
  max_body_bytes: 64
`);
  const body = `{"email":"a@b","x":1.0}`;
  for (const path of ["/score", "/secret/1", "/hashed", "/sized", "/quiet", "/%73ized"])
    expect(await post(path, body)).toBe(body);
  await post("/gzip", gzipSync(body), { "content-encoding": "gzip" });
  await post("/long", `{"email":"${"a".repeat(99)}"}`);
  await change("payload: { max_body_bytes: 5, tabular: { columns: { outputs: [x] } } }");
  await post("/cut", body);
  await post("/table", `[{"x":1}]`);
  const { requests, responses } = await server.stored();
  const masked = `{"email":"***","x":1.0}`;
  expect(seen(requests)).toEqual([
    ["/score", masked, 23n, false],
    ["/hashed", null, 23n, true],
    ["/sized", null, 23n, false],
    ["/%73ized", null, 23n, false],
    ["/gzip", masked, BigInt(gzipSync(body).length), false],
    ["/long", null, 111n, false],
    ["/cut", `{"ema`, 23n, true],
    ["/table", `[{"x"`, 9n, true],
  ]);
  expect(responses.map((row) => row["body"]).slice(0, 2)).toEqual([`{"x":1.0}`, null]);
  expect(String(requests[5]?.["mdc_tags"])).toContain(`{"body_dropped":"cut"}`);
});

test("typed columns can be switched on and off by the file", async () => {
  const { server, change, post } = await served("payload: { tabular: true }");
  await post("/a", `[{"x":1},{"x":2}]`);
  await change("payload: { tabular: false }");
  await post("/b", `[{"x":3}]`);
  const { folder } = await server.close();
  expect((await duckdbCollection(folder, "model_inputs")).map((row) => row["x"])).toEqual([1, 2]);
});

test("options of code count before the file, but for what protects: there the strictest of both holds", async () => {
  const options: PayloadOptions = {
    maxBodyBytes: 1_000,
    redact: { request: { "$.a": "mask", "$.b": { truncate: 1 } } },
    policy: { "/coded": "hash", "*": "full" },
    ignore: ["/ping"],
  };
  const { server, post } = await served(
    `payload: { max_body_bytes: 1, redact: { request: { $.b: drop, $.c: mask } }, policy: { /filed: metadata, /coded: full }, ignore: [/score] }`,
    options,
  );
  for (const path of ["/score", "/coded", "/filed", "/ping"]) await post(path, `{"a":1,"b":"xyz","c":3}`);
  expect(seen((await server.stored()).requests)).toEqual([
    ["/score", `{"a":"***","c":"***"}`, 23n, false],
    ["/coded", null, 23n, true],
    ["/filed", null, 23n, false],
  ]);
});

describe("what may be stored holds at once, also for exchanges that have begun:", () => {
  test.each([
    ["full", "redact: { request: [$.email] }", [["/score", `{"email":"***"}`, 15n, false]]],
    ["hash", "redact: { request: [$.email] }, policy: hash", [["/score", null, 15n, false]]],
    ["full", "policy: metadata", [["/score", null, 15n, false]]],
    ["full", "policy: none", []],
  ])("from %s to %s", async (before, after, stored) => {
    let answer: (() => void) | undefined;
    const { server, change, post } = await served(
      `payload: { policy: ${before} }`,
      {},
      (request, response) => {
        request.resume();
        answer = () => void response.end("ok");
      },
    );
    const posted = post("/score", `{"email":"a@b"}`);
    await until(() => answer !== undefined);
    await change(`payload: { ${after} }`);
    answer?.();
    expect(await posted).toBe("ok");
    expect(seen((await server.stored()).requests)).toEqual(stored);
  });
});

test("a file whose path is wrong is refused with its line, and what held before holds on", async () => {
  const { server, put, post } = await served("payload: { redact: { request: [$.email] } }");
  const version = server.deployment.config.version;
  put("\npayload:\n  redact: { request: ['$.email]'] }");
  await until(() => server.deployment.status().status === "degraded");
  expect(server.deployment.status().reasons.join("\n")).toMatch(
    /flights\.mdc\.yml:3: payload\.redact\.request\[0\], character 8: expected/,
  );
  await post("/score", `{"email":"a@b"}`);
  expect(server.deployment.config.version).toBe(version);
  expect(seen((await server.stored()).requests)).toEqual([["/score", `{"email":"***"}`, 15n, false]]);
});

const script = `
import { createServer } from "node:http";
const served = createServer((request, response) => request.pipe(response));
served.listen(0, async () => {
  const to = "http://127.0.0.1:" + served.address().port;
  for (const path of ["/score", "/admin/x", "/ping"])
    await (await fetch(to + path, { method: "POST", body: '{"id":7,"x":1}', headers: { "X-Tenant": "t1" } })).text();
  served.close();
  served.closeAllConnections();
});`;

test("a server that was never changed is configured by variables, or one that is wrong is told by its name", async () => {
  const { destination, env } = await scratch();
  const variables = {
    MDC_CAPTURE_HEADERS: "x-tenant",
    MDC_PAYLOAD_REDACT_REQUEST: "$.id",
    MDC_PAYLOAD_POLICY: '{"/admin/*":"metadata"}',
    MDC_PAYLOAD_IGNORE: "/ping",
    MDC_PAYLOAD_TABULAR: "false",
  };
  const args = ["--import", "model-data-collector/register"];
  expect(await runScript(script, { args, env: { ...env, ...variables } })).toMatchObject({
    code: 0,
    stderr: "",
  });
  const requests = await duckdbCollection(destination, "request");
  expect(seen(requests)).toEqual([
    ["/score", `{"id":"***","x":1}`, 14n, false],
    ["/admin/x", null, 14n, false],
  ]);
  expect(requests[0]?.["http_headers"]).toBe(`{"x-tenant":"t1"}`);

  const wrong = await runScript(script, { args, env: { ...env, MDC_PAYLOAD_POLICY: "some" } });
  expect(wrong.code).toBe(0);
  expect(wrong.stderr).toMatch(
    /requests are not logged: environment variable MDC_PAYLOAD_POLICY: expected "full"/,
  );
});

test("mdc sidecar goes by the file that --config names", async () => {
  const folder = await tempFolder();
  const config = join(folder, "flights.mdc.yml");
  writeFileSync(
    config,
    "capture_headers: [x-tenant]\npayload: { redact: { request: [$.id] }, policy: { /hashed: hash }, tabular: true }",
  );
  const target = createServer(echo).listen(0, "127.0.0.1");
  await once(target, "listening");
  const address = target.address() as { readonly port: number };
  const sidecar = await proxySidecar(`http://127.0.0.1:${address.port}`, { args: ["--config", config] });
  const headers = { "content-type": "application/json", "x-tenant": "t1" };
  for (const path of ["/score", "/hashed"])
    await (
      await fetch(`http://127.0.0.1:${sidecar.port}${path}`, {
        method: "POST",
        body: `[{"id":7,"x":1}]`,
        headers,
      })
    ).text();
  const { requests } = await sidecar.stored();
  target.close();
  expect(seen(requests)).toEqual([
    ["/score", `[{"id":7,"x":1}]`, 16n, false],
    ["/hashed", null, 16n, true],
  ]);
  expect(requests[0]?.["http_headers"]).toBe(`{"x-tenant":"t1"}`);
});
