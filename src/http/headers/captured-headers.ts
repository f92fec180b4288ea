import { withoutSecrets } from "./request-target.ts";

/** Asks for a header by its lower-case name; of several lines the values are joined by a comma. */
export type HeaderLookup = (name: string) => string | undefined;

/**
 * Headers that hold secrets whatever their values: never stored, even when they are asked for by name. By the
 * parts of their names, as a proxy's or a vendor's own (`x-amz-security-token`) cannot all be known.
 */
const secretName =
  /auth|token|secret|session|passw|pwd|key|jwt|bearer|(^|[-_])sso|saml|csrf|xsrf|credential|cookie|signature/;

/** Values that are credentials under whatever name (RFC 9110, 11.4, and the schemes of clouds). */
const secretValue = /^\s*(basic|bearer|digest|negotiate|sharedaccesssignature|sharedkey|aws4-hmac-sha256)\s/i;

/** The headers among `names` that are there and hold no secret; null if there are none. */
export function capturedHeaders(
  names: readonly string[],
  lookup: HeaderLookup,
): Readonly<Record<string, string>> | null {
  let found: Record<string, string> | undefined;
  for (const name of names) {
    if (secretName.test(name)) continue;
    const value = lookup(name);
    if (value === undefined || secretValue.test(value)) continue;
    // `location` and `referer` may be signed URLs.
    (found ??= {})[name] = value.includes("?") ? withoutSecrets(value) : value;
  }
  return found ?? null;
}
