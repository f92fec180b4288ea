import type { IncomingMessage } from "node:http";

/*
 * What of a message's head goes on to the next hop (RFC 9110, 7.6). Heads are flat lists here, name and value
 * in turn, as they came: what is not between two hops alone keeps its order, its case and its repetitions.
 */

/** Names for one hop alone, whether or not `Connection` lists them. */
export const oneHopHeaders: ReadonlySet<string> = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/**
 * What `Connection` must not take away: without these, nobody would know where the message ends, or whose it
 * is.
 */
const neverListed = new Set(["content-length", "host"]);

/** What a trailer must not bring: framing and routing (RFC 9110, 6.5.1). */
const notInTrailers = new Set(["content-length", "transfer-encoding", "host", "trailer", "te", "connection"]);

/** How a message goes on. */
export interface Passing {
  /** True if the body goes on in chunks: only then trailers can. */
  readonly chunked: boolean;
}

/** The headers of a message that go on. `visit` may refuse one by returning false. */
export function endToEnd(
  rawHeaders: readonly string[],
  { chunked }: Passing,
  visit: (name: string, value: string) => boolean = () => true,
): string[] {
  const listed = new Set(tokensOf(rawHeaders, "connection"));
  const kept: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const value = rawHeaders[i + 1] as string;
    const key = name.toLowerCase();
    const framing = key === "transfer-encoding" || key === "trailer";
    if (framing ? !chunked : oneHopHeaders.has(key)) continue;
    if (listed.has(key) && !framing && !neverListed.has(key)) continue;
    if (visit(key, value)) kept.push(name, value);
  }
  return kept;
}

/** The trailers of a message that go on, as pairs. */
export function trailersOf({ rawTrailers }: IncomingMessage): [string, string][] {
  if (rawTrailers.length === 0) return [];
  return [...pairs(rawTrailers)].filter(([name]) => !notInTrailers.has(name.toLowerCase()));
}

/** Name and value in turn, as pairs. */
export function* pairs(raw: readonly string[]): Generator<[string, string]> {
  for (let i = 0; i + 1 < raw.length; i += 2) yield [raw[i] as string, raw[i + 1] as string];
}

/** The values of all lines of a header, named in lower case. */
export function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  const found: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const key = rawHeaders[i] as string;
    // Several names are asked for with each message: most differ in their length.
    if (key.length === name.length && key.toLowerCase() === name) found.push(rawHeaders[i + 1] as string);
  }
  return found;
}

/** The members of a header that is a list, in lower case. */
export function tokensOf(rawHeaders: readonly string[], name: string): string[] {
  const values = valuesOf(rawHeaders, name);
  if (values.length === 0) return values;
  return values
    .flatMap((value) => value.split(","))
    .map((token) => token.trim().toLowerCase())
    .filter((token) => token !== "");
}
