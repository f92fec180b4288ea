import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import { connect, constants, createServer as createHttp2 } from "node:http2";
import { setTimeout as wait } from "node:timers/promises";
import { currentContext, type Deployment } from "model-data-collector";
import { nodePayloadLogging, type PayloadOptions } from "model-data-collector/http";
import { expect, test, vi } from "vitest";
import { type PayloadServer, payloadServer } from "../../support/payload-server.ts";

type Handler = (request: IncomingMessage, response: ServerResponse, deployment: Deployment) => unknown;

function served(handler: Handler, options: PayloadOptions = {}): Promise<PayloadServer> {
  return payloadServer((deployment) => {
    const listener: RequestListener = (request, response) => void handler(request, response, deployment);
    return createServer(nodePayloadLogging(listener, { ...options, deployment }));
  });
}

async function post(port: number, path: string, body: string, headers: Record<string, string> = {}) {
  const request = httpRequest({ port, path, method: "POST", headers });
  request.end(body);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() };
}

test("a request and its response are a row each, with one id, which custom rows have, too", async () => {
  const server = await served(async (request, response, deployment) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    deployment.collector("model_inputs").collect([{ distance: 2475 }]);
    response.writeHead(201, { "Content-Type": "application/json" });
    response.end(`{"echo":${Buffer.concat(chunks).toString()}}`);
  });
  const headers = { "x-request-id": "order-17", "content-type": "application/json" };
  const answer = await post(server.port, "/score?size=1", '{"a":1.0}', headers);
  expect(answer).toMatchObject({ status: 201, body: '{"echo":{"a":1.0}}' });
  const { requests, responses } = await server.stored();
  expect(requests).toMatchObject([
    {
      mdc_correlation_id: "order-17",
      http_method: "POST",
      http_path: "/score",
      http_query: "size=1",
      content_type: "application/json",
      body: '{"a":1.0}',
      body_bytes: null,
      body_size: 9n,
      body_truncated: false,
    },
  ]);
  expect(responses).toMatchObject([
    {
      mdc_correlation_id: "order-17",
      http_status: 201n,
      content_type: "application/json",
      body: '{"echo":{"a":1.0}}',
      outcome: "complete",
      bytes_sent: 18n,
    },
  ]);
  expect(server.deployment.stats().frames.offered).toBe(3);
});

test("what a listener of the request's events collects belongs to the request", async () => {
  const ids: (string | undefined)[] = [];
  const server = await served((request, response) => {
    request.resume().on("end", () => {
      ids.push(currentContext()?.id);
      response.end("ok", () => void ids.push(currentContext()?.id));
    });
  });
  const answer = await post(server.port, "/", "x");
  expect(ids).toEqual([answer.headers["x-request-id"], answer.headers["x-request-id"]]);
});

test("what an earlier stand-in writes through the response is heard once", async () => {
  const listen = (request: IncomingMessage, response: ServerResponse, deployment: Deployment): void => {
    const { end } = response;
    // As the responses of Fastify's `inject` do, and some middlewares.
    response.end = function (this: ServerResponse, chunk?: unknown) {
      if (request.url === "/before") this.write("before ");
      if (typeof chunk === "string" && request.url !== "/before") this.write(chunk);
      return Reflect.apply(end, this, request.url === "/before" ? [chunk] : []) as ServerResponse;
    } as typeof end;
    nodePayloadLogging((_, answer) => void answer.end("abc"), { deployment })(request, response);
  };
  const server = await payloadServer((deployment) =>
    createServer((request, response) => listen(request, response, deployment)),
  );
  for (const path of ["/end", "/before"]) await post(server.port, path, "{}");
  const { responses } = await server.stored();
  expect(responses.map(({ body, body_size }) => [body, body_size])).toEqual([
    ["abc", 3n],
    ["before abc", 10n],
  ]);
});

test("over HTTP/2, bodies are heard once and who ended a stream is told", async () => {
  const server = await payloadServer((deployment) => {
    const answer: RequestListener = (request, response) => {
      if (request.url === "/score") response.end('{"late":false}');
      else if (request.url === "/none") response.writeHead(204).end();
      else {
        response.write("some");
        if (request.url === "/broken") setTimeout(() => void response.destroy(), 20);
      }
    };
    return createHttp2(nodePayloadLogging(answer, { deployment }) as never) as unknown as Server;
  });
  const client = connect(`http://127.0.0.1:${server.port}`);
  const ask = async (path: string, method = "GET"): Promise<void> => {
    const stream = client.request({ ":path": path, ":method": method });
    stream.on("error", () => {}).resume();
    if (path === "/left") stream.once("data", () => stream.close(constants.NGHTTP2_CANCEL));
    await once(stream, "close");
  };
  await ask("/score");
  await ask("/score", "HEAD");
  await ask("/none");
  await ask("/left");
  await ask("/broken");
  client.destroy();
  const { responses } = await server.stored();
  expect(responses.map(({ body, body_size, outcome }) => [body, body_size, outcome])).toEqual([
    ['{"late":false}', 14n, "complete"],
    [null, 0n, "complete"],
    [null, 0n, "complete"],
    ["some", 4n, "client_aborted"],
    ["some", 4n, "server_aborted"],
  ]);
});

