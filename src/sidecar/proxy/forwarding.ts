import type { ClientRequest, IncomingMessage, InformationEvent, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { systemClock } from "../../base/time/clock.ts";
import type { Exchange } from "../../http/exchange.ts";
import { headerOf } from "../../http/node/node-exchange.ts";
import { outcomeOf } from "../../http/node/node-outcome.ts";
import { tapExchange } from "../../http/node/node-tap.ts";
import type { Outcome } from "../../http/payload-rows.ts";
import { pump } from "./pump.ts";
import { forwardedHead, hasBody, type Refusal, refusalOf } from "./request-head.ts";
import { addNothing, faultOf, informationalHead, writeTargetHead } from "./response-head.ts";
import type { Target } from "./target.ts";
import type { Traffic } from "./traffic.ts";
import { switchingHead, tunnel, upgradeHeaders } from "./tunnel.ts";

/** How long the target may take to accept a connection. */
const maxConnectMs = 10_000;

/** Methods that may be sent twice (RFC 9110, 9.2.2), and whose requests have no body as a rule. */
const repeatable = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** One exchange on its way through. */
export interface Passage {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Where it is recorded; undefined if it is not. */
  readonly exchange: Exchange | undefined;
  /** The id that was made for the request; undefined if it came with one. */
  readonly madeId: string | undefined;
  /** What came behind a head that asks for another protocol; undefined if it asks for none. */
  readonly upgrade?: Buffer;
}

/**
 * Asks the target what the client asks, and gives the client what the target answers. Either side's end is
 * the other's: a client that goes away ends the request, a target that breaks off breaks the connection, so
 * that nobody takes half an answer for a whole one.
 */
export class Forwarding {
  readonly #target: Target;
  readonly #traffic: Traffic;
  readonly #passage: Passage;
  #upstream: ClientRequest | undefined;
  #fault: Outcome | undefined;
  #answered = false;
  #retried = false;
  #refused = false;
  /** Bytes that the client got in another protocol. */
  #tunnelled = 0;

  constructor(target: Target, traffic: Traffic, passage: Passage) {
    this.#target = target;
    this.#traffic = traffic;
    this.#passage = passage;
  }

  start(): void {
    const { request, response } = this.#passage;
    this.#traffic.begin();
    response.once("close", () => this.#closed());
    const refusal = request.method === "CONNECT" ? noConnect : refusalOf(request);
    this.#refused = refusal !== undefined;
    if (refusal !== undefined) this.#answer(refusal.status, refusal.reason);
    else this.#ask(false);
  }

  /** The request was one that is not passed on: what its client sends behind it may be no request. */
  get isRefused(): boolean {
    return this.#refused;
  }

  /** It is no exchange at all: nothing of it is recorded. */
  discard(): void {
    this.#passage.exchange?.discard();
  }

  /** @param own whether on a connection of its own. */
  #ask(own: boolean): void {
    const { request, madeId, upgrade } = this.#passage;
    const { path, headers } = forwardedHead(request, this.#target.authority, madeId);
    if (upgrade !== undefined) headers.push(...upgradeHeaders(request.rawHeaders));
    const upstream = this.#target.request(request.method as string, path, headers, own);
    this.#upstream = upstream;
    upstream.on("socket", (socket) => {
      if (!socket.connecting) return;
      const timer = systemClock.setTimer(() => {
        this.#fault = "timeout";
        upstream.destroy();
      }, maxConnectMs);
      const over = (): void => timer[Symbol.dispose]();
      socket.once("connect", over);
      socket.once("close", over);
    });
    upstream.on("information", (head) => this.#inform(head));
    upstream.on("response", (answer) => this.#respond(answer));
    upstream.on("upgrade", (answer, socket, head) => this.#switch(answer, socket, head));
    upstream.on("error", () => this.#failed(upstream));
    upstream.on("close", () => this.#failed(upstream));
    // A body was begun to be read, if this is the second time; there is none then.
    if (own || upgrade !== undefined) upstream.end();
    else pump(request, upstream, (bytes) => this.#traffic.received(bytes));
  }

  /** Informational responses are passed on as they come; HTTP/1.0 has none. */
  #inform({ statusCode, statusMessage, rawHeaders }: InformationEvent): void {
    const { request, response } = this.#passage;
    if (request.httpVersion !== "1.1" || response.headersSent) return;
    response.socket?.write(informationalHead(statusCode, statusMessage, rawHeaders));
    if (statusCode === 100) noteContinued(response);
  }

  #respond(answer: IncomingMessage): void {
    const { request, response, madeId, upgrade, exchange } = this.#passage;
    this.#answered = true;
    if (upgrade !== undefined && exchange !== undefined) tapExchange(exchange, request, response);
    answer.on("error", () => this.#brokeOff());
    const fault = faultOf(answer);
    if (fault !== undefined) {
      this.#upstream?.destroy();
      this.#unanswered(`the target's answer ${fault}`);
      return;
    }
    // What is left of the request nobody reads, or nobody knows whether it comes.
    if (!request.complete && (isLast(answer) || waitsForContinue(response))) response.shouldKeepAlive = false;
    try {
      writeTargetHead(answer, request, response, madeId);
    } catch {
      this.#upstream?.destroy();
      this.#unanswered("the target's answer cannot be passed on");
      return;
    }
    pump(answer, response, (bytes) => this.#traffic.sent(bytes));
  }

  /** The target agrees to another protocol: from here on bytes go through, whatever they mean. */
  #switch(answer: IncomingMessage, targetSocket: Duplex, targetHead: Buffer): void {
    const { request, response, upgrade, exchange } = this.#passage;
    const { socket } = request;
    this.#answered = true;
    if (upgrade === undefined || response.destroyed) {
      targetSocket.destroy();
      if (!response.destroyed) this.#unanswered("the target has changed the protocol unasked");
      return;
    }
    exchange?.respond(answer.statusCode ?? 101, headerOf(answer));
    exchange?.firstByte();
    this.#fault = "complete";
    socket.write(switchingHead(answer));
    if (upgrade.length > 0) socket.unshift(upgrade);
    if (targetHead.length > 0) targetSocket.unshift(targetHead);
    tunnel(socket, targetSocket, (bytes) => this.#traffic.received(bytes));
    tunnel(targetSocket, socket, (bytes) => {
      this.#tunnelled += bytes;
      this.#traffic.sent(bytes);
    });
  }

  /** The target gave no answer. Told by an error, or by nothing more than its end. */
  #failed(upstream: ClientRequest): void {
    const { request, response } = this.#passage;
    if (this.#answered || upstream !== this.#upstream || response.destroyed) return;
    if (
      upstream.reusedSocket &&
      !this.#retried &&
      repeatable.has(request.method ?? "") &&
      !hasBody(request)
    ) {
      // The target closed the connection while it was idle.
      this.#retried = true;
      this.#ask(true);
      return;
    }
    this.#answered = true;
    if (this.#fault === "timeout") this.#answer(504, "the target does not accept the connection in time");
    else this.#unanswered("the target cannot be reached, or ended the connection without an answer");
  }

  #unanswered(reason: string): void {
    this.#fault = "error";
    this.#answer(502, reason);
  }

  /** The target broke off within its answer. */
  #brokeOff(): void {
    const { response } = this.#passage;
    if (response.destroyed || response.writableFinished) return;
    this.#fault = "server_aborted";
    // Without a length the end of the connection would be the end of the answer. Only TCP knows a reset.
    const { socket } = response;
    const canReset = socket !== null && socket.remoteAddress !== undefined && !("encrypted" in socket);
    if (response.chunkedEncoding || !canReset) response.destroy();
    else socket.resetAndDestroy();
  }

  /** The sidecar's own answer. */
  #answer(status: number, reason: string): void {
    const { request, response, madeId } = this.#passage;
    if (response.headersSent) {
      response.destroy();
      return;
    }
    // What comes of the request could be taken for another one, or goes on for long.
    if (status < 500 || !request.complete) response.shouldKeepAlive = false;
    addNothing(request, response);
    const body = `${reason}\n`;
    const headers = ["Content-Type", "text/plain; charset=utf-8", "Content-Length", String(body.length)];
    if (madeId !== undefined) headers.push("X-Request-Id", madeId);
    response.writeHead(status, headers);
    response.end(body);
  }

  #closed(): void {
    const { request, response, exchange, upgrade } = this.#passage;
    const { writableFinished: finished } = response;
    const outcome = this.#fault ?? outcomeOf(request, { finished, isSent: () => finished, timedOut: false });
    this.#traffic.end(outcome);
    if (this.#fault !== undefined || upgrade !== undefined)
      exchange?.end({
        outcome,
        bytesSent: exchange.responseBody.size + this.#tunnelled,
        requestComplete: request.complete,
      });
    if (!finished) this.#upstream?.destroy();
    else if (!request.complete) this.#followUpload();
  }

  /** What was answered before it was there may still break off: the target would wait for the rest. */
  #followUpload(): void {
    const { request } = this.#passage;
    const { socket } = request;
    const leave = (): void => void this.#upstream?.destroy();
    socket.once("close", leave);
    request.once("end", () => socket.off("close", leave));
  }
}

/** What Node keeps of a response to `Expect: 100-continue`; not part of its types. */
interface Continuing {
  readonly _expect_continue?: boolean;
  _sent100?: boolean;
}

/** Has Node know of a 100 that it has not written: else it closes the connection without a word. */
function noteContinued(response: ServerResponse): void {
  (response as Continuing)._sent100 = true;
}

/** Whether the client may still wait for leave to send its body. */
function waitsForContinue(response: ServerResponse): boolean {
  const { _expect_continue: expects, _sent100: continued } = response as Continuing;
  return expects === true && continued !== true;
}

const noConnect: Refusal = { status: 501, reason: "CONNECT is not for a server" };

function isLast({ headers }: IncomingMessage): boolean {
  return /(^|[\s,])close($|[\s,])/i.test(headers.connection ?? "");
}
