import { sha256 } from "../../base/checksum.ts";

/**
 * A text of more than `maxBytes` UTF-8 bytes, cut at a code point and marked, so that the result has at most
 * `maxBytes` (or just the mark, when that is longer):
 *
 * ```text
 * <beginning>…[cut: 70000 bytes, sha256 0123456789abcdef]
 * ```
 *
 * with the length of the original in UTF-8 bytes and the first 16 hex digits of its SHA-256. The same text
 * always gives the same result, so equal values stay equal. A text within the limit is returned as it is.
 * Must be well-formed.
 */
export function cutText(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) return text;
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxBytes) return text;
  const mark = `…[cut: ${bytes} bytes, sha256 ${sha256(text).slice(0, 16)}]`;
  return beginning(text, Math.max(0, maxBytes - Buffer.byteLength(mark))) + mark;
}

/**
 * A JSON text of more than `maxBytes` UTF-8 bytes as a JSON *string* that holds its cut text, so that the
 * cell stays valid JSON. The limit then holds for the text inside the string.
 */
export function cutJson(text: string, maxBytes: number): string {
  const cut = cutText(text, maxBytes);
  return cut === text ? text : JSON.stringify(cut);
}

function beginning(text: string, maxBytes: number): string {
  const bytes = Buffer.alloc(maxBytes);
  // encodeInto stops before the first code point that does not fit.
  const { read } = new TextEncoder().encodeInto(text, bytes);
  return text.slice(0, read);
}
