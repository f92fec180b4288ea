import { createHash } from "node:crypto";
import { once } from "node:events";
import { type ClientRequest, request as httpRequest } from "node:http";

/** The bytes of a body from `at` on: every place of it looks different, and nobody has to keep it. */
export function bodyPart(at: number, length: number): Buffer {
  const part = Buffer.alloc(length);
  for (let i = 0; i + 4 <= length; i += 4) part.writeUInt32LE(Math.imul(at + i, 2_654_435_761) >>> 0, i);
  return part;
}

const partBytes = 64 * 1024;

/** SHA-256 of such a body, 64 hex digits. */
export function bodyHash(size: number): string {
  const hash = createHash("sha256");
  for (let at = 0; at < size; at += partBytes) hash.update(bodyPart(at, Math.min(partBytes, size - at)));
  return hash.digest("hex");
}

/** What came back. */
export interface Echo {
  readonly size: number;
  readonly sha256: string;
}

/** Sends a body of so many bytes part by part, as fast as it is taken, and reads what is answered. */
export async function sendBody(
  port: number,
  id: string,
  size: number,
  headers: Record<string, string> = {},
): Promise<Echo> {
  const request = openRequest(port, id, { ...headers, "content-length": String(size) });
  const answer = once(request, "response").then(([response]) => readAll(response as AsyncIterable<Buffer>));
  for (let at = 0; at < size; at += partBytes) {
    if (!request.write(bodyPart(at, Math.min(partBytes, size - at)))) await once(request, "drain");
  }
  request.end();
  return answer;
}

async function readAll(chunks: AsyncIterable<Buffer>): Promise<Echo> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { size, sha256: hash.digest("hex") };
}

/** A request whose body is still to be written. */
export function openRequest(port: number, id: string, headers: Record<string, string> = {}): ClientRequest {
  const request = httpRequest({
    host: "127.0.0.1",
    port,
    method: "POST",
    path: `/${id}`,
    agent: false,
    headers: { "x-request-id": id, "content-type": "application/octet-stream", ...headers },
  });
  request.on("error", () => {});
  return request;
}
