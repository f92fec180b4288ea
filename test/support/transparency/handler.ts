import { once } from "node:events";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Answer, Header, Piece } from "./plan.ts";

/** What a handler throws where its plan says so. */
export class PlannedError extends Error {
  override readonly name: string = "PlannedError";
  // Pages of errors print it: it must not tell which middlewares there were.
  override stack = "PlannedError: as planned";
}

/** The bytes that a piece of a body is on the wire. */
export function bytesOf(piece: Piece): Buffer {
  return piece.kind === "text" ? Buffer.from(piece.text, piece.encoding ?? "utf8") : Buffer.from(piece.bytes);
}

/** The headers by name, those that stand there twice as lists. */
export function headerLists(headers: readonly Header[]): Map<string, string | string[]> {
  const lists = new Map<string, { name: string; values: string[] }>();
  for (const [name, value] of headers) {
    const known = lists.get(name.toLowerCase());
    if (known === undefined) lists.set(name.toLowerCase(), { name, values: [value] });
    else known.values.push(value);
  }
  const one = (values: string[]): string | string[] => (values.length === 1 ? (values[0] as string) : values);
  return new Map([...lists.values()].map(({ name, values }) => [name, one(values)]));
}

/** Reads a request's body as the plan says; an abort ends it, too. */
export async function readRequest(request: IncomingMessage, how: Answer["read"]): Promise<void> {
  if (how === "never") return;
  if (how === "as text") request.setEncoding("utf8");
  try {
    for await (const chunk of request) if (how === "slowly" && chunk !== null) await sleep(1);
  } catch {
    // The client went away: the handler goes on, as many do.
  }
}

/** The pieces of a body as a stream; one that hangs has no end, one that is destroyed fails. */
export function bodyStream({ pieces, pauseMs, ending }: Answer): Readable {
  return Readable.from(body(pieces, pauseMs, ending), { objectMode: false });
}

async function* body(pieces: readonly Piece[], pauseMs: number, ending: Answer["ending"]) {
  for (const piece of pieces) {
    const bytes = bytesOf(piece);
    if (bytes.length > 0) yield bytes;
    if (pauseMs > 0) await sleep(pauseMs);
  }
  if (ending === "hang") await new Promise(() => {});
  if (ending === "destroy") throw new PlannedError();
}

/** A handler of `node:http`, as the plan says. */
export async function answerRaw(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
): Promise<void> {
  const { informational, read } = answer;
  if (informational === "continue") response.writeContinue();
  if (informational === "processing") response.writeProcessing();
  if (informational === "hints") response.writeEarlyHints({ link: "</style.css>; rel=preload" });
  if (read !== "afterwards") await readRequest(request, read);
  writeHead(response, answer);
  await writeBody(response, answer);
  if (read === "afterwards") await readRequest(request, "all");
}

function writeHead(response: ServerResponse, answer: Answer): void {
  const { headers, head, declared, pieces, form, status } = answer;
  const length = form === "nothing" ? 0 : pieces.reduce((sum, piece) => sum + bytesOf(piece).length, 0);
  const all =
    declared && form !== "json" ? [...headers, ["Content-Length", String(length)] as const] : headers;
  const lists = headerLists(all);
  const [first, ...others] = lists;
  switch (head) {
    case "set":
    case "flushed":
      for (const [name, value] of lists) response.setHeader(name, value);
      response.statusCode = status;
      if (head === "flushed") response.flushHeaders();
      return;
    case "object":
      response.writeHead(status, Object.fromEntries(lists) as OutgoingHttpHeaders);
      return;
    case "flat":
      response.writeHead(status, all.flat());
      return;
    case "pairs":
      // Node takes none when there are headers already, as Express sets them.
      if (response.getHeaderNames().length > 0) response.writeHead(status, all.flat());
      else response.writeHead(status, "As Planned", all as unknown as OutgoingHttpHeaders);
      return;
    case "both":
      if (first !== undefined) response.setHeader(...first);
      response.writeHead(status, Object.fromEntries(others) as OutgoingHttpHeaders);
      return;
  }
}

async function writeBody(response: ServerResponse, answer: Answer): Promise<void> {
  const { pieces, form, pauseMs, trailers, ending, declared } = answer;
  const whole = Buffer.concat(pieces.map(bytesOf));
  const ends = ending === "end" || ending === "throw";
  if (ends && form === "nothing") response.end();
  else if (ends && form === "json") response.end(JSON.stringify({ text: whole.toString("latin1") }), "utf8");
  else if (ends && form === "at once") response.end(whole, () => {});
  else if (ends && form === "stream") await piped(bodyStream(answer), response);
  else {
    for (const [i, piece] of pieces.entries()) {
      const isLast = i === pieces.length - 1 && ends && trailers.length === 0;
      const [chunk, encoding] =
        piece.kind === "text" ? [piece.text, piece.encoding] : [piece.bytes, undefined];
      if (isLast) response.end(chunk, encoding as BufferEncoding);
      else if (!response.write(chunk, encoding as BufferEncoding)) await drained(response);
      if (pauseMs > 0) await sleep(pauseMs);
    }
    if (ends && !response.writableEnded) {
      if (!declared && trailers.length > 0) response.addTrailers(Object.fromEntries(trailers));
      response.end();
    }
    if (ending === "destroy") response.destroy();
    if (ending === "hang") await once(response, "close");
  }
}

async function piped(stream: Readable, response: ServerResponse): Promise<void> {
  stream.pipe(response);
  await Promise.race([once(stream, "end"), once(response, "close")]);
}

/** Room for more, or nobody there who would read it. */
async function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed) return;
  const stop = new AbortController();
  const { signal } = stop;
  await Promise.race([once(response, "drain", { signal }), once(response, "close", { signal })]);
  stop.abort();
}
