import type { ServerResponse } from "node:http";

/** What a server refuses a request with: status, and in a sentence why. */
export class Refusal extends Error {
  override readonly name: string = "Refusal";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** Something passes: the sender may try again after a second. */
export function unavailable(message: string): Refusal {
  return new Refusal(503, message, { "Retry-After": "1" });
}

/** Answers with a refusal, as plain text. */
export function refuse(response: ServerResponse, { status, message, headers }: Refusal): void {
  if (response.headersSent || response.destroyed) return;
  const body = `${message}\n`;
  response.writeHead(status, {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}
