/** All bytes of an answer, which must be as many as it announced. */
export async function readFully(stream: NodeJS.ReadableStream, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let at = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    if (at + chunk.byteLength > size) throw new CutAnswerError();
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  if (at < size) throw new CutAnswerError();
  return bytes;
}

/** Fewer or more bytes came than were announced: a failed connection, like any other. */
class CutAnswerError extends Error {}
