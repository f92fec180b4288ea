import { isUtf8 } from "node:buffer";
import { isEncoded } from "./decode-body.ts";

/** A body as it is stored: text in one column, bytes in another. */
export type BodyContent =
  | { readonly kind: "none" }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "bytes"; readonly bytes: Buffer };

const none: BodyContent = { kind: "none" };

/**
 * Text where the body says that it is text, and is; bytes for everything else, and for what is compressed. A
 * body without a type is text if its bytes are UTF-8.
 *
 * @param truncated true if more came: then the last character may be cut, and is left out.
 */
export function bodyContent(
  bytes: Buffer,
  contentType: string | null,
  contentEncoding: string | null,
  truncated: boolean,
): BodyContent {
  if (bytes.length === 0) return none;
  if (isEncoded(contentEncoding) || !mayBeText(contentType)) return { kind: "bytes", bytes };
  const charset = charsetOf(contentType);
  if (charset === "utf-8") {
    const whole = truncated ? bytes.subarray(0, wholeCharacters(bytes)) : bytes;
    return isUtf8(whole) ? { kind: "text", text: whole.toString("utf8") } : { kind: "bytes", bytes };
  }
  const text = decoded(bytes, charset, truncated);
  return text === undefined ? { kind: "bytes", bytes } : { kind: "text", text };
}

/** Types whose bodies are read by people, by their structured suffixes (RFC 6839) or by name. */
function mayBeText(contentType: string | null): boolean {
  if (contentType === null) return true;
  const [type = ""] = contentType.split(";", 1);
  return (
    /^\s*text\//i.test(type) ||
    /[/+](json|xml|yaml)\s*$/i.test(type) ||
    /^\s*application\/(x-)?(www-form-urlencoded|ndjson|jsonl|jsonlines|javascript|graphql|sql|yaml|json-seq)\s*$/i.test(
      type,
    )
  );
}

function charsetOf(contentType: string | null): string {
  const named = contentType === null ? null : /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType);
  const charset = named?.[1]?.toLowerCase() ?? "utf-8";
  return charset === "utf8" || charset === "us-ascii" ? "utf-8" : charset;
}

function decoded(bytes: Buffer, charset: string, truncated: boolean): string | undefined {
  try {
    // As of a stream that goes on, of which an incomplete character at the end is left out.
    const stream = truncated;
    return new TextDecoder(charset, { fatal: true, ignoreBOM: true }).decode(bytes, { stream });
  } catch {
    return undefined;
  }
}

/** How many of the bytes are whole UTF-8 characters. */
function wholeCharacters(bytes: Buffer): number {
  // A character has at most three bytes after its first.
  for (let back = 1; back <= Math.min(4, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const needs = byte < 0x80 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return needs <= back ? bytes.length : bytes.length - back;
  }
  return bytes.length;
}
