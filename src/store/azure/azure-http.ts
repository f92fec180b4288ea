import { Agent, type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as SecureAgent, request as requestHttps } from "node:https";
import type { HttpClient } from "@azure/core-rest-pipeline";
import type { HttpHeaders, IHttpClient } from "@azure/storage-blob";
import { isLoopback } from "../../destination/loopback.ts";
import { proxyOf } from "./azure-proxy.ts";

/**
 * How the Azure libraries reach the network. Their own way reads an answer into memory however long it is;
 * here none is read further than {@link maxAnswerBytes}, but what a caller streams and bounds himself.
 * Nothing is redirected. Loaded with those libraries, at the first request: Node's own HTTP takes its time.
 */

/** Of an answer that is kept as text: the largest page of a listing has a few. */
export const maxAnswerBytes: number = 16 * 1024 * 1024;
/** Of what an error says in its body; its status and headers say enough. */
const maxErrorBytes = 64 * 1024;
/** For one request that sets no limit of its own. */
const defaultTimeoutMs = 30_000;

/** What both libraries tell of a request. */
interface Call {
  readonly url: string;
  readonly method: string;
  /** Bytes, a text, or a function that opens a stream. */
  readonly body?: unknown;
  /** Of a proxy. */
  readonly agent?: unknown;
  readonly streamResponseStatusCodes?: Set<number>;
}

type Signal = Pick<AbortSignal, "aborted" | "addEventListener" | "removeEventListener">;

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly bodyAsText?: string;
  readonly readableStreamBody?: IncomingMessage;
}

/** For `@azure/storage-blob`. */
export const blobHttpClient: IHttpClient = {
  async sendRequest(request) {
    const answer = await send(request, request.headers.toJson({ preserveCase: true }), request.abortSignal);
    const headers: HttpHeaders = request.headers.clone();
    for (const name of headers.headerNames()) headers.remove(name);
    for (const [name, value] of plainHeaders(answer.headers)) headers.set(name, value);
    return { ...answer, headers, request };
  },
};

/**
 * For what is made of `@azure/core-rest-pipeline`: `@azure/identity`, which asks Microsoft Entra, the
 * machine's metadata service and their like; and what is asked of a workspace.
 */
export const coreHttpClient: HttpClient = {
  async sendRequest(request) {
    const ended = AbortSignal.timeout(request.timeout || defaultTimeoutMs);
    const abortSignal = request.abortSignal
      ? AbortSignal.any([request.abortSignal as AbortSignal, ended])
      : ended;
    const answer = await send(request, request.headers.toJSON({ preserveCase: true }), abortSignal);
    return { ...answer, headers: new AnswerHeaders(plainHeaders(answer.headers)), request };
  },
};

/** Names are in lower case, as Node gives them. */
class AnswerHeaders extends Map<string, string> {
  override get(name: string): string | undefined {
    return super.get(name.toLowerCase());
  }
  override has(name: string): boolean {
    return super.has(name.toLowerCase());
  }
  override set(name: string, value: string | number | boolean): this {
    return super.set(name.toLowerCase(), String(value));
  }
  toJSON(): Record<string, string> {
    return Object.fromEntries(this);
  }
}

function plainHeaders(headers: IncomingMessage["headers"]): [string, string][] {
  return Object.entries(headers).flatMap(([name, value]) => {
    const first = Array.isArray(value) ? value[0] : value;
    return first === undefined ? [] : [[name, first]];
  });
}

const plainAgent = new Agent({ keepAlive: true });
const secureAgent = new SecureAgent({ keepAlive: true });

async function send(
  call: Call,
  headersToSend: Readonly<Record<string, string>>,
  abortSignal: Signal | undefined,
): Promise<Answer> {
  if (abortSignal?.aborted) throw aborted();
  const request = open(call, headersToSend);
  const onAbort = (): void => void request.destroy(aborted());
  abortSignal?.addEventListener("abort", onAbort);
  request.once("close", () => abortSignal?.removeEventListener("abort", onAbort));
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    // For as long as it lives: a reset may follow an answer.
    request.on("error", (error) => reject(Object.assign(error, { throughProxy: proxyOf(call) })));
    request.once("response", resolve);
    write(request, call.body);
  });
  const { statusCode: status = 0, headers } = response;
  if (call.method === "HEAD") {
    response.resume();
    return { status, headers };
  }
  if (call.streamResponseStatusCodes?.has(status)) return { status, headers, readableStreamBody: response };
  const succeeded = status >= 200 && status < 300;
  const text = await readText(response, succeeded ? maxAnswerBytes : maxErrorBytes);
  // What was still to be sent is not wanted any more; and of a body that was not read the rest is not.
  if (text === undefined || !request.writableFinished) request.destroy();
  if (text === undefined && succeeded) throw new AnswerTooLargeError();
  return { status, headers, bodyAsText: text ?? "" };
}

function open({ url, method, agent }: Call, headers: Readonly<Record<string, string>>): ClientRequest {
  const { protocol, hostname } = new URL(url);
  const secure = protocol === "https:";
  const proxy = isLoopback(hostname) ? undefined : (agent as Agent | undefined);
  const options = { method, headers, agent: proxy ?? (secure ? secureAgent : plainAgent) };
  return secure ? requestHttps(url, options) : requestHttp(url, options);
}

function write(request: ClientRequest, body: unknown): void {
  const content: unknown = typeof body === "function" ? body() : body;
  if (content === undefined || content === null) request.end();
  else if (typeof content === "string" || content instanceof Uint8Array) request.end(content);
  else if (ArrayBuffer.isView(content))
    request.end(new Uint8Array(content.buffer, content.byteOffset, content.byteLength));
  else if (content instanceof ArrayBuffer) request.end(new Uint8Array(content));
  else (content as NodeJS.ReadableStream).pipe(request);
}

/** Undefined if it is longer than `most` bytes. */
async function readText(response: IncomingMessage, max: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > max) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** An answer is longer than any that the service gives. */
class AnswerTooLargeError extends Error {
  readonly code: string = "AnswerTooLarge";
}

function aborted(): Error {
  return Object.assign(new Error("the request was ended"), { name: "AbortError" });
}
