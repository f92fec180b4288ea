import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One answer of a {@link FakeBlobServer}. A function may do anything to the connection. */
export type FakeAnswer =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Uint8Array;
    }
  | ((request: IncomingMessage, response: ServerResponse) => void);

/** A server on 127.0.0.1 that gives scripted answers and remembers what it was asked. */
export interface FakeBlobServer {
  /** An account URL. */
  readonly url: string;
  readonly requests: readonly {
    readonly method: string;
    readonly url: string;
    readonly headers: IncomingMessage["headers"];
  }[];
  /** The answers to come; the last one is given again and again. Forgets the requests so far. */
  script(...answers: FakeAnswer[]): void;
  close(): Promise<void>;
}

/** An answer of the Blob service's shape. */
export function blobError(
  status: number,
  code: string,
  headers: Readonly<Record<string, string>> = {},
): FakeAnswer {
  return {
    status,
    headers: {
      "x-ms-error-code": code,
      "x-ms-request-id": "0b6bd4b6-901e-0042-7d4f-1c2b3a000000",
      ...headers,
    },
    body: `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>text</Message></Error>`,
  };
}

/** Starts a {@link FakeBlobServer}. */
export async function startFakeBlobServer(): Promise<FakeBlobServer> {
  let answers: FakeAnswer[] = [];
  let requests: { method: string; url: string; headers: IncomingMessage["headers"] }[] = [];
  const server = createServer((request, response) => {
    requests.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    response.on("error", () => {});
    if (typeof answer === "function") return answer(request, response);
    const { status, headers = {}, body = "" } = answer ?? { status: 500 };
    request.on("error", () => {});
    request.resume().on("end", () => {
      response.writeHead(status, headers).end(request.method === "HEAD" ? undefined : body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/account`,
    get requests() {
      return requests;
    },
    script(...next) {
      answers = next;
      requests = [];
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
