import type { ObjectBody } from "./store.ts";

/** Bytes in `body`. */
export function bodySize(body: ObjectBody): number {
  return body instanceof Uint8Array ? body.byteLength : body.size;
}

/**
 * The source of a body failed, not the store. `size`: it gave more or fewer bytes than declared, so it is
 * damaged. `unreadable`: it threw, which may pass.
 */
export class BodyError extends Error {
  override readonly name: string = "BodyError";
  readonly reason: "size" | "unreadable";

  constructor(reason: "size" | "unreadable", message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.reason = reason;
  }
}

/**
 * The chunks of `body`, opened anew. Throws {@link BodyError}: at the first byte past the declared size, or
 * at the end if there were fewer, so that a cut source never becomes a whole object. Throws the reason of
 * `signal` once it aborts.
 */
export async function* bodyChunks(
  body: ObjectBody,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  signal?.throwIfAborted();
  if (body instanceof Uint8Array) {
    if (body.byteLength > 0) yield body;
    return;
  }
  let seen = 0;
  for await (const chunk of openBody(body)) {
    signal?.throwIfAborted();
    seen += chunk.byteLength;
    if (seen > body.size) throw new BodyError("size", `the body declared ${body.size} bytes and gave more`);
    if (chunk.byteLength > 0) yield chunk;
  }
  if (seen < body.size) {
    throw new BodyError("size", `the body declared ${body.size} bytes and gave ${seen}`);
  }
}

async function* openBody(body: Exclude<ObjectBody, Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* body.open();
  } catch (thrown) {
    throw new BodyError("unreadable", "the body could not be read", { cause: thrown });
  }
}

/**
 * True if two sequences of chunks are the same bytes, however they are cut. Reads no further than the first
 * difference.
 */
export async function sameBytes(
  left: AsyncIterable<Uint8Array>,
  right: AsyncIterable<Uint8Array>,
): Promise<boolean> {
  const source = right[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array(0);
  try {
    for await (const chunk of left) {
      let at = 0;
      while (at < chunk.byteLength) {
        if (rest.byteLength === 0) {
          const next = await source.next();
          if (next.done) return false;
          rest = next.value;
          continue;
        }
        const length = Math.min(rest.byteLength, chunk.byteLength - at);
        if (Buffer.compare(chunk.subarray(at, at + length), rest.subarray(0, length)) !== 0) return false;
        rest = rest.subarray(length);
        at += length;
      }
    }
    while (rest.byteLength === 0) {
      const next = await source.next();
      if (next.done) return true;
      rest = next.value;
    }
    return false;
  } finally {
    await source.return?.();
  }
}
