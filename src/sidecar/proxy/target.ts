import type { Agent, ClientRequest, RequestOptions } from "node:http";
import type { ClientSessionOptions, SessionOptions } from "node:http2";
import { type NetConnectOpts, connect } from "node:net";
import { wrongValue } from "../../base/errors.ts";
import { socketPath } from "../listening/listen-address.ts";
import { http, https } from "../listening/node-modules.ts";

/** Bytes that a head may have, in both directions; one that is longer is refused. */
export const maxHeadBytes: number = 64 << 10;

/** What a session of HTTP/2 may hold: header fields of a head, and MiB in all. */
export const http2Limits: Pick<SessionOptions, "maxHeaderListPairs" | "maxSessionMemory"> = {
  maxHeaderListPairs: 1_000,
  maxSessionMemory: 64,
};

/**
 * How long a connection to the target is kept unused. Shorter than servers keep theirs (Gunicorn 2 s, Uvicorn
 * 5 s), for a request that meets a connection on its way to be closed fails, and must not be repeated. What
 * the target says in `Keep-Alive: timeout` counts where it is shorter still.
 */
const maxIdleMs = 1_500;

/** The server that is logged: `http://127.0.0.1:8080`, `https://…` or `unix:/run/model.sock`. */
export class Target {
  /** As people write it. */
  readonly text: string;
  /** What stands in `Host` where the client sent none. */
  readonly authority: string;
  readonly #place: { readonly host: string; readonly port: number } | { readonly socketPath: string };
  readonly #agent: Agent;
  readonly #isSecure: boolean;

  /** Throws a `RangeError` that names `where` if the text is no target. */
  constructor(text: string, where: string) {
    const path = socketPath(text);
    const url = path === undefined ? urlOf(text, where) : undefined;
    this.#isSecure = url?.protocol === "https:";
    const limits = { keepAlive: true, timeout: maxIdleMs, maxFreeSockets: 256 };
    this.#agent = new (this.#isSecure ? https() : http()).Agent(limits);
    if (url === undefined) {
      this.text = `unix:${path}`;
      this.authority = "localhost";
      this.#place = { socketPath: path as string };
    } else {
      const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
      this.text = url.origin;
      this.authority = url.host;
      this.#place = { host, port: Number(url.port) || (this.#isSecure ? 443 : 80) };
    }
  }

  /** Begins a request; `headers` are sent as they are, and nothing is added. */
  request(method: string, path: string, headers: readonly string[], own: boolean): ClientRequest {
    const options: RequestOptions = {
      ...this.#place,
      ...{ method, path, headers, maxHeaderSize: maxHeadBytes, setHost: false, setDefaultHeaders: false },
      agent: own ? false : this.#agent,
    };
    return (this.#isSecure ? https() : http()).request(options);
  }

  /** The URL that a session of HTTP/2 with the target is for. */
  get http2Authority(): string {
    return `${this.#isSecure ? "https" : "http"}://${this.authority}`;
  }

  /** What such a session is made with; over TLS the protocol is agreed on with the target. */
  get http2Options(): ClientSessionOptions {
    if (this.#isSecure) return http2Limits;
    return { ...http2Limits, createConnection: () => connect(this.connectOptions) };
  }

  /** Where to connect to, to see whether somebody listens. */
  get connectOptions(): NetConnectOpts {
    return "socketPath" in this.#place ? { path: this.#place.socketPath } : this.#place;
  }

  /** Closes what is kept open. */
  close(): void {
    this.#agent.destroy();
  }
}

function urlOf(text: string, where: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const expected = "http://<host>:<port>, https://<host> or unix:/<path>";
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:"))
    throw wrongValue(where, expected, text);
  const isPlain = url.pathname === "/" && url.search === "" && url.hash === "";
  if (!isPlain || url.username !== "" || url.password !== "")
    throw wrongValue(where, `${expected}, without user, path and query`, text);
  return url;
}

/** Whether the target takes connections, found out within `timeoutMs`. */
export function answers(target: Target, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(target.connectOptions);
    const tell = (taken: boolean): void => {
      socket.destroy();
      resolve(taken);
    };
    socket.once("connect", () => tell(true));
    socket.once("error", () => tell(false));
    socket.setTimeout(timeoutMs, () => tell(false));
  });
}