const card = '{"card":"4111","n":1}';
const limits: readonly [string, PayloadOptions, PayloadOptions, object | undefined][] = [
  ["redacts", {}, { redact: { request: ["$.card"] } }, { body: '{"card":"***","n":1}' }],
  [
    "redacts more",
    { redact: { request: { "$.n": "drop" } } },
    { redact: { request: ["$.card"] } },
    { body: '{"card":"***"}' },
  ],
  [
    "hashes",
    {},
    { policy: "hash" },
    { body: null, body_sha256: createHash("sha256").update(card).digest("hex") },
  ],
  [
    "keeps sizes alone",
    {},
    { policy: { "POST /x": "metadata" } },
    { body: null, body_size: 21n, body_sha256: null },
  ],
  [
    "stores more than the outer one",
    { policy: "metadata" },
    { policy: "full" },
    { body: null, body_size: 21n },
  ],
  ["says nothing", { ignore: [] }, {}, { body: card }],
  ["stores nothing", {}, { policy: "none" }, undefined],
  ["ignores it", {}, { ignore: ["/x"] }, undefined],
  ["fails", {}, { policy: () => "all" as never }, { body: null, body_size: 21n }],
];

test.each(limits)(
  "of two adapters one logs, and what the inner one %s holds",
  async (_, outer, inner, expected) => {
    const server = await payloadServer((deployment) => {
      const listener = nodePayloadLogging((request, response) => void request.pipe(response), {
        ...inner,
        deployment,
      });
      return createServer(nodePayloadLogging(listener, { ...outer, deployment }));
    });
    expect(await post(server.port, "/x", card)).toMatchObject({ status: 200, body: card });
    const { requests } = await server.stored();
    expect(requests).toHaveLength(expected === undefined ? 0 : 1);
    if (expected !== undefined) expect(requests).toMatchObject([expected]);
    if (inner.redact !== undefined) expect(String(requests[0]?.["body"])).not.toContain("4111");
  },
);

test("server-sent events are measured while they go out; compressed ones are not", async () => {
  const server = await served(
    async (request, response) => {
      const type = { "Content-Type": "text/event-stream" };
      response.writeHead(200, request.url === "/zipped" ? { ...type, "Content-Encoding": "gzip" } : type);
      for (const part of [": hi\n\n", 'data: "é', '"\n\ndata: 2\n', "\ndata: 3\r\n\r\ndata: half"]) {
        response.write(part);
        await wait(5);
      }
      response.end();
    },
    { policy: "metadata" },
  );
  await post(server.port, "/events", "");
  await post(server.port, "/zipped", "");
  const { responses } = await server.stored();
  expect(responses.map((row) => row["event_count"])).toEqual([3n, null]);
  const [events, zipped] = responses as Record<string, number>[];
  expect(events?.["first_event_ms"]).toBeGreaterThanOrEqual(events?.["first_byte_ms"] as number);
  expect(events?.["event_gap_max_ms"]).toBeGreaterThanOrEqual(events?.["event_gap_p50_ms"] as number);
  expect(events?.["event_gap_p99_ms"]).toBe(events?.["event_gap_max_ms"]);
  expect(zipped).toMatchObject({ first_event_ms: null, event_gap_p50_ms: null, event_gap_max_ms: null });
});

test("a handler that writes on when its client has left is not disturbed", async () => {
  const thrown: unknown[] = [];
  const server = await served(
    async (_request, response) => {
      response.write("first");
      await once(response, "close");
      try {
        thrown.push(response.write("second"));
      } catch (error) {
        thrown.push(error);
      }
    },
    { policy: "hash" },
  );
  const request = httpRequest({ port: server.port, agent: false }).on("error", () => {});
  request.end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  await once(response, "data");
  request.destroy();
  await vi.waitFor(() => expect(thrown).toHaveLength(1));
  const { responses } = await server.stored();
  expect(responses).toMatchObject([{ outcome: "client_aborted", body_size: 5n }]);
  expect(thrown).toEqual([false]);
});

const heads = {
  "an object": { "X-Second": "2", "X-First": ["1", "one"] },
  "names and values": ["X-Second", "2", "X-First", "1", "X-First", "one"],
  pairs: [
    ["X-Second", "2"],
    ["X-First", "1"],
    ["X-First", "one"],
  ],
};

test.each(Object.entries(heads))(
  "headers given to writeHead as %s are sent as they are, and an id after them",
  async (_form, head) => {
    const server = await served((_request, response) => response.writeHead(200, head as never).end("ok"));
    const request = httpRequest({ port: server.port, agent: false }).end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    response.resume();
    const names = response.rawHeaders.filter((_, i) => i % 2 === 0);
    expect(names.slice(0, 4)).toEqual(["X-Second", "X-First", "X-First", "x-request-id"]);
    expect(response.rawHeaders.slice(1, 6).filter((_, i) => i % 2 === 0)).toEqual(["2", "1", "one"]);
  },
);
