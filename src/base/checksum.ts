import { createHash } from "node:crypto";
import zlib from "node:zlib";

/** CRC-32 (ISO-HDLC, as in zlib), optionally continued from `seed`. 5 GB/s in `node:zlib`. */
export function crc32(bytes: Uint8Array, seed = 0): number {
  // Of no bytes zlib makes 0 instead of the seed, if they also have no address.
  return bytes.length === 0 ? seed : zlib.crc32(bytes, seed);
}

/** SHA-256 as 64 lower-case hex digits. */
export function sha256(...parts: readonly (Uint8Array | string)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}
