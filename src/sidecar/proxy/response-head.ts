import type { IncomingMessage, ServerResponse } from "node:http";
import { countOf } from "../../base/plural.ts";
import { endToEnd, tokensOf } from "./hop-headers.ts";
import { maxHeaders } from "./request-head.ts";

/** What is wrong with a response, so that it cannot be passed on; undefined if it can. */
export function faultOf({ rawHeaders, statusCode = 0 }: IncomingMessage): string | undefined {
  if (rawHeaders.length / 2 >= maxHeaders) return `has ${countOf(maxHeaders, "header field")} or more`;
  if (statusCode < 200 || statusCode > 999) return "has a status that HTTP does not have";
  const coding = tokensOf(rawHeaders, "transfer-encoding").join();
  return coding === "" || coding === "chunked" ? undefined : "has a transfer coding other than chunked";
}

/**
 * Writes the head of the target's answer: its status, reason and headers as they came, but for what was
 * between it and the sidecar alone.
 *
 * @param madeId the id that was made for the request, told unless the target names one; undefined if none
 * was.
 */
export function writeTargetHead(
  answer: IncomingMessage,
  request: IncomingMessage,
  response: ServerResponse,
  madeId: string | undefined,
): void {
  const status = answer.statusCode as number;
  const noBody = request.method === "HEAD" || status === 204 || status === 304;
  const hasCoding = tokensOf(answer.rawHeaders, "transfer-encoding").length > 0;
  const chunked = hasCoding && request.httpVersion === "1.1" && !noBody;
  let isNamed = false;
  const headers = endToEnd(answer.rawHeaders, { chunked }, (name) => {
    isNamed ||= name === "x-request-id";
    return !(name === "content-length" && status === 204);
  });
  if (madeId !== undefined && !isNamed) headers.push("X-Request-Id", madeId);
  addNothing(request, response);
  response.writeHead(status, answer.statusMessage ?? "", headers);
}

/** Keeps Node from adding what the target did not say. */
export function addNothing(request: IncomingMessage, response: ServerResponse): void {
  response.sendDate = false;
  // A connection of HTTP/1.1 stays open without a word about it.
  if (request.httpVersion === "1.1" && response.shouldKeepAlive) response.removeHeader("connection");
}

/** Bytes of an informational response (1xx), for the client's connection. */
export function informationalHead(status: number, reason: string, rawHeaders: readonly string[]): Buffer {
  const lines = [`HTTP/1.1 ${status} ${reason}`];
  const headers = endToEnd(rawHeaders, { chunked: false });
  for (let i = 0; i + 1 < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}
