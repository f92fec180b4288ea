import type { Header } from "./plan.ts";

/** One response, as its client sees it. */
export interface HeardResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly Header[];
  /** Those of what follows chunks. */
  readonly trailers: readonly Header[];
  /** Statuses of the informational heads before it. */
  readonly informational: readonly number[];
  /** As much of the body as came. */
  readonly body: Buffer;
  /** False if the connection ended before the response did. */
  readonly whole: boolean;
}

/**
 * The responses in what a client received, read by RFC 9112 and by nothing of Node. `methods` are those of
 * the requests, in their order.
 */
export function readResponses(received: Buffer, methods: readonly string[], ended: boolean): HeardResponse[] {
  const found: HeardResponse[] = [];
  let at = 0;
  let informational: number[] = [];
  while (at < received.length && found.length < methods.length) {
    const end = received.indexOf("\r\n\r\n", at);
    if (end === -1) break;
    const [first = "", ...lines] = received.toString("latin1", at, end).split("\r\n");
    const status = Number(first.slice(9, 12));
    const headers = lines.map(headerOf);
    at = end + 4;
    if (status < 200) {
      informational.push(status);
      continue;
    }
    const rest = received.subarray(at);
    const { taken, ...body } = readBody(rest, status, methods[found.length] ?? "", headers, ended);
    const { whole } = body;
    found.push({ status, reason: first.slice(13), headers, informational, ...body });
    informational = [];
    if (!whole) break;
    at += taken;
  }
  return found;
}

function headerOf(line: string): Header {
  const colon = line.indexOf(":");
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

/** The values of a header; names in any case. */
export function headerValues(headers: readonly Header[], name: string): string[] {
  return headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
}

interface HeardBody extends Pick<HeardResponse, "body" | "trailers" | "whole"> {
  readonly taken: number;
}

function readBody(
  rest: Buffer,
  status: number,
  method: string,
  headers: readonly Header[],
  ended: boolean,
): HeardBody {
  if (method === "HEAD" || status === 204 || status === 304)
    return { body: Buffer.alloc(0), trailers: [], taken: 0, whole: true };
  if (headerValues(headers, "transfer-encoding").includes("chunked")) return readChunks(rest);
  const length = headerValues(headers, "content-length")[0];
  if (length === undefined) return { body: rest, trailers: [], taken: rest.length, whole: ended };
  const body = rest.subarray(0, Number(length));
  return { body, trailers: [], taken: body.length, whole: body.length === Number(length) };
}

function readChunks(rest: Buffer): HeardBody {
  const chunks: Buffer[] = [];
  let at = 0;
  const body = (): Buffer => Buffer.concat(chunks);
  const cut = (): HeardBody => ({ body: body(), trailers: [], taken: at, whole: false });
  for (;;) {
    const line = rest.indexOf("\r\n", at);
    if (line === -1) return cut();
    const size = Number.parseInt(rest.toString("latin1", at, line), 16);
    // Another response in the middle of one: what a server tells a client that breaks off its request.
    if (Number.isNaN(size)) return cut();
    if (size === 0) {
      // The last chunk, and trailers until an empty line.
      const end = rest.indexOf("\r\n\r\n", line);
      if (end === -1) return cut();
      const lines = rest.toString("latin1", line + 2, end).split("\r\n");
      const trailers = lines.filter((text) => text !== "").map(headerOf);
      return { body: body(), trailers, taken: end + 4, whole: true };
    }
    chunks.push(rest.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
    if (at > rest.length) return cut();
  }
}
