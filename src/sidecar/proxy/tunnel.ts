import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { oneHopHeaders, pairs, tokensOf } from "./hop-headers.ts";
import { hasBody } from "./request-head.ts";

/**
 * Whether a request asks for another protocol in a way that is passed on. `h2c` is not: clients offer it with
 * ordinary requests, for a server to ignore (RFC 9113, 3.1). Neither is what brings a body.
 */
export function wantsTunnel(request: IncomingMessage): boolean {
  const protocols = tokensOf(request.rawHeaders, "upgrade");
  return protocols.length > 0 && !protocols.includes("h2c") && !hasBody(request);
}

/** The headers that ask for what a request asks for, or say what an answer agrees to. */
export function upgradeHeaders(rawHeaders: readonly string[]): string[] {
  const asked = [...pairs(rawHeaders)].filter(([name]) => name.toLowerCase() === "upgrade");
  return ["Connection", "Upgrade", ...asked.flat()];
}

/** A request's head as it would have come without its wish for another protocol. */
export function plainHead({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  const wish = new Set(["upgrade", "http2-settings", "connection"]);
  for (const [name, value] of pairs(rawHeaders)) {
    if (!wish.has(name.toLowerCase())) lines.push(`${name}: ${value}`);
  }
  const left = tokensOf(rawHeaders, "connection").filter((name) => !wish.has(name));
  if (left.length > 0) lines.push(`Connection: ${left.join(", ")}`);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

/** The answer with which the other protocol begins, as bytes. */
export function switchingHead({ statusMessage, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`HTTP/1.1 101 ${statusMessage}`];
  for (const [name, value] of pairs(rawHeaders)) {
    const key = name.toLowerCase();
    if (key === "connection" || key === "upgrade" || !oneHopHeaders.has(key)) lines.push(`${name}: ${value}`);
  }
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

/** Sends on what one side says, until it ends or breaks off; then the other does, too. */
export function tunnel(from: Duplex, to: Duplex, onBytes: (bytes: number) => void): void {
  from.on("data", (chunk: Buffer) => onBytes(chunk.length));
  from.pipe(to);
  from.on("error", () => to.destroy());
  from.on("close", () => {
    if (!from.readableEnded) to.destroy();
  });
}
