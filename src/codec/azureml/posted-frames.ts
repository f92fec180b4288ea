import type { EncodedBody, EncodedFrame, EncodedFrames } from "../encoder.ts";

/*
 * Frames as one sequence of bytes, so that they are frozen together and each is found again:
 *
 *     head of frame 0, JSON | its body | head of frame 1 | its body | … | index | frames, u32 | magic
 *
 * The index has for each frame where its head ends and where its body ends, two little-endian doubles.
 */

/** What stands before a frame's body. */
export interface FrameHead {
  readonly headers: Readonly<Record<string, string>>;
  readonly rows: number;
}

const magic = Buffer.from("MDCPOSTS", "latin1");
const tailBytes = 4 + magic.length;
const entryBytes = 16;
/** A frame of at most so many bytes is read at once, and held until it is posted. */
const maxHeldBytes = 4 * 1024 * 1024;

/** What stands behind the frames; `ends` has two numbers for each. */
export function framesIndex(ends: readonly number[]): Uint8Array {
  const index = Buffer.alloc(ends.length * 8 + tailBytes);
  for (const [i, end] of ends.entries()) index.writeDoubleLE(end, i * 8);
  index.writeUInt32LE(ends.length / 2, ends.length * 8);
  magic.copy(index, index.length - magic.length);
  return index;
}

/** Opens what was written so. Throws if it was not. */
export async function openFrames(body: EncodedBody): Promise<EncodedFrames> {
  const tail = await read(body, Math.max(0, body.size - tailBytes), body.size);
  const count = tail.length === tailBytes ? tail.readUInt32LE(0) : 0;
  const from = body.size - tailBytes - count * entryBytes;
  if (!tail.subarray(4).equals(magic) || from < 0) throw new Error("frozen frames have no index");
  const index = await read(body, from, body.size - tailBytes);
  const endOf = (entry: number): number => (entry < 0 ? 0 : index.readDoubleLE(entry * 8));
  return {
    count,
    async read(number): Promise<EncodedFrame> {
      const [start, headEnd, end] = [2 * number - 1, 2 * number, 2 * number + 1].map(endOf) as [
        number,
        number,
        number,
      ];
      const held = end - start <= maxHeldBytes ? await read(body, start, end) : undefined;
      const head = held?.subarray(0, headEnd - start) ?? (await read(body, start, headEnd));
      const { headers, rows } = JSON.parse(head.toString("utf8")) as FrameHead;
      const bytes = held?.subarray(headEnd - start);
      return {
        headers,
        rows,
        size: end - headEnd,
        open: bytes === undefined ? () => body.open(headEnd, end) : () => once(bytes),
      };
    },
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}

async function read(body: EncodedBody, start: number, end: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of body.open(start, end)) parts.push(new Uint8Array(part));
  return Buffer.concat(parts);
}
