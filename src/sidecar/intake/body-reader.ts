import type { IncomingMessage } from "node:http";
import { Refusal, unavailable } from "./answer.ts";

/** What bodies may take. */
export interface BodyBounds {
  /** Of one body, bytes. */
  readonly maxBodyBytes: number;
  /** Of all that are being read or worked on, bytes. */
  readonly maxHeldBytes: number;
}

/** Reads the bodies of requests whole, within bounds. */
export class BodyReader {
  readonly #bounds: BodyBounds;
  #held = 0;

  constructor(bounds: BodyBounds) {
    this.#bounds = bounds;
  }

  /**
   * Gives a request's body to `work`, and holds its memory until that is done. Rejects with a
   * {@link Refusal}: 413 for one that is too long, 503 while all together are; 400 for one that was not sent
   * to its end.
   */
  async read<T>(request: IncomingMessage, work: (body: Buffer) => Promise<T>): Promise<T> {
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      const told = Number(request.headers["content-length"] ?? 0);
      this.#check(told, told);
      for await (const chunk of request as AsyncIterable<Buffer>) {
        size += chunk.length;
        this.#held += chunk.length;
        this.#check(size, 0);
        chunks.push(chunk);
      }
      if (!request.complete) throw new Refusal(400, "the body was not sent to its end");
      return await work(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size));
    } catch (thrown) {
      if (thrown instanceof Refusal || request.complete) throw thrown;
      throw new Refusal(400, "the body was not sent to its end");
    } finally {
      this.#held -= size;
    }
  }

  #check(bytes: number, more: number): void {
    const { maxBodyBytes, maxHeldBytes } = this.#bounds;
    if (bytes > maxBodyBytes)
      throw new Refusal(413, `the body has more than ${maxBodyBytes} bytes`, { Connection: "close" });
    if (this.#held + more > maxHeldBytes) throw unavailable("too many bodies are being read");
  }
}
