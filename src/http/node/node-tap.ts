import type { IncomingMessage, ServerResponse } from "node:http";
import type { CorrelationContext } from "../../collector/context/correlation-context.ts";
import { currentContext, withContext } from "../../collector/context/current-context.ts";
import type { Exchange } from "../exchange.ts";
import type { HeaderLookup } from "../headers/captured-headers.ts";
import { outcomeOf } from "./node-outcome.ts";
import { standIn } from "./stand-in.ts";
import { takenBytes, unwatchSocket, watchSocket } from "./socket-watch.ts";
import { headersIn, headerText, type WrittenHeaders } from "./written-headers.ts";

/*
 * How an exchange of node:http is listened to without being changed: methods of these two objects are stood
 * in for, and each stand-in calls the real one with the same arguments and gives back what that gives. No
 * listener is added, for some change what Node does (`data` starts the flow, `error` hides a crash, `timeout`
 * keeps a socket open), no stream is put in between, and nothing is read that is not being read anyway.
 */

type Chunk = string | Uint8Array;

/** Listens to a request and its response until both are over. */
export function tapExchange(exchange: Exchange, request: IncomingMessage, response: ServerResponse): void {
  const fate = new Fate(exchange, request, response);
  tapRequest(exchange, request);
  tapResponse(exchange, response, fate);
  watchSocket(request.socket, fate);
}

/**
 * Has all that a request and its response emit happen in its context: what a listener of `data` or `finish`
 * collects belongs to the request, too.
 */
export function emitInContext(
  context: CorrelationContext,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  emitIn(context, request);
  emitIn(context, response);
}

function emitIn(context: CorrelationContext, emitter: IncomingMessage | ServerResponse): void {
  const emit = emitter.emit;
  const inContext = function (this: typeof emitter, ...args: Parameters<typeof emit>): boolean {
    // Most events nobody listens to, or they happen in the context anyway.
    if (this.listenerCount(args[0]) === 0 || currentContext() === context)
      return Reflect.apply(emit, this, args) as boolean;
    return withContext(context, () => Reflect.apply(emit, this, args) as boolean);
  };
  standIn(emitter, "emit", inContext as typeof emit);
}

function tapRequest({ requestBody }: Exchange, request: IncomingMessage): void {
  const push = request.push;
  standIn(request, "push", function (this: IncomingMessage, chunk: Chunk | null, encoding?: BufferEncoding) {
    if (chunk !== null && chunk !== undefined) requestBody.add(chunk, encoding);
    return push.call(this, chunk, encoding);
  });
}

function tapResponse(exchange: Exchange, response: ServerResponse, fate: Fate): void {
  const { write, end, writeHead, emit } = response;

  const tappedHead = function (this: ServerResponse, ...args: Parameters<typeof writeHead>) {
    const result = Reflect.apply(writeHead, this, args) as ServerResponse;
    const given = args.find((arg) => typeof arg === "object" && arg !== null);
    exchange.respond(response.statusCode, headersOf(response, given));
    exchange.firstByte();
    return result;
  };
  standIn(response, "writeHead", tappedHead as typeof writeHead);

  const tappedWrite = function (this: ServerResponse, ...args: [Chunk, ...unknown[]]): boolean {
    const open = takesMore(response);
    const { size } = exchange.responseBody;
    const result = Reflect.apply(write, this, args) as boolean;
    if (open) fate.wrote(args, size);
    return result;
  };
  standIn(response, "write", tappedWrite as typeof write);

  const tappedEnd = function (this: ServerResponse, ...args: unknown[]) {
    const open = takesMore(response);
    const { size } = exchange.responseBody;
    const result = Reflect.apply(end, this, args) as ServerResponse;
    if (open) fate.wrote(args, size);
    return result;
  };
  standIn(response, "end", tappedEnd as typeof end);

  const tappedEmit = function (this: ServerResponse, ...args: Parameters<typeof emit>): boolean {
    const [name] = args;
    if (name === "socket") fate.connected();
    if (name === "finish") fate.finished();
    if (name === "timeout") fate.timedOut();
    const result = Reflect.apply(emit, this, args) as boolean;
    if (name === "close") fate.closed();
    return result;
  };
  standIn(response, "emit", tappedEmit as typeof emit);
}

