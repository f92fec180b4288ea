import { kindOf, type Told, told, wrongValue } from "../base/errors.ts";
import { pathPartFault, prefixFault } from "./azure-names.ts";

/**
 * A URL as it may be shown: scheme and web host. Paths hold secrets too, where somebody pastes the address of
 * a web hook.
 */
export function shownUrl(url: string): Told {
  const [, scheme, host = ""] = /^([a-z][a-z0-9+.-]*):(?:\/\/)?([^/?#]*)/i.exec(url) ?? [];
  if (scheme === undefined) return told(kindOf(url));
  // What stands before an @, and what cannot be told from it, is a user with a password.
  const plain = /^https?$/i.test(scheme) && !url.includes("@") && /^[\w.:[\]-]{1,100}$/.test(host);
  return told(`a URL ${scheme.toLowerCase()}://${plain ? host : ""}…`);
}

/**
 * The percent-decoded parts of a path, without the empty ones at its two ends. Throws for parts that can be
 * none: see {@link pathPartFault}. They are looked for here because `new URL` quietly resolves `a/../b`, and
 * with it the name of the container.
 */
export function decodePath(path: string, shown: string, where: string): string[] {
  const parts = path.replace(/^\/+|\/+$/g, "").split("/");
  if (parts.length === 1 && parts[0] === "") return [];
  return parts.map((part) => {
    const decoded = decode(part);
    const fault = pathPartFault(decoded);
    if (fault !== undefined) throw wrongValue(where, fault, shownUrl(shown));
    return decoded;
  });
}

/**
 * The decoded parts as the prefix of a container. Throws what `refuse` makes of what is expected in place of
 * a prefix that cannot be.
 */
export function joinPrefix(parts: readonly string[], refuse: (expected: string) => Error): string {
  const fault = prefixFault(parts);
  if (fault !== undefined) throw refuse(fault);
  return parts.join("/");
}

/** What cannot be decoded is as an empty part. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}
