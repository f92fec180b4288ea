import { Readable } from "node:stream";
import { asError } from "../base/errors.ts";
import { bodyChunks } from "./object-body.ts";
import type { ObjectBody } from "./store.ts";

/** A stream reads ahead, and a socket holds what it could not send yet: each chunk in memory of its own. */
async function* ownChunks(body: ObjectBody): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of bodyChunks(body)) yield new Uint8Array(chunk);
}

/**
 * A body as an HTTP client takes it: bytes as they are, or a function that opens a stream. The client pipes
 * the stream and never listens for its errors, which would end the process, nor notices that it ended early.
 * So a failing source aborts the request through {@link BodySource.signal} and is kept in {@link
 * BodySource.failure}.
 */
export class BodySource {
  readonly content: Uint8Array | (() => NodeJS.ReadableStream);
  /** Fires with the given signal, or when the source fails. */
  readonly signal: AbortSignal;
  /** Why the source failed, if it did. */
  failure: Error | undefined;
  readonly #controller: AbortController = new AbortController();
  readonly #streams: Readable[] = [];
  readonly #outer: AbortSignal;
  readonly #onAbort = (): void => this.#controller.abort(this.#outer.reason);

  constructor(body: ObjectBody, signal: AbortSignal) {
    this.#outer = signal;
    this.signal = this.#controller.signal;
    signal.addEventListener("abort", this.#onAbort, { once: true });
    this.content = body instanceof Uint8Array ? body : () => this.#open(body);
  }

  #open(body: ObjectBody): NodeJS.ReadableStream {
    const stream = Readable.from(ownChunks(body), { objectMode: false });
    stream.on("error", (thrown) => {
      this.failure ??= asError(thrown);
      this.#controller.abort();
    });
    this.#streams.push(stream);
    return stream;
  }

  /** Ends the streams that are still open. */
  close(): void {
    this.#outer.removeEventListener("abort", this.#onAbort);
    for (const stream of this.#streams) stream.destroy();
  }
}
