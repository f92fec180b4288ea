import type {
  ClientHttp2Session,
  Http2Server,
  IncomingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";
import { CorrelationContext } from "../../collector/context/correlation-context.ts";
import { isMade } from "../../http/headers/made-id.ts";
import type { PayloadLog } from "../../http/payload-log.ts";
import { Http2Forwarding } from "./http2-forwarding.ts";
import { http2Limits, type Target } from "./target.ts";
import type { Traffic } from "./traffic.ts";
import { http2 } from "../listening/node-modules.ts";

/**
 * HTTP/2 without TLS, as gRPC speaks it inside of a pod: each stream is an exchange, which goes to the target
 * over one connection of HTTP/2.
 */
export class Http2Proxy {
  readonly #target: Target;
  readonly #log: PayloadLog;
  readonly #traffic: Traffic;
  #server: Http2Server | undefined;
  readonly #clients = new Set<ServerHttp2Session>();
  #session: ClientHttp2Session | undefined;

  constructor(target: Target, log: PayloadLog, traffic: Traffic) {
    this.#target = target;
    this.#log = log;
    this.#traffic = traffic;
  }

  /** Takes a connection whose client speaks HTTP/2. */
  take(socket: Socket): void {
    this.#server ??= this.#newServer();
    this.#server.emit("connection", socket);
  }

  /** Lets streams end, and takes no others. */
  close(): void {
    for (const session of this.#clients) session.close();
  }

  /** Ends what is left. */
  destroy(): void {
    for (const session of this.#clients) session.destroy();
    this.#session?.destroy();
  }

  #newServer(): Http2Server {
    const server = http2().createServer(http2Limits);
    server.on("session", (session) => {
      this.#clients.add(session);
      session.on("close", () => this.#clients.delete(session));
      session.on("error", () => session.destroy());
    });
    return server.on("stream", (stream, headers) => this.#take(stream, headers));
  }

  #take(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const context = CorrelationContext.fromHeaders(headers);
    const method = headers[":method"] ?? "GET";
    const header = (name: string): string | undefined => headers[name]?.toString();
    const { exchange } = this.#log.open({ method, target: headers[":path"] ?? "/", header }, context);
    const madeId = isMade(context) ? context.id : undefined;
    const passage = { stream, headers, exchange, madeId, traffic: this.#traffic };
    new Http2Forwarding(passage).start((sent, options) => this.#upstream().request(sent, options));
  }

  /** The connection to the target, a new one if there is none that takes streams. */
  #upstream(): ClientHttp2Session {
    if (this.#session !== undefined && !this.#session.closed && !this.#session.destroyed)
      return this.#session;
    const session = http2().connect(this.#target.http2Authority, this.#target.http2Options);
    const over = (): void => {
      if (this.#session === session) this.#session = undefined;
    };
    session.on("error", over);
    session.on("goaway", over);
    session.on("close", over);
    this.#session = session;
    return session;
  }
}
