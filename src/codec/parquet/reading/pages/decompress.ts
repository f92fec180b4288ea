import zlib from "node:zlib";
import { ZstdDecompressor } from "../../bytes/zstd-decompressor.ts";

/**
 * The bytes of a page, exactly `size` of them: never makes more, whatever the compressed bytes would become.
 * They may be put into `room`, if they are fewer.
 */
export function decompress(codec: string, input: Uint8Array, size: number, room?: Uint8Array): Uint8Array {
  const output = decompressed(codec, input, size, room);
  if (output.length !== size) throw new Error(`a page has ${output.length} bytes, its header says ${size}`);
  return output;
}

function decompressed(
  codec: string,
  input: Uint8Array,
  size: number,
  room: Uint8Array | undefined,
): Uint8Array {
  switch (codec) {
    case "UNCOMPRESSED":
      return input;
    case "ZSTD":
      return zstd(input, size, room);
    case "SNAPPY":
      return snappy(input, size);
    default:
      throw new Error(`it is compressed with ${codec}, which this reader does not know`);
  }
}

const maxChunkBytes = 64 * 1024 * 1024;
const zstdDecompressor = new ZstdDecompressor();

function zstd(input: Uint8Array, size: number, room: Uint8Array | undefined): Uint8Array {
  const whole = zstdDecompressor.decompress(input, size, room);
  if (whole !== undefined) return whole;
  try {
    return zlib.zstdDecompressSync(input, {
      // With a byte to spare: a full chunk would have another one made for what comes next.
      chunkSize: Math.min(Math.max(size + 1, 64), maxChunkBytes),
      maxOutputLength: Math.max(size, 1),
    });
  } catch (cause) {
    const more = (cause as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE";
    throw new Error(
      more
        ? `a page decompresses to more than the ${size} bytes its header says`
        : "a page cannot be decompressed",
      { cause },
    );
  }
}

/**
 * Snappy's raw format: the length, then literals and copies of what came before.
 *
 *   tag & 3 = 0: a literal of (tag >> 2) + 1 bytes, or of the little-endian number in the next 1 to 4 bytes,
 *   plus one tag & 3 = 1: copy ((tag >> 2) & 7) + 4 bytes from (tag >> 5) << 8 | next byte before tag & 3 =
 *   2, 3: copy (tag >> 2) + 1 bytes from the number in the next 2, 4 bytes before
 */
function snappy(input: Uint8Array, size: number): Uint8Array {
  const output = new Uint8Array(size);
  let at = 0;
  let made = 0;
  const number = (bytes: number): number => {
    if (at + bytes > input.length) throw new Error("a page cannot be decompressed: it is cut");
    let value = 0;
    for (let i = 0; i < bytes; i++) value += (input[at++] ?? 0) * 256 ** i;
    return value;
  };
  while (number(1) >= 0x80) if (at > 5) throw new Error("a page cannot be decompressed: it has no length");
  while (at < input.length) {
    const tag = number(1);
    const kind = tag & 3;
    const high = tag >> 2;
    const length = kind === 1 ? (high & 7) + 4 : kind === 0 && high >= 60 ? number(high - 59) + 1 : high + 1;
    if (length > size - made) {
      throw new Error(`a page decompresses to more than the ${size} bytes its header says`);
    }
    if (kind === 0) {
      if (length > input.length - at) throw new Error("a page cannot be decompressed: it is cut");
      output.set(input.subarray(at, at + length), made);
      at += length;
      made += length;
      continue;
    }
    const distance = kind === 1 ? (tag >> 5) * 256 + number(1) : number(kind === 2 ? 2 : 4);
    if (distance === 0 || distance > made) {
      throw new Error("a page cannot be decompressed: it refers to what is before its beginning");
    }
    // Byte by byte: what is copied may only just have been made.
    for (let i = 0; i < length; i++, made++) output[made] = output[made - distance] ?? 0;
  }
  return output.subarray(0, made);
}
