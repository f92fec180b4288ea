import { createTestDeployment } from "model-data-collector/testing";
import { Readable } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { currentContext, openDeployment } from "model-data-collector";
import { fetchPayloadLogging } from "model-data-collector/http";
import { describe, expect, test } from "vitest";
import { duckdbCollection } from "../../support/parquet-engines.ts";
import { scratch, until } from "../../support/scratch.ts";

type WaitUntil = (promise: Promise<unknown>) => void;

const deployment = createTestDeployment();
const post = (body: string, more: object = {}): Request =>
  new Request("http://model.test/score?a=1", {
    method: "POST",
    body,
    headers: { "x-request-id": "order-17" },
    ...more,
  });

/** The rows of the only exchange since the last time. */
async function exchange(): Promise<{ request: object; response: object }> {
  const [requests, responses] = [await deployment.frames("request"), await deployment.frames("response")];
  deployment.reset();
  expect([requests.length, responses.length]).toEqual([1, 1]);
  return { request: requests[0]?.rows[0] as object, response: responses[0]?.rows[0] as object };
}

async function chunksOf(body: ReadableStream<Uint8Array> | null): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Reads a stream of bytes into memory of the reader's own, to its end. */
async function ownRoom(body: ReadableStream<Uint8Array> | null): Promise<Buffer> {
  const reader = body?.getReader({ mode: "byob" });
  const chunks: Uint8Array[] = [];
  for (;;) {
    const { done = true, value } = (await reader?.read(new Uint8Array(2))) ?? {};
    if (done) return Buffer.concat(chunks);
    chunks.push(value as Uint8Array);
  }
}

const readings: [string, (request: Request) => Promise<unknown>, unknown][] = [
  ["text", (request) => request.text(), "é1"],
  ["arrayBuffer", async (request) => Buffer.from(await request.arrayBuffer()).toString(), "é1"],
  ["blob", async (request) => (await request.blob()).type, "text/plain"],
  ["body", async (request) => (await chunksOf(request.body)).toString(), "é1"],
  ["a reader with room of its own", async (request) => (await ownRoom(request.body)).toString(), "é1"],
  ["clone", async (request) => [await request.clone().text(), await request.text()], ["é1", "é1"]],
];

test.each(readings)("a request's body is read by %s as ever, and heard", async (_name, read, expected) => {
  let after: boolean | undefined;
  const handler = fetchPayloadLogging(
    async (request: Request) => {
      expect(request.bodyUsed).toBe(false);
      const seen = await read(request);
      after = request.bodyUsed;
      return Response.json(seen);
    },
    { deployment },
  );
  const headers = { "content-type": "text/plain" };
  const response = await handler(post("é1", { headers }));
  expect(await response.json()).toEqual(expected);
  expect(after).toBe(true);
  expect((await exchange()).request).toMatchObject({ body: "é1", body_size: 3n, body_truncated: false });
});

test("a handler gets the request itself, and its further arguments", async () => {
  class FrameworkRequest extends Request {
    readonly more = "more";
  }
  const given = new FrameworkRequest("http://model.test/", { method: "POST", body: "x" });
  const seen: unknown[] = [];
  const handler = fetchPayloadLogging(
    (request: FrameworkRequest, context: { params: object }) => {
      seen.push(request, context, currentContext()?.id);
      return new Response(null, { status: 204 });
    },
    { deployment },
  );
  const response = await handler(given, { params: { id: "7" } });
  expect(seen).toEqual([given, { params: { id: "7" } }, response.headers.get("x-request-id")]);
  const { request, response: row } = await exchange();
  expect(request).toMatchObject({ body: null, body_truncated: true });
  expect(row).toMatchObject({ http_status: 204n, outcome: "complete", body: null, bytes_sent: 0n });
});

test.each([204, 304, 302])(
  "a response without a body (%i) stays the response that it was",
  async (status) => {
    const answer =
      status === 302 ? Response.redirect("http://model.test/there", 302) : new Response(null, { status });
    const handler = fetchPayloadLogging(() => answer, { deployment });
    expect(await handler(post("x"))).toBe(answer);
    expect((await exchange()).response).toMatchObject({ http_status: BigInt(status), outcome: "complete" });
  },
);

