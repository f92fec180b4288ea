import { types } from "node:util";
import { isId } from "./context-options.ts";

/**
 * HTTP headers that tie requests together: finding them in whatever a framework calls headers, and the forms
 * of their values. Nothing here throws: headers come from strangers.
 */

/** What can hold headers: see `CorrelationContext.fromHeaders`. */
export type HeadersLike =
  /** The `Headers` of fetch. */
  | { get(name: string): string | null }
  | ReadonlyMap<string, HeaderValue>
  /** `headers` of a Node request. */
  | { readonly [name: string]: HeaderValue }
  /** Pairs. */
  | readonly (readonly [string, HeaderValue])[]
  /** `rawHeaders` of a Node request: name, value, name, value. */
  | readonly string[];

/** One value, several of the same name, or none. */
export type HeaderValue = string | readonly string[] | undefined;

/** The headers we look for, in the order in which they are asked for. */
export type ContextHeader =
  | "x-request-id"
  | "x-ms-client-request-id"
  | "traceparent"
  | "tracestate"
  | "x-mdc-sampling";

/** What was found. */
export type ContextHeaders = { readonly [K in ContextHeader]?: string };

const wanted: readonly ContextHeader[] = [
  "x-request-id",
  "x-ms-client-request-id",
  "traceparent",
  "tracestate",
  "x-mdc-sampling",
];
const nameLengths = new Set(wanted.map((name) => name.length));

/**
 * The headers we look for, with names in lower case and values trimmed; of equal names the first that is not
 * empty.
 */
export function readHeaders(headers: unknown): ContextHeaders {
  const found: { [K in ContextHeader]?: string } = {};
  const see = (name: unknown, value: unknown): void => {
    if (typeof name !== "string" || !nameLengths.has(name.length)) return;
    const key = name.toLowerCase() as ContextHeader;
    if (found[key] !== undefined || !wanted.includes(key)) return;
    const text = valueText(key, value);
    if (text !== "") found[key] = text;
  };
  try {
    visit(headers, see);
  } catch {
    // A getter or proxy that throws: what was found until then is what there is.
  }
  return found;
}

function visit(headers: unknown, see: (name: unknown, value: unknown) => void): void {
  if (typeof headers !== "object" || headers === null) return;
  if (types.isMap(headers)) {
    for (const [name, value] of headers) see(name, value);
  } else if (Array.isArray(headers)) {
    if (typeof headers[0] === "string") {
      for (let i = 0; i + 1 < headers.length; i += 2) see(headers[i], headers[i + 1]);
    } else {
      for (const pair of headers as readonly unknown[]) if (Array.isArray(pair)) see(pair[0], pair[1]);
    }
  } else if ("get" in headers && typeof headers.get === "function") {
    for (const name of wanted) see(name, headers.get(name));
  } else {
    for (const name of Object.keys(headers)) {
      if (nameLengths.has(name.length)) see(name, (headers as Record<string, unknown>)[name]);
    }
  }
}

/**
 * `tracestate` may come in several lines, which are one list (W3C Trace Context, 3.3); of the others the
 * first counts.
 */
function valueText(name: ContextHeader, value: unknown): string {
  if (typeof value === "string") return value.trim();
  if (!Array.isArray(value)) return "";
  const texts = value.filter((part) => typeof part === "string");
  return (name === "tracestate" ? texts.join(",") : (texts[0] ?? "")).trim();
}

const extendedValue = /^UTF-8'[^']*'/i;

/** An id as a header value: itself if that is plain ASCII, else percent-encoded after RFC 8187, 3.2. */
export function encodeRequestId(id: string): string {
  if (/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(id) && !extendedValue.test(id)) return id;
  const escaped = encodeURIComponent(id).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `UTF-8''${escaped}`;
}

/**
 * The id in a header value; null if there is none, its encoding is broken, or nothing can have such an id.
 */
export function idIn(value: string | undefined): string | null {
  const id = value === undefined ? undefined : decodeRequestId(value);
  return id !== undefined && isId(id) ? id : null;
}

function decodeRequestId(value: string): string | undefined {
  const prefix = extendedValue.exec(value)?.[0];
  if (prefix === undefined) return value;
  try {
    return decodeURIComponent(value.slice(prefix.length));
  } catch {
    return undefined;
  }
}

/**
 * W3C Trace Context, 3.2: `version "-" trace-id "-" parent-id "-" trace-flags`, lower case. Ids of only zeros
 * and version `ff` are invalid; later versions may add fields after another dash.
 */
export function isTraceparent(value: string | undefined): value is string {
  return (
    value !== undefined &&
    value.length <= 512 &&
    /^(?!ff)(?!00-.{53})[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-[\x21-\x7e]*)?$/.test(
      value,
    )
  );
}

/**
 * Anything that is safe to pass on unread: printable ASCII, and not above the 512 characters that everybody
 * forwards.
 */
export function isTracestate(value: string | undefined): value is string {
  return value !== undefined && value.length <= 512 && /^[\x20-\x7e]+$/.test(value);
}
