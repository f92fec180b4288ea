import zlib, { constants } from "node:zlib";
import type { Cell } from "../answers.ts";
import { cellOf, textCell, type TextRoom } from "../cell.ts";

/** Bytes that a compressed body may have when it is not: a small one can stand for a great many. */
const maxDecodedBytes = 16 * 1024 * 1024;

/** A body's bytes as text, whatever they were compressed with; as they are where they are no text. */
export function bodyCell(bytes: Uint8Array, encoding: unknown, max: number, room: TextRoom): Cell {
  const name = typeof encoding === "string" ? encoding.trim().toLowerCase() : "";
  const decoded = decode(bytes, name);
  // What was cut before its first block ended says nothing.
  const isTold = decoded !== undefined && (decoded.length > 0 || bytes.length === 0);
  const text = isTold ? textIn(decoded) : undefined;
  if (text === undefined) return cellOf(bytes, max, room);
  const kind = /^\s*[[{]/.test(text) ? "json" : "text";
  return { ...textCell(kind, text, max, room), ...(name === "" ? {} : { read: name }) };
}

/** Undefined for what cannot be decoded; of a body that was cut, what there is. */
function decode(bytes: Uint8Array, encoding: string): Uint8Array | undefined {
  const size = { maxOutputLength: maxDecodedBytes };
  try {
    switch (encoding) {
      case "":
      case "identity":
        return bytes;
      case "gzip":
      case "x-gzip":
        return zlib.gunzipSync(bytes, { ...size, finishFlush: constants.Z_SYNC_FLUSH });
      case "deflate":
        return zlib.inflateSync(bytes, { ...size, finishFlush: constants.Z_SYNC_FLUSH });
      case "br":
        return zlib.brotliDecompressSync(bytes, { ...size, finishFlush: constants.BROTLI_OPERATION_FLUSH });
      case "zstd":
        return zlib.zstdDecompressSync(bytes, { ...size, finishFlush: constants.ZSTD_e_flush });
      default:
        return undefined;
    }
  } catch {
    return undefined;
  }
}

/** UTF-8 that is text: but for its end, which may have been cut. */
function textIn(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return /[\u0000-\u0008\u000e-\u001a]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