describe("what Azure Functions take in place of a response:", () => {
  const cookies = [{ name: "a", value: "1" }];
  const bytes = (...parts: string[]) => Readable.from(parts.map((part) => Buffer.from(part)));

  test.each([
    [{ jsonBody: { late: true }, status: 201, cookies }, "application/json", `{"late":true}`],
    [{ jsonBody: 1, body: "no", headers: { "content-type": "text/x" } }, "text/x", "1"],
    [{ body: "late" }, "text/plain;charset=UTF-8", "late"],
    [{ body: new URLSearchParams({ a: "1" }) }, "application/x-www-form-urlencoded;charset=UTF-8", "a=1"],
    [{ body: bytes("la", "te") as never, status: 200 }, null, "late"],
    [{ status: 204, body: "no" }, null, null],
    [{}, null, null],
  ])("%j", async (init, type, body) => {
    const { status = 200 } = init as { status?: number };
    const given = await fetchPayloadLogging(() => init, { deployment })(post("x"));
    expect("cookies" in given ? given.cookies : undefined).toBe("cookies" in init ? cookies : undefined);
    // As the library does with what it gets, and the worker with that.
    const sent = responseOf(given);
    expect([sent.status, sent.headers.get("content-type"), (await sent.text()) || null]).toEqual([
      status,
      type,
      body,
    ]);
    expect((await exchange()).response).toMatchObject({
      http_status: BigInt(status),
      content_type: type,
      outcome: "complete",
      body,
    });
  });

  test("a response of its own keeps what it has besides, and a made id is told", async () => {
    const answer = Object.assign(new Response("late"), { cookies, enableContentNegotiation: false });
    const handler = fetchPayloadLogging(() => answer, { deployment });
    const sent = await handler(new Request("http://model.test/"));
    expect(sent).toMatchObject({ cookies, enableContentNegotiation: false });
    expect([await sent.text(), sent.headers.get("x-request-id")?.length]).toEqual(["late", 36]);
    await exchange();
    const init = await fetchPayloadLogging(() => ({ body: "x" }), { deployment, policy: "none" })(
      new Request("http://model.test/"),
    );
    expect(new Headers((init as { headers?: Headers }).headers).get("x-request-id")).toHaveLength(36);
    expect(await responseOf(init).text()).toBe("x");
  });

  test("what nobody can make a response of fails, and nothing is nothing", async () => {
    const failing = fetchPayloadLogging(() => ({ status: 99 }), { deployment });
    await expect(failing(post("x"))).rejects.toThrow(RangeError);
    expect((await exchange()).response).toMatchObject({ outcome: "error", http_status: null });
    expect(await fetchPayloadLogging(() => undefined, { deployment })(post("x"))).toBeUndefined();
    expect((await exchange()).response).toMatchObject({ outcome: "complete", http_status: null });
  });
});

/** What `@azure/functions` 4 makes of what a handler gives (`HttpResponse`). */
function responseOf(init: object): Response {
  const { status, headers, body, jsonBody } = init as {
    status?: number;
    headers?: Record<string, string>;
    body?: string | null;
    jsonBody?: unknown;
  };
  const made = new Headers(headers);
  if (jsonBody === undefined)
    return new Response(status === 204 ? null : body, {
      ...(status === undefined ? {} : { status }),
      headers: made,
    });
  if (!made.has("content-type")) made.set("content-type", "application/json");
  return new Response(JSON.stringify(jsonBody), {
    ...(status === undefined ? {} : { status }),
    headers: made,
  });
}

test("a response of bytes stays one that is read into its reader's own room", async () => {
  const bytes = (): ReadableStream<Uint8Array> =>
    new ReadableStream({
      type: "bytes",
      start(controller) {
        controller.enqueue(new TextEncoder().encode("abcde"));
        controller.close();
      },
    });
  const handler = fetchPayloadLogging(() => new Response(bytes()), { deployment });
  expect((await ownRoom((await handler(post("{}"))).body)).toString()).toBe("abcde");
  expect((await exchange()).response).toMatchObject({ body: "abcde", outcome: "complete" });
  // A stream of anything, as before.
  const plain = fetchPayloadLogging(() => new Response(ReadableStream.from([Buffer.from("x")])), {
    deployment,
  });
  const { body } = await plain(post("{}"));
  expect(() => body?.getReader({ mode: "byob" })).toThrow(TypeError);
  expect((await chunksOf(body)).toString()).toBe("x");
  expect((await exchange()).response).toMatchObject({ body: "x", outcome: "complete" });
});

