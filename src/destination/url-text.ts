import { kindOf, type Told, told, wrongValue } from "../base/errors.ts";

/** A URL as it may be shown: scheme and web host. Paths hold secrets too, where somebody pastes the address of a web hook. */
export function shownUrl(url: string): Told {
  const [, scheme, host = ""] = /^([a-z][a-z0-9+.-]*):(?:\/\/)?([^/?#]*)/i.exec(url) ?? [];
  if (scheme === undefined) return told(kindOf(url));
  // What stands before an @, and what cannot be told from it, is a user with a password.
  const plain = /^https?$/i.test(scheme) && !url.includes("@") && /^[\w.:[\]-]{1,100}$/.test(host);
  return told(`a URL ${scheme.toLowerCase()}://${plain ? host : ""}…`);
}

/**
 * The percent-decoded parts of a path, without the empty ones at its two ends. Refused are parts that would leave the
 * folder or that somebody on the way treats specially: `.`, `..`, empty parts in between, slashes that were hidden by
 * encoding, a dot at the end, characters that are none or that XML cannot say (Azure: "Naming and referencing containers,
 * blobs, and metadata"), and `%`, `?` and `#`, which one engine would take as they are and the next decode. They are looked
 * for here because `new URL` quietly resolves `a/../b`, and with it the name of the container.
 */
export function decodePath(path: string, shown: string, where: string): string[] {
  const parts = path.replace(/^\/+|\/+$/g, "").split("/");
  if (parts.length === 1 && parts[0] === "") return [];
  const refuse = (expected: string) => wrongValue(where, expected, shownUrl(shown));
  return parts.map((part) => {
    const decoded = decode(part);
    if (
      decoded === undefined ||
      decoded.endsWith(".") ||
      !/^[^/\\\p{Cc}\p{Cs}\p{Co}\p{Cn}]+$/u.test(decoded)
    ) {
      throw refuse(
        'a path whose parts are not empty, do not end in "." and hold no backslash or control character',
      );
    }
    if (/[%?#]/.test(decoded)) throw refuse("a path without %, ? and # in its parts");
    return decoded;
  });
}

const longestPrefix = 512;
/** With a hierarchical namespace there may be 63 folders, and below the prefix are seven. */
const deepestPrefix = 50;

/** The parts as the prefix of a container. */
export function joinPrefix(parts: readonly string[], refuse: (expected: string) => Error): string {
  const prefix = parts.join("/");
  if (prefix.length > longestPrefix) throw refuse(`a prefix of at most ${longestPrefix} characters`);
  if (parts.length > deepestPrefix) throw refuse(`a prefix of at most ${deepestPrefix} folders`);
  return prefix;
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
