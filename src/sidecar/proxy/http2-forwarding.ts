import type {
  ClientHttp2Stream,
  ClientSessionRequestOptions,
  Http2Stream,
  IncomingHttpHeaders,
  OutgoingHttpHeaders,
  ServerHttp2Stream,
} from "node:http2";
import { onNextTurn } from "../../base/time/clock.ts";
import type { BodyRecorder } from "../../http/body/body-recorder.ts";
import type { Exchange } from "../../http/exchange.ts";
import type { Outcome } from "../../http/payload-rows.ts";
import { addressText } from "./request-head.ts";
import type { Traffic } from "./traffic.ts";
import { http2 } from "../listening/node-modules.ts";

/** One stream on its way through. */
export interface StreamPassage {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  /** Where it is recorded; undefined if it is not. */
  readonly exchange: Exchange | undefined;
  /** The id that was made for the request; undefined if it came with one. */
  readonly madeId: string | undefined;
  readonly traffic: Traffic;
}

/** Opens a stream to the target. */
export type OpenStream = (
  headers: OutgoingHttpHeaders,
  options: ClientSessionRequestOptions,
) => ClientHttp2Stream;

/** Passes one stream of HTTP/2 on, with its trailers, in which gRPC has its status. */
export class Http2Forwarding {
  readonly #passage: StreamPassage;
  #fault: Outcome | undefined;
  /** True: the target's answer has come to its end. */
  #isAnswered = false;
  #trailers: IncomingHttpHeaders = {};

  constructor(passage: StreamPassage) {
    this.#passage = passage;
  }

  start(open: OpenStream): void {
    const { stream, headers, exchange, madeId, traffic } = this.#passage;
    traffic.begin();
    stream.on("error", () => {});
    const sent = {
      ...forwardedHeaders(headers, stream.session?.socket.remoteAddress),
      ...(madeId === undefined ? {} : { "x-request-id": madeId }),
    };
    const upstream = open(sent, {
      endStream: stream.endAfterHeaders,
      waitForTrailers: !stream.endAfterHeaders,
    });
    stream.on("close", () => this.#closed(upstream));
    upstream.on("headers", (head) => {
      if (!stream.headersSent && !stream.closed) stream.additionalHeaders(plain(head));
    });
    upstream.on("response", (head, flags) => this.#respond(upstream, head, flags));
    upstream.on("trailers", (trailers) => (this.#trailers = trailers));
    upstream.on("error", () => this.#failed());
    upstream.on("close", () => {
      // What is reset after a whole answer is the rest of the request.
      if (upstream.rstCode !== http2().constants.NGHTTP2_NO_ERROR) this.#failed();
    });
    if (!stream.endAfterHeaders)
      passOn(stream, upstream, exchange?.requestBody, (bytes) => traffic.received(bytes));
  }

  #respond(upstream: ClientHttp2Stream, head: IncomingHttpHeaders, flags: number): void {
    const { stream, exchange, madeId, traffic } = this.#passage;
    if (stream.closed || stream.destroyed) return;
    const isNamed = head["x-request-id"] !== undefined;
    const shown = { ...plain(head), ...(madeId === undefined || isNamed ? {} : { "x-request-id": madeId }) };
    const header = (name: string): string | undefined => (head[name] ?? this.#trailers[name])?.toString();
    exchange?.respond(Number(head[":status"]), header);
    exchange?.firstByte();
    const endStream = (flags & http2().constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    this.#isAnswered = endStream;
    upstream.on("end", () => {
      // A stream that was reset ends, too.
      if (upstream.rstCode === http2().constants.NGHTTP2_NO_ERROR) this.#isAnswered = true;
    });
    // The target's date, or none; not in Node's types.
    const options = { endStream, waitForTrailers: !endStream, sendDate: false };
    stream.respond(shown, options);
    if (endStream) return;
    passOn(upstream, stream, exchange?.responseBody, (bytes) => traffic.sent(bytes));
  }

  /** The target cannot be reached, or broke off. */
  #failed(): void {
    const { stream, exchange, madeId } = this.#passage;
    if (stream.closed || stream.destroyed || this.#fault !== undefined || this.#isAnswered) return;
    if (stream.headersSent) {
      this.#fault = "server_aborted";
      // `close` would end the body first, as if it were whole.
      stream.destroy(new Error("the target broke off"));
      return;
    }
    this.#fault = "error";
    exchange?.respond(502, () => undefined);
    exchange?.firstByte();
    const body = "the target cannot be reached, or ended the stream without an answer\n";
    exchange?.responseBody.add(body);
    const named = madeId === undefined ? {} : { "x-request-id": madeId };
    stream.respond({ ":status": 502, "content-type": "text/plain; charset=utf-8", ...named });
    stream.end(body);
  }

  #closed(upstream: ClientHttp2Stream): void {
    const { stream, exchange, traffic } = this.#passage;
    const isWhole = stream.rstCode === http2().constants.NGHTTP2_NO_ERROR && stream.writableFinished;
    const outcome = this.#fault ?? (isWhole ? "complete" : "client_aborted");
    traffic.end(outcome);
    exchange?.end({
      outcome,
      bytesSent: exchange.responseBody.size,
      requestComplete: stream.readableEnded,
    });
    if (upstream.closed) return;
    const code = isWhole ? http2().constants.NGHTTP2_NO_ERROR : http2().constants.NGHTTP2_CANCEL;
    // In a turn of its own: in one in which it reads that session, Node puts the reset off, may remove the
    // stream before it sends that, and then sends empty frames of it for ever.
    onNextTurn(() => {
      if (!upstream.closed) upstream.close(code);
    });
  }
}

/** The head that goes to the target, with the same additions as in HTTP/1.1. */
function forwardedHeaders(headers: IncomingHttpHeaders, address: string | undefined): OutgoingHttpHeaders {
  const listOf = (name: string, more: string | undefined): string =>
    [headers[name], more].filter((text) => text !== undefined).join(", ");
  return {
    ...headers,
    "x-forwarded-for": listOf("x-forwarded-for", addressText(address)),
    "x-forwarded-host": headers["x-forwarded-host"] ?? headers[":authority"],
    "x-forwarded-proto": headers["x-forwarded-proto"] ?? "http",
    via: listOf("via", "2 mdc"),
  };
}

/** Sends the body of one stream on as that of the other, no faster than it is taken, and its trailers. */
function passOn(
  source: Http2Stream,
  sink: Http2Stream,
  body: BodyRecorder | undefined,
  onBytes: (bytes: number) => void,
): void {
  let trailers: IncomingHttpHeaders = {};
  source.on("trailers", (head: IncomingHttpHeaders) => (trailers = head));
  source.on("data", (chunk: Buffer) => {
    body?.add(chunk);
    onBytes(chunk.length);
    if (!sink.destroyed && !sink.closed && !sink.write(chunk)) source.pause();
  });
  sink.on("drain", () => source.resume());
  // Who has answered before all of the request was there takes no more; its client has to get rid of it.
  sink.on("close", () => source.resume());
  source.on("end", () => {
    // A stream that was reset ends, too.
    if (source.rstCode === http2().constants.NGHTTP2_NO_ERROR && !sink.destroyed) sink.end();
  });
  sink.on("wantTrailers", () => sink.sendTrailers(plain(trailers)));
}

/** Headers without what is not to be sent on: all that HTTP/2 has are for both ends. */
function plain(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return { ...headers };
}
