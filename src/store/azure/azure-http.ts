import type { HttpClient } from "@azure/core-rest-pipeline";
import type { HttpHeaders, IHttpClient } from "@azure/storage-blob";
import { type HttpAnswer, sendHttp } from "../service/http-send.ts";

/** How the Azure libraries reach the network: see `service/http-send.ts`. */

/** For one request that sets no limit of its own. */
const defaultTimeoutMs = 30_000;

/** For `@azure/storage-blob`. */
export const blobHttpClient: IHttpClient = {
  async sendRequest(request) {
    const answer = await sendHttp(
      request,
      request.headers.toJson({ preserveCase: true }),
      request.abortSignal,
    );
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
    const answer = await sendHttp(request, request.headers.toJSON({ preserveCase: true }), abortSignal);
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

function plainHeaders(headers: HttpAnswer["headers"]): [string, string][] {
  return Object.entries(headers).flatMap(([name, value]) => {
    const first = Array.isArray(value) ? value[0] : value;
    return first === undefined ? [] : [[name, first]];
  });
}