/**
 * The headers of a response whose head is out. Those given to `writeHead` are in no list if none was set
 * before, and go before those that were.
 */
function headersOf(response: ServerResponse, given: unknown): HeaderLookup {
  const late = headersIn(given as WrittenHeaders | undefined);
  return (name) => late(name) ?? headerText(response.getHeader(name));
}

/** What becomes of one exchange: told by the stand-ins and the socket, settled once. */
class Fate {
  readonly #exchange: Exchange;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  /** Bytes of the connection that are not this response's; undefined while it waits for earlier ones. */
  #bytesBefore: number | undefined;
  #timedOut = false;
  #finished = false;

  constructor(exchange: Exchange, request: IncomingMessage, response: ServerResponse) {
    this.#exchange = exchange;
    this.#request = request;
    this.#response = response;
    if (response.socket !== null) this.connected();
  }

  /** All earlier responses of the connection are written. */
  connected(): void {
    this.#bytesBefore = this.#request.socket.bytesWritten;
  }

  /**
   * Arguments of `write` or `end` that were taken. Node sends no body with HEAD, 204 and 304. Who stood in
   * for them before can write through `this`, and so through these: what was heard since the body had
   * `sizeBefore` is that chunk already.
   */
  wrote([chunk, encoding]: readonly unknown[], sizeBefore: number): void {
    if (chunk === null || chunk === undefined || typeof chunk === "function") return;
    if (!hasBody(this.#request, this.#response)) return;
    const known = typeof encoding === "string" ? (encoding as BufferEncoding) : undefined;
    const { responseBody } = this.#exchange;
    const heard = responseBody.size - sizeBefore;
    if (heard > 0 && heard === bytesOf(chunk as Chunk, known)) return;
    responseBody.add(chunk as Chunk, known);
  }

  timedOut(): void {
    this.#timedOut = true;
  }

  finished(): void {
    this.#finished = true;
  }

  /** The response, or its connection, is closed. */
  closed(): void {
    unwatchSocket(this.#request.socket, this);
    const { size } = this.#exchange.responseBody;
    const outcome = outcomeOf(this.#request, {
      finished: this.#finished,
      isSent: () => this.#bytesTaken() === size,
      timedOut: this.#timedOut,
    });
    const bytesSent = outcome === "complete" ? size : this.#bytesTaken();
    // Requests that no socket brought, such as those of Fastify's `inject`, do not say whether they are.
    const { complete = this.#request.readableEnded } = this.#request as Partial<IncomingMessage>;
    this.#exchange.end({ outcome, bytesSent, requestComplete: complete });
  }

  /** Bytes of the body that left this process, at most: framing of chunks cannot be told apart. */
  #bytesTaken(): number {
    const { size } = this.#exchange.responseBody;
    if (this.#bytesBefore === undefined) return 0;
    const taken = takenBytes(this.#request.socket);
    if (taken === undefined) return size;
    return Math.max(0, Math.min(size, taken - this.#bytesBefore - headLength(this.#response)));
  }
}

function bytesOf(chunk: Chunk, encoding: BufferEncoding | undefined): number {
  return typeof chunk === "string" ? Buffer.byteLength(chunk, encoding) : chunk.byteLength;
}

/** False where Node drops what is written, and tells the writer so. */
function takesMore({ writableEnded, destroyed }: ServerResponse): boolean {
  return !writableEnded && !destroyed;
}

/** False where the protocol allows no body. What Node says of it is not part of its types, nor of HTTP/2. */
function hasBody({ method }: IncomingMessage, response: ServerResponse): boolean {
  const { _hasBody: known, statusCode } = response as unknown as { _hasBody?: boolean; statusCode: number };
  return known ?? !(method === "HEAD" || bodiless.has(statusCode));
}

const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);

/** Not part of Node's types: the head as it went out. */
function headLength(response: ServerResponse): number {
  return (response as unknown as { _header?: string | null })._header?.length ?? 0;
}
