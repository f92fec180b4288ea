import type { IncomingMessage } from "node:http";

/** Bytes of a request's body: more than a managed endpoint lets through. */
const maxBodyBytes = 16 * 1024 * 1024;

/** A request that is not served, and what its sender is told. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }

  toResponse(): Response {
    return Response.json({ error: this.message }, { status: this.status });
  }
}

/**
 * What a request brings: the value of a JSON text, which is also what a body without type is taken for; of
 * another text a string; of anything else its bytes. Rejects with a {@link Refusal}.
 */
export async function readInput(request: IncomingMessage): Promise<unknown> {
  const { "content-type": type = "application/json", "content-encoding": coding = "identity" } =
    request.headers;
  if (coding !== "identity") throw new Refusal(415, `expected a plain body, got one in ${coding}`);
  const body = await readBody(request);
  if (/^application\/(?:[\w.-]+\+)?json\b/i.test(type)) {
    try {
      return JSON.parse(body.toString("utf8"));
    } catch {
      throw new Refusal(400, "expected a JSON text");
    }
  }
  return /^text\//i.test(type) ? body.toString("utf8") : body;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Not destroyed when it is too long, so that its sender can be told.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > maxBodyBytes) throw new Refusal(413, `expected at most ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
