import { constants, zstdCompressSync } from "node:zlib";
import type { Codec } from "./format.ts";

/** Compresses one page body. */
export interface Compressor {
  readonly codec: Codec;
  /** New bytes, or the same object when the codec is UNCOMPRESSED. */
  compress(body: Uint8Array): Uint8Array;
}

/** Leaves pages as they are. */
export const noCompressor: Compressor = { codec: "UNCOMPRESSED", compress: (body) => body };

/** Zstandard (Compression.md, "ZSTD") at `level`. */
export function createZstdCompressor(level: number): Compressor {
  const params = { [constants.ZSTD_c_compressionLevel]: level };
  return {
    codec: "ZSTD",
    compress(body) {
      // One output buffer that surely holds the result (ZSTD_COMPRESSBOUND), instead of a list of 16 KiB ones to join.
      const bound = body.length + (body.length >> 8) + 128;
      const compressed = zstdCompressSync(body, { params, chunkSize: bound, pledgedSrcSize: body.length });
      // The result is the front of that buffer. A right-sized copy lets the large one go at once.
      return compressed.length * 2 < bound ? new Uint8Array(compressed) : compressed;
    },
  };
}