test("a streamed response is asked for chunk by chunk, in the request's context", async () => {
  let pulled = 0;
  const ids = new Set<string | undefined>();
  const stream = (): ReadableStream<Uint8Array> =>
    new ReadableStream(
      {
        pull(controller) {
          ids.add(currentContext()?.id);
          if (pulled === 3) controller.close();
          else controller.enqueue(new TextEncoder().encode(`${pulled++}`));
        },
      },
      { highWaterMark: 0 },
    );
  const handler = fetchPayloadLogging(() => new Response(stream()), { deployment });
  const response = await handler(post("x"));
  expect(pulled).toBe(0);
  expect(await response.text()).toBe("012");
  expect([...ids]).toEqual(["order-17"]);
  expect((await exchange()).response).toMatchObject({ body: "012", bytes_sent: 3n, outcome: "complete" });
});

test("who ends an exchange early is told, and the handler's stream hears of it", async () => {
  let cancelled: unknown;
  const endless = (): Response =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array([65])),
        cancel: (reason) => void (cancelled = reason),
      }),
    );
  const away = await fetchPayloadLogging(endless, { deployment })(post("x"));
  const reader = away.body?.getReader();
  await reader?.read();
  await reader?.cancel("gone");
  expect(cancelled).toBe("gone");
  expect((await exchange()).response).toMatchObject({ outcome: "client_aborted", bytes_sent: 1n });

  const abort = new AbortController();
  await fetchPayloadLogging(endless, { deployment })(post("x", { signal: abort.signal }));
  abort.abort();
  expect((await exchange()).response).toMatchObject({ outcome: "client_aborted", bytes_sent: 0n });
});

test("a handler that throws, and a stream that fails, do so; the outcome is error", async () => {
  const wrong = new Error("wrong");
  const throwing = fetchPayloadLogging(() => Promise.reject(wrong), { deployment });
  await expect(throwing(post("x"))).rejects.toBe(wrong);
  expect((await exchange()).response).toMatchObject({ outcome: "error", http_status: null });

  const failing = new ReadableStream({ pull: (controller) => controller.error(wrong) });
  const cut = await fetchPayloadLogging(() => new Response(failing), { deployment })(post("x"));
  await expect(cut.text()).rejects.toBe(wrong);
  expect((await exchange()).response).toMatchObject({ outcome: "error", http_status: 200n });
});

test("a response that is dropped unread ends its exchange when the engine has noticed", async () => {
  setFlagsFromString("--expose_gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  await fetchPayloadLogging(() => new Response("unread"), { deployment })(post("x"));
  await until(() => {
    collectGarbage();
    return deployment.stats().frames.offered > 0;
  });
  expect((await exchange()).response).toMatchObject({
    outcome: "server_aborted",
    http_status: 200n,
    bytes_sent: 0n,
  });
});

test.each([
  ["an edge platform's third", (waitUntil: WaitUntil) => [{}, { waitUntil }]],
  ["a middleware's second", (waitUntil: WaitUntil) => [{ waitUntil }]],
])("delivery is promised to %s argument, called on its object", async (_name, argumentsOf) => {
  const { options, destination } = await scratch();
  const own = await openDeployment(options());
  const promises: Promise<unknown>[] = [];
  const given = argumentsOf(function (this: object, promise) {
    expect(this).toHaveProperty("waitUntil");
    promises.push(promise);
  });
  const handler = fetchPayloadLogging((_request: Request, ..._rest: unknown[]) => new Response("ok"), {
    deployment: own,
  });
  expect(await (await handler(post("x"), ...given)).text()).toBe("ok");
  expect(promises).toHaveLength(1);
  await Promise.all(promises);
  expect(await duckdbCollection(destination, "response")).toMatchObject([{ body: "ok" }]);
  await own.close();
});
