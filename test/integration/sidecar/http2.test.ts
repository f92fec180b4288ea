import { once } from "node:events";
import {
  type ClientHttp2Session,
  connect,
  constants,
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { buffer } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { listening } from "../../support/raw-http.ts";
import { until } from "../../support/scratch.ts";
import { type ProxySidecar, proxySidecar } from "../../support/proxy-sidecar.ts";

/*
 * What gRPC is made of: HTTP/2 without TLS, bodies of frames both ways at once, its status in trailers, or in the only
 * head.
 */

async function grpcTarget(
  serve: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
): Promise<string> {
  const server = createServer();
  server.on("stream", serve);
  onTestFinished(() => void server.close());
  return await listening(server);
}

async function clientOf(sidecar: ProxySidecar): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${sidecar.port}`);
  onTestFinished(() => session.destroy());
  await once(session, "connect");
  return session;
}

/** One call: what came back. */
async function call(session: ClientHttp2Session, path: string, body: Buffer, more: OutgoingHttpHeaders = {}) {
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    ...more,
  });
  let [head, trailers]: IncomingHttpHeaders[] = [];
  stream.on("response", (headers) => (head = headers));
  stream.on("trailers", (headers) => (trailers = headers));
  stream.end(body);
  return { body: await buffer(stream).catch(() => undefined), head, trailers, rstCode: stream.rstCode };
}

test("calls of gRPC go through with trailers, sizes and status, many over one connection, and are rows", async () => {
  const seen: IncomingHttpHeaders[] = [];
  const target = await grpcTarget((stream, headers) => {
    seen.push(headers);
    if (headers[":path"] === "/model/Refused") {
      stream.respond(
        { ":status": 200, "content-type": "application/grpc", "grpc-status": "5" },
        { endStream: true },
      );
      return;
    }
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0", "grpc-message": "well" }));
    stream.pipe(stream);
  });
  const sidecar = await proxySidecar(target);
  const session = await clientOf(sidecar);
  const body = Buffer.from([0, 0, 0, 0, 3, 1, 2, 255]);
  const ids = Array.from({ length: 20 }, (_, i) => `call-${String(i).padStart(2, "0")}`);
  const answers = await Promise.all(
    ids.map((id) => call(session, "/model/Predict", body, { "x-request-id": id })),
  );
  for (const answer of answers) {
    expect(answer.body).toEqual(body);
    expect(answer.trailers).toMatchObject({ "grpc-status": "0", "grpc-message": "well" });
  }
  expect(seen[0]).toMatchObject({ te: "trailers", via: "2 mdc", "x-forwarded-for": "127.0.0.1" });
  const refused = await call(session, "/model/Refused", body, { "x-request-id": "refused" });
  expect(refused.head).toMatchObject({ ":status": 200, "grpc-status": "5" });
  session.close();
  const { requests, responses } = await sidecar.stored();
  const [request] = requests.filter((row) => row["mdc_correlation_id"] === "call-07");
  expect(request).toMatchObject({ http_method: "POST", http_path: "/model/Predict", body_size: 8n });
  expect(responses).toHaveLength(21);
  expect(new Set(responses.map(({ outcome }) => outcome))).toEqual(new Set(["complete"]));
  const [response] = responses.filter((row) => row["mdc_correlation_id"] === "call-07");
  expect(response).toMatchObject({ http_status: 200n, body_size: 8n, content_type: "application/grpc" });
});

test("a stream that either side breaks off is broken off, and one that finds no target is answered for", async () => {
  let cancelled = 0;
  const target = await grpcTarget((stream, headers) => {
    stream.on("error", () => {});
    stream.respond({ ":status": 200 });
    stream.write("half");
    if (headers[":path"] === "/dies") setTimeout(() => stream.destroy(new Error("dies")), 50);
    stream.on("aborted", () => cancelled++);
  });
  const sidecar = await proxySidecar(target);
  const session = await clientOf(sidecar);
  const died = await call(session, "/dies", Buffer.from("a"), { "x-request-id": "died" });
  expect([died.body, died.rstCode]).toEqual([undefined, constants.NGHTTP2_INTERNAL_ERROR]);
  const stream = session.request({ ":method": "POST", ":path": "/left", "x-request-id": "left" });
  stream.on("error", () => {});
  await once(stream, "data");
  stream.close(constants.NGHTTP2_CANCEL);
  await until(() => cancelled > 0);
  session.close();
  const { responses } = await sidecar.stored();
  const outcomes = responses.map((row) => [row["mdc_correlation_id"], row["outcome"]]);
  expect(Object.fromEntries(outcomes)).toEqual({ died: "server_aborted", left: "client_aborted" });

  const down = await proxySidecar("http://127.0.0.1:1");
  const answer = await call(await clientOf(down), "/model/Predict", Buffer.from("a"));
  expect(answer.head).toMatchObject({ ":status": 502 });
  expect((await down.stored()).responses).toEqual([
    expect.objectContaining({ http_status: 502n, outcome: "error" }),
  ]);
});
