import type { IncomingMessage, OutgoingMessage } from "node:http";
import { onNextTurn } from "../../base/time/clock.ts";
import { trailersOf } from "./hop-headers.ts";

const nothing = Buffer.alloc(0);

/**
 * Sends the body of one message on as that of the other, chunk by chunk as it comes, no faster than it is
 * taken, with its trailers. The head goes out at once, also if no body comes for a while.
 *
 * @param onBytes told the length of each chunk.
 */
export function pump(source: IncomingMessage, sink: OutgoingMessage, onBytes: (bytes: number) => void): void {
  let begun = false;
  source.on("data", (chunk: Buffer) => {
    begun = true;
    onBytes(chunk.length);
    if (!sink.write(chunk)) source.pause();
  });
  sink.on("drain", () => source.resume());
  source.on("end", () => {
    begun = true;
    // Of a message that broke off, what came is all that can be said.
    if (!source.complete) return;
    const trailers = trailersOf(source);
    if (trailers.length > 0) sink.addTrailers(trailers);
    sink.end();
  });
  // With the first chunk, if that comes at once: one packet then, not two. Not by `flushHeaders`, which
  // writes values that are not ASCII as UTF-8, and not as the bytes that came.
  onNextTurn(() => {
    if (!begun && !sink.destroyed) sink.write(nothing);
  });
}
