import { once } from "node:events";
import {
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  request as httpRequest,
} from "node:http";
import type { AddressInfo } from "node:net";

/** A request on its way through. */
export interface ProxiedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** An answer on its way back. */
export interface ProxiedAnswer {
  readonly status: number;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
}

/** Decides what becomes of a request; `forward` asks the server, with another body if one is given. */
export type ProxyRule = (
  request: ProxiedRequest,
  forward: (body?: Buffer) => Promise<ProxiedAnswer>,
) => Promise<ProxiedAnswer>;

/**
 * A proxy on 127.0.0.1 before a server on 127.0.0.1 that understands HTTP, to answer in the server's place.
 */
export interface HttpProxy {
  readonly port: number;
  /** What was asked and answered, with the time of the question (`performance.now`). */
  readonly log: readonly {
    readonly at: number;
    readonly method: string;
    readonly url: string;
    readonly status: number;
  }[];
  /** From now on; undefined passes everything on. */
  setRule(rule: ProxyRule | undefined): void;
  close(): Promise<void>;
}

/** Starts an {@link HttpProxy} before `target` (a port). */
export async function startHttpProxy(target: number): Promise<HttpProxy> {
  const log: { at: number; method: string; url: string; status: number }[] = [];
  let rule: ProxyRule | undefined;
  const server = createServer((incoming, outgoing) => {
    const at = performance.now();
    const { method = "GET", url = "/", headers } = incoming;
    outgoing.on("error", () => {});
    const chunks: Buffer[] = [];
    incoming.on("error", () => {});
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const request = { method, url, headers, body: Buffer.concat(chunks) };
      const forward = (body: Buffer = request.body): Promise<ProxiedAnswer> => ask(target, request, body);
      const answered = rule === undefined ? forward() : rule(request, forward);
      answered.then(
        ({ status, headers: back = {}, body = "" }) => {
          log.push({ at, method, url, status });
          outgoing.writeHead(status, back).end(method === "HEAD" ? undefined : body);
        },
        () => outgoing.destroy(),
      );
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    log,
    setRule: (next) => {
      rule = next;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function ask(port: number, { method, url, headers }: ProxiedRequest, body: Buffer): Promise<ProxiedAnswer> {
  return new Promise((resolve, reject) => {
    // The host stays as the client named it: it may be signed.
    const outgoing = httpRequest({ host: "127.0.0.1", port, method, path: url, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () => {
        const { "transfer-encoding": _, ...rest } = answer.headers;
        resolve({ status: answer.statusCode ?? 500, headers: rest, body: Buffer.concat(chunks) });
      });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
