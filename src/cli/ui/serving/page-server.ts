import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { asError, CollectorError, messageOf } from "../../../base/errors.ts";
import { type Door, openDoor } from "../../../sidecar/listening/listening-server.ts";
import { http } from "../../../sidecar/listening/node-modules.ts";
import { StoreError } from "../../../store/store-error.ts";
import { isMisuse } from "../../command.ts";
import { type Failure, shownText } from "../answers.ts";
import { answers } from "../answering/answers-by-name.ts";
import type { Asked, Source } from "../asked.ts";
import { Query } from "../query.ts";
import { Guard } from "./guard.ts";
import { type PageFile, readPageFiles } from "./page-files.ts";
import { Turns } from "./turns.ts";

/** Questions that are worked on at the same time. */
const maxAtOnce = 3;

/*
 * The page may load what this server has, and nothing else: no script that stands in it, no text made into
 * markup, no other host, no frame around it.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const headers: Readonly<Record<string, string>> = {
  "Content-Security-Policy": policy,
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cache-Control": "no-store",
};

/**
 * Serves the page, to this machine alone, and answers what it asks. Only reads. The page itself is given to
 * whoever asks for it by this machine's address; it holds nothing. Data is given to whoever has the token.
 */
export class PageServer {
  readonly #source: Source;
  readonly #files: ReadonlyMap<string, PageFile> = readPageFiles();
  readonly #guard = new Guard();
  readonly #turns = new Turns(maxAtOnce);
  readonly #server: Server;

  constructor(source: Source) {
    this.#source = source;
    this.#server = http().createServer((request, response) => void this.#answer(request, response));
  }

  /** Begins to listen, at a port or at any that is free (0). Rejects with the system's error. */
  async listen(port: number): Promise<Door> {
    const door = await openDoor(this.#server, { host: "127.0.0.1", port });
    return { url: `${door.url}/#token=${this.#guard.token}`, close: (deadlineMs) => door.close(deadlineMs) };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { port } = this.#server.address() as AddressInfo;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const refusal = this.#guard.refusalOfHost(request.headers, port);
    if (refusal !== undefined) return fail(response, 421, refusal);
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("Allow", "GET, HEAD");
      return fail(response, 405, "only GET and HEAD");
    }
    const [path = "/", query = ""] = (request.url ?? "/").split("?", 2);
    const file = this.#files.get(path);
    if (file !== undefined) return send(response, 200, file);
    const name = /^\/api\/([a-z]+)$/.exec(path)?.[1];
    const answer = name !== undefined && Object.hasOwn(answers, name) ? answers[name] : undefined;
    if (answer === undefined) return fail(response, 404, "there is no such page");
    const refused = this.#guard.refusalOfData(request.headers, port);
    if (refused !== undefined) return fail(response, 401, refused);
    await this.#answerData(answer, new URLSearchParams(query), response);
  }

  /** Lines of JSON: how far it is, and at last the answer, or what went wrong. */
  async #answerData(
    answer: (asked: Asked) => Promise<unknown>,
    params: URLSearchParams,
    response: ServerResponse,
  ): Promise<void> {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const line = (value: unknown): string => `${JSON.stringify(value)}\n`;
    response.setHeader("Content-Type", "application/x-ndjson; charset=utf-8");
    try {
      const given = await this.#turns.take(async () => {
        if (gone.signal.aborted) return undefined;
        return await answer({
          source: this.#source,
          query: new Query(params),
          signal: gone.signal,
          progress: (progress) => void response.write(line({ progress })),
        });
      });
      response.end(line({ answer: given }));
    } catch (thrown) {
      if (!response.headersSent) response.statusCode = statusOf(thrown);
      response.end(line(failureOf(thrown)));
    }
  }
}

function statusOf(thrown: unknown): number {
  if (isMisuse(thrown)) return 400;
  return thrown instanceof StoreError ? 502 : 500;
}

function failureOf(thrown: unknown): Failure {
  const isForeseen = isMisuse(thrown) || thrown instanceof StoreError || thrown instanceof CollectorError;
  const message = messageOf(asError(thrown));
  return { error: shownText(isForeseen ? message : `a fault of mdc itself: ${message}`) };
}

function fail(response: ServerResponse, status: number, text: string): void {
  send(response, status, { type: "text/plain; charset=utf-8", text: `${text}\n` });
}

function send(response: ServerResponse, status: number, { type, text }: PageFile): void {
  response.writeHead(status, { "Content-Type": type, "Content-Length": Buffer.byteLength(text) });
  response.end(text);
}
