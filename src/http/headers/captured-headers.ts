/** Asks for a header by its lower-case name; of several lines the values are joined by a comma. */
export type HeaderLookup = (name: string) => string | undefined;

/**
 * Headers that hold secrets whatever their values: never stored, even when they are asked for by name. By the
 * parts of their names, as a proxy's or a vendor's own (`x-amz-security-token`) cannot all be known.
 */
const secretName =
  /auth|token|secret|session|passw|pwd|api-?key|access-?key|-key$|^key$|jwt|bearer|saml|csrf|xsrf|credential|cookie|signature/;

/** The headers among `names` that are there and hold no secret; null if there are none. */
export function capturedHeaders(
  names: readonly string[],
  lookup: HeaderLookup,
): Readonly<Record<string, string>> | null {
  let found: Record<string, string> | undefined;
  for (const name of names) {
    if (secretName.test(name)) continue;
    const value = lookup(name);
    if (value !== undefined) (found ??= {})[name] = value;
  }
  return found ?? null;
}
