import zlib, { constants } from "node:zlib";

/** By number of the parameter, as `node:zlib` numbers them. */
export type ZstdParams = Readonly<Record<number, number>>;

/**
 * Compresses one body after another with the same parameters, each to a Zstandard frame of its own (RFC
 * 8878), byte for byte as `zstdCompressSync` does. That makes a context of about 1 MB for each call, which
 * takes nearly as long as to compress a page with it, and which stays until V8 collects it; V8 does not know
 * how large it is, so hundreds come together. Here there is one context.
 */
export interface ZstdContext {
  /** The frame is good until the next call. */
  compress(body: Uint8Array): Uint8Array;
}

/** Falls back to a context for each body where this Node does not offer what {@link reusedContext} needs. */
export function createZstdContext(params: ZstdParams): ZstdContext {
  const fresh: ZstdContext = { compress: (body) => compressAlone(body, params) };
  return reusedContext(params) ?? fresh;
}

/**
 * A context that is used again, by the inner calls of Node's own synchronous functions: they have been the
 * same since zlib is a part of it, but are not documented. Therefore they are tried first; undefined if they
 * do anything else than expected.
 */
export function reusedContext(params: ZstdParams): ZstdContext | undefined {
  const stream = zlib.createZstdCompress({ params: { ...params } }) as InnerZstd &
    ReturnType<typeof zlib.createZstdCompress>;
  // An error is told by `destroyed` already.
  stream.on("error", () => {});
  const { _handle: handle, _writeState: state } = stream;
  if (typeof handle?.writeSync !== "function" || !(state instanceof Uint32Array)) return undefined;
  let output = new Uint8Array(firstOutput);
  const compress = (body: Uint8Array): Uint8Array => {
    if (stream.destroyed || body.length > maxReused) return compressAlone(body, params);
    const bound = compressBound(body.length);
    if (output.length < bound) output = new Uint8Array(bound);
    // With all the input and room for any result, an end is reached at once, and the context is ready for the
    // next frame.
    handle.writeSync(constants.ZSTD_e_end, body, 0, body.length, output, 0, output.length);
    const [room = 0, left = 0] = state;
    if (!stream.destroyed && left === 0 && room > 0) return output.subarray(0, output.length - room);
    stream.destroy();
    return compressAlone(body, params);
  };
  const works = samples.every(
    (sample) => Buffer.compare(compress(sample), compressAlone(sample, params)) === 0,
  );
  if (works && !stream.destroyed) return { compress };
  stream.destroy();
  return undefined;
}

function compressAlone(body: Uint8Array, params: ZstdParams): Uint8Array {
  // One buffer that surely holds the result, instead of a list of 16 KiB ones to join.
  const chunkSize = compressBound(body.length);
  return zlib.zstdCompressSync(body, { params: { ...params }, chunkSize, pledgedSrcSize: body.length });
}

/** No frame is longer than this (ZSTD_COMPRESSBOUND in zstd.h). */
function compressBound(length: number): number {
  return length + (length >> 8) + 128;
}

/** What is used of a stream of `node:zlib`, if it has it. */
export interface InnerZstd {
  readonly _handle?: {
    writeSync(
      flush: number,
      input: Uint8Array,
      inputStart: number,
      inputLength: number,
      output: Uint8Array,
      outputStart: number,
      outputLength: number,
    ): void;
  };
  /** Bytes left of the output and of the input after a call. */
  readonly _writeState?: Uint32Array;
}

/** Holds the frame of a page of usual size. */
const firstOutput = 272 * 1024;
/** Larger bodies are rare, and a context keeps the memory for the largest that it has seen. */
const maxReused = 1024 * 1024;
const samples = [Buffer.from("frame after frame, ".repeat(20)), Buffer.alloc(0), Buffer.from([1, 2, 3])];
