import { wrongValue } from "../base/errors.ts";

/** A URL as it may be shown: without user, password, query and fragment. */
export function withoutSecrets(url: string): string {
  return url.replace(/[?#].*$/s, "").replace(/\/\/.*@/s, "//");
}

/**
 * The percent-decoded parts of a path, without the empty ones at its two ends. Refused are parts that would leave the
 * folder or that a store treats specially: `.`, `..`, empty parts in between, control characters, slashes that were
 * hidden by encoding, a dot at the end (Azure: "Naming and referencing containers, blobs, and metadata"). They are looked
 * for here because `new URL` quietly resolves `a/../b`, and with it the name of the container.
 */
export function decodePath(path: string, shown: string, where: string): string[] {
  const parts = path.replace(/^\/+|\/+$/g, "").split("/");
  if (parts.length === 1 && parts[0] === "") return [];
  return parts.map((part) => {
    const decoded = decode(part);
    if (decoded === undefined || decoded.endsWith(".") || !/^[^/\\\p{Cc}\p{Cs}]+$/u.test(decoded)) {
      throw wrongValue(
        where,
        'a path whose parts are not empty, do not end in "." and hold no backslash or control character',
        withoutSecrets(shown),
      );
    }
    return decoded;
  });
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
