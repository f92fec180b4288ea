import zlib from "node:zlib";

interface Bound {
  readonly maxOutputLength: number;
}

type Convert = (bytes: Buffer, bound: Bound) => Buffer;
type ConvertLater = (
  bytes: Buffer,
  bound: Bound,
  done: (error: Error | null, result: Buffer) => void,
) => void;

interface Coding {
  readonly now: Convert;
  readonly later: ConvertLater;
}

/** Codings that one body may have on top of each other. */
const maxCodings = 4;

/** The names of a body's codings, the outermost first. */
function codingsOf(contentEncoding: string | null): readonly string[] {
  const names = (contentEncoding ?? "").toLowerCase().split(",");
  const codings = names.map((name) => name.trim()).filter((name) => name !== "" && name !== "identity");
  if (codings.length > maxCodings) throw new Error("too many codings");
  return codings.toReversed();
}

function codingOf(name: string, bytes: Buffer): Coding {
  switch (name) {
    case "gzip":
    case "x-gzip":
      return { now: zlib.gunzipSync, later: zlib.gunzip };
    case "deflate":
      // Without the header of RFC 1950, too: some servers take the name for RFC 1951.
      return ((bytes[0] ?? 0) & 0x0f) === 8
        ? { now: zlib.inflateSync, later: zlib.inflate }
        : { now: zlib.inflateRawSync, later: zlib.inflateRaw };
    case "br":
      return { now: zlib.brotliDecompressSync, later: zlib.brotliDecompress };
    case "zstd":
      // Not in every runtime: then it is no function, and that is caught.
      return { now: zlib.zstdDecompressSync, later: zlib.zstdDecompress };
    default:
      throw new Error("an unknown coding");
  }
}

/** A body as it came. */
export interface CodedBody {
  readonly bytes: Buffer;
  /** Its `content-encoding`. */
  readonly encoding: string | null;
}

/** Whether a body with this `content-encoding` is another sequence of bytes than the one that is meant. */
export function isEncoded(contentEncoding: string | null): boolean {
  return contentEncoding !== null && !/^\s*(identity\s*)?$/i.test(contentEncoding);
}

/**
 * The decoded body. Undefined if it cannot be decoded, or would be longer than `maxBytes`: no more than that
 * is ever made of it, however well it is compressed.
 */
export function decodeNow({ bytes, encoding }: CodedBody, maxBytes: number): Buffer | undefined {
  try {
    let decoded = bytes;
    for (const name of codingsOf(encoding))
      decoded = codingOf(name, decoded).now(decoded, { maxOutputLength: maxBytes });
    return decoded;
  } catch {
    return undefined;
  }
}

/** The same, on another thread. */
export async function decodeLater(
  { bytes, encoding }: CodedBody,
  maxBytes: number,
): Promise<Buffer | undefined> {
  try {
    let decoded = bytes;
    for (const name of codingsOf(encoding)) {
      const input = decoded;
      decoded = await new Promise((resolve, reject) => {
        codingOf(name, input).later(input, { maxOutputLength: maxBytes }, (error, result) => {
          if (error === null) resolve(result);
          else reject(error);
        });
      });
    }
    return decoded;
  } catch {
    return undefined;
  }
}
