/** Where a request goes, in the parts that are stored. */
export interface RequestTarget {
  readonly path: string;
  /** Without the question mark; null if there is none. */
  readonly query: string | null;
}

/**
 * Values that sign or authorise a request, by their case-sensitive names (OpenTelemetry, `url.query` of its
 * HTTP spans, and what clouds' signed URLs use).
 */
const secretParameters = new Set([
  "sig",
  "Signature",
  "AWSAccessKeyId",
  "X-Goog-Signature",
  "X-Goog-Credential",
  "X-Amz-Signature",
  "X-Amz-Credential",
  "X-Amz-Security-Token",
]);

/** Splits a request target, in origin or absolute form (RFC 9112, 3.2), and masks what is secret in it. */
export function requestTarget(target: string): RequestTarget {
  const relative = target.startsWith("/") ? target : target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "");
  const fragment = relative.indexOf("#");
  const whole = fragment === -1 ? relative : relative.slice(0, fragment);
  const mark = whole.indexOf("?");
  if (mark === -1) return { path: whole === "" ? "/" : whole, query: null };
  return { path: whole.slice(0, mark) || "/", query: withoutSecrets(whole.slice(mark + 1)) };
}

/** A query, or a text that has URLs with some, without the values that are secret. */
export function withoutSecrets(text: string): string {
  return text.replace(/(^|[?&])([^=&?\s]*)=([^&\s#]*)/g, (pair, before: string, name: string) =>
    isSecret(name) ? `${before}${name}=***` : pair,
  );
}

function isSecret(name: string): boolean {
  if (secretParameters.has(name)) return true;
  const plain = unescaped(name);
  return (
    secretParameters.has(plain) ||
    /^(api[-_]?key|subscription-key|access_token|id_token|refresh_token|token|password|passwd|pwd|secret|client_secret)$/i.test(
      plain,
    )
  );
}

function unescaped(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
