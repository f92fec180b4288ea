import { once } from "node:events";
import {
  type ClientHttp2Session,
  connect,
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import type { PayloadOptions } from "model-data-collector/http";
import { PayloadLog } from "../../../src/http/payload-log.ts";
import { parsePayloadOptions } from "../../../src/http/payload-options.ts";
import { ReverseProxy } from "../../../src/sidecar/proxy/reverse-proxy.ts";
import { Target } from "../../../src/sidecar/proxy/target.ts";

/** One stream of HTTP/2, and what becomes of it. */
export interface StreamPlan {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: readonly Uint8Array[];
  /** Whether the target reads the body before it answers, while it answers, or not at all. */
  readonly read: "before" | "while" | "never";
  readonly status: number;
  readonly answerHeaders: Readonly<Record<string, string | string[]>>;
  readonly pieces: readonly Uint8Array[];
  readonly trailers: Readonly<Record<string, string>>;
  readonly pauseMs: number;
  /** `head`: the head is the whole answer; `reset`: the target breaks off after the pieces. */
  readonly ending: "end" | "head" | "reset";
  /** The client cancels when it has so many bytes of the answer. */
  readonly cancelAt: number | undefined;
}

/** What a client, or the target, was told. */
export interface StreamHeard {
  readonly head: IncomingHttpHeaders | undefined;
  readonly body: Buffer;
  readonly trailers: IncomingHttpHeaders | undefined;
  readonly isReset: boolean;
}

const value = fc
  .string({ maxLength: 20, unit: fc.constantFrom(...'abc XYZ019;,="%/') })
  .map((text) => text.trim());
const headers = fc.dictionary(
  fc.string({ minLength: 1, maxLength: 8, unit: fc.constantFrom(..."abc019-") }).map((name) => `x-p${name}`),
  value,
  { maxKeys: 4, noNullPrototype: true },
);
const pieces = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.uint8Array({ maxLength: 60 }) },
    fc
      .integer({ min: 1, max: 60 })
      .map((n) => Uint8Array.from({ length: n * 1_499 }, (_, i) => (i * n) % 251)),
  ),
  { maxLength: 4 },
);

/** All that can happen to one stream. */
export const streamPlans: fc.Arbitrary<StreamPlan> = fc
  .record({
    method: fc.constantFrom("GET", "POST", "POST", "POST", "PUT", "DELETE", "HEAD"),
    path: fc.constantFrom("/model/Predict", "/a%20b?x=1&y=%26", "/", "/score//x?"),
    headers,
    body: pieces,
    read: fc.constantFrom("before", "before", "while", "never"),
    status: fc.constantFrom(200, 200, 200, 201, 204, 304, 400, 404, 429, 500, 503),
    answerHeaders: headers,
    pieces,
    trailers: headers,
    pauseMs: fc.constantFrom(0, 0, 1, 3),
    ending: fc.constantFrom("end", "end", "end", "end", "head", "reset"),
    cancelAt: fc.option(fc.integer({ min: 0, max: 3_000 }), { freq: 6, nil: undefined }),
  } as const)
  .map((plan): StreamPlan => {
    const isBare = plan.method === "HEAD" || plan.status === 204 || plan.status === 304;
    const bare = { pieces: [], ending: "head" as const, cancelAt: undefined };
    const body = plan.method === "GET" || plan.method === "HEAD" ? [] : plan.body;
    return {
      ...plan,
      body,
      // Now and then a client of Node's waits for ever for a server of Node's that does not read.
      read: plan.read === "never" && body.length > 0 ? "while" : plan.read,
      ...(isBare ? bare : {}),
    };
  });

/** A server of HTTP/2 without TLS that answers as planned, and says what it was asked. */
export class PlannedHttp2 {
  readonly seen: Map<string, StreamHeard> = new Map();
  readonly #server: Http2Server = createServer();
  readonly #plans: ReadonlyMap<string, StreamPlan>;

  constructor(plans: ReadonlyMap<string, StreamPlan>) {
    this.#plans = plans;
    this.#server.on("stream", (stream, head) => void this.#answer(stream, head));
  }

  async listen(): Promise<number> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
  }

  async #answer(stream: ServerHttp2Stream, head: IncomingHttpHeaders): Promise<void> {
    stream.on("error", () => {});
    const label = String(head["x-plan"]);
    const plan = this.#plans.get(label) as StreamPlan;
    const chunks: Buffer[] = [];
    let trailers: IncomingHttpHeaders | undefined;
    stream.on("trailers", (found) => (trailers = found));
    if (plan.read !== "never") stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    const told = (): void => {
      const isReset = stream.rstCode !== constants.NGHTTP2_NO_ERROR;
      this.seen.set(label, { head, body: Buffer.concat(chunks), trailers, isReset });
    };
    stream.on("close", told);
    if (plan.read === "before" && !stream.endAfterHeaders)
      await Promise.race([once(stream, "end"), once(stream, "close")]).catch(() => {});
    if (stream.destroyed) return;
    const endStream = plan.ending === "head";
    stream.respond(
      { ":status": plan.status, ...plan.answerHeaders },
      { endStream, waitForTrailers: !endStream },
    );
    if (endStream) return;
    stream.on("wantTrailers", () => stream.sendTrailers(plan.trailers));
    for (const piece of plan.pieces) {
      if (stream.destroyed) return;
      stream.write(piece);
      if (plan.pauseMs > 0) await sleep(plan.pauseMs);
    }
    if (plan.ending === "end") stream.end();
    else stream.destroy(new Error("as planned"));
  }
}

/** Plays one stream against a server. */
export async function playStream(
  session: ClientHttp2Session,
  label: string,
  plan: StreamPlan,
): Promise<StreamHeard> {
  const { method, path, headers: given, body, cancelAt } = plan;
  const stream = session.request(
    { ":method": method, ":path": path, "x-plan": label, "x-request-id": label, ...given },
    { endStream: body.length === 0 },
  );
  stream.on("error", () => {});
  const closed = new Promise<void>((resolve) => stream.once("close", resolve));
  let [head, trailers]: (IncomingHttpHeaders | undefined)[] = [];
  const chunks: Buffer[] = [];
  let size = 0;
  // In a turn of its own: see `Http2Forwarding`, which this client shares a fault of Node's with.
  const cancel = (): unknown => setImmediate(() => stream.close(constants.NGHTTP2_CANCEL));
  stream.on("response", (found) => {
    head = found;
    if (cancelAt === 0) cancel();
  });
  stream.on("trailers", (found) => (trailers = found));
  stream.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (cancelAt !== undefined && size >= cancelAt) cancel();
  });
  stream.resume();
  for (const piece of body) stream.write(piece);
  if (body.length > 0) stream.end();
  await closed;
  const isReset = stream.rstCode !== constants.NGHTTP2_NO_ERROR;
  return { head, body: Buffer.concat(chunks), trailers, isReset };
}

/** A sidecar, and a client's connection to it. */
export interface Http2Sidecar {
  readonly session: ClientHttp2Session;
  readonly close: () => Promise<void>;
}

/** The sidecar's proxy before a target, in this process. */
export async function http2Sidecar(targetPort: number, logging: PayloadOptions): Promise<Http2Sidecar> {
  // The deployment is of the package as it is built, of which these sources are another copy.
  const log = new PayloadLog(parsePayloadOptions(logging as never, "mdc sidecar"));
  const proxy = new ReverseProxy(new Target(`http://127.0.0.1:${targetPort}`, "target"), log);
  const door = await proxy.listen({ host: "127.0.0.1", port: 0 });
  return { session: connect(door.url), close: (): Promise<void> => door.close(100) };
}
