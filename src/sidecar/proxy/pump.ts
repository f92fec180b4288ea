import type { IncomingMessage, OutgoingMessage } from "node:http";
import type { Socket } from "node:net";
import { trailersOf } from "./hop-headers.ts";

const nothing = Buffer.alloc(0);

/**
 * Sends the body of one message on as that of the other, chunk by chunk as it comes, no faster than it is
 * taken, with its trailers. The head goes out at once, also if no body comes for a while.
 *
 * What came in one packet leaves in one, head, chunks and end: each more would be a call of the operating
 * system here, and a turn of whoever hears it.
 *
 * @param onBytes told the length of each chunk.
 */
export function pump(source: IncomingMessage, sink: OutgoingMessage, onBytes: (bytes: number) => void): void {
  let begun = false;
  /** The connection whose packet is being filled. */
  let held: Socket | null = null;
  const release = (): void => {
    // Not by `flushHeaders`, which writes values that are not ASCII as UTF-8, and not as the bytes that came.
    if (!begun && !sink.destroyed) sink.write(nothing);
    begun = true;
    held?.uncork();
    held = null;
  };
  const hold = (): void => {
    if (held !== null) return;
    held = sink.socket;
    held?.cork();
    // After all that Node tells of a packet, be it in its next ticks, as the end.
    queueMicrotask(release);
  };
  source.on("data", (chunk: Buffer) => {
    begun = true;
    onBytes(chunk.length);
    hold();
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
  hold();
}
