import { Agent, type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as SecureAgent, request as requestHttps } from "node:https";
import { isLoopback } from "../../destination/loopback.ts";
import { proxyOf } from "./proxy.ts";

/**
 * How the libraries of vendors reach the network. Their own ways read an answer into memory however long it
 * is; here none is read further than {@link maxAnswerBytes}, but what a caller streams and bounds himself.
 * Nothing is redirected. Loaded with those libraries, at the first request: Node's own HTTP takes its time.
 */

/** Of an answer that is kept: the largest page of a listing has a few. */
export const maxAnswerBytes: number = 16 * 1024 * 1024;
/** Of what an error says in its body; its status and headers say enough. */
const maxErrorBytes = 64 * 1024;

/** What the libraries tell of a request. */
export interface HttpCall {
  readonly url: string;
  readonly method: string;
  /** Bytes, a text, or a function that opens a stream. */
  readonly body?: unknown;
  /** Of a proxy. */
  readonly agent?: unknown;
  readonly streamResponseStatusCodes?: ReadonlySet<number>;
}

/** What the libraries have for a signal. */
type Signal = Pick<AbortSignal, "aborted" | "addEventListener" | "removeEventListener">;

/** What came back, as text but where it was to be streamed. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly bodyAsText?: string;
  readonly readableStreamBody?: IncomingMessage;
}

const plainAgent = new Agent({ keepAlive: true });
const secureAgent = new SecureAgent({ keepAlive: true });

/** Makes one request. Rejects with the system's error, or an `AbortError`. */
export async function sendHttp(
  call: HttpCall,
  headersToSend: Readonly<Record<string, string>>,
  abortSignal: Signal | undefined,
): Promise<HttpAnswer> {
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

function open({ url, method, agent }: HttpCall, headers: Readonly<Record<string, string>>): ClientRequest {
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
