import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { onNextTurn } from "../../base/time/clock.ts";
import { CorrelationContext } from "../../collector/context/correlation-context.ts";
import { isMade } from "../../http/headers/made-id.ts";
import { headerOf } from "../../http/node/node-exchange.ts";
import { tapExchange } from "../../http/node/node-tap.ts";
import type { PayloadLog } from "../../http/payload-log.ts";
import type { ListenAddress } from "../listening/listen-address.ts";
import { type Door, openDoor } from "../listening/listening-server.ts";
import { Forwarding } from "./forwarding.ts";
import { maxHeadBytes, type Target } from "./target.ts";
import { Traffic } from "./traffic.ts";

/** How long a client's connection is kept unused: longer than load balancers keep theirs. */
const keepAliveMs = 75_000;
/** How long a request's head may take to come. */
const maxHeadMs = 60_000;
/** Requests of one connection that may wait for the one before them, before no more is read. */
const maxWaiting = 16;

/** A server that passes every request on to the target, and the answer back, and has both logged. */
export class ReverseProxy {
  readonly traffic: Traffic = new Traffic();
  readonly #target: Target;
  readonly #log: PayloadLog;
  readonly #server: Server;
  /** By connection: what waits for the exchange under way. */
  readonly #waiting = new WeakMap<Socket, (() => void)[]>();
  #closing = false;

  constructor(target: Target, log: PayloadLog) {
    this.#target = target;
    this.#log = log;
    // Bodies take as long as they take: the target decides when that is too long.
    const limits = { requestTimeout: 0, headersTimeout: maxHeadMs, maxHeaderSize: maxHeadBytes };
    const server = createServer({ ...limits, keepAliveTimeout: keepAliveMs });
    for (const name of ["request", "checkContinue", "checkExpectation"])
      server.on(name, (request: IncomingMessage, response: ServerResponse) => this.#take(request, response));
    this.#server = server;
  }

  /** False once it is being closed. */
  get isOpen(): boolean {
    return this.#server.listening && !this.#closing;
  }

  /** Begins to listen; rejects with the system's error if it cannot. */
  async listen(address: ListenAddress): Promise<Door> {
    const { url, close } = await openDoor(this.#server, address);
    return {
      url,
      close: async (deadlineMs) => {
        this.#closing = true;
        await close(deadlineMs);
        this.#target.close();
      },
    };
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const context = CorrelationContext.fromHeaders(request.rawHeaders);
    const head = { method: request.method ?? "GET", target: request.url ?? "/", header: headerOf(request) };
    const { exchange } = this.#log.open(head, context);
    if (exchange !== undefined) tapExchange(exchange, request, response);
    const madeId = isMade(context) ? context.id : undefined;
    const passage = { request, response, exchange, madeId };
    this.#inTurn(request.socket, response, new Forwarding(this.#target, this.traffic, passage));
  }

  /**
   * The requests of a connection one after the other, as they would be without us: only safe ones may run at
   * the same time (RFC 9112, 9.3.2).
   */
  #inTurn(socket: Socket, response: ServerResponse, forwarding: Forwarding): void {
    const start = (): void => {
      if (this.#closing) response.shouldKeepAlive = false;
      response.once("close", () => this.#next(socket));
      forwarding.start();
    };
    const waiting = this.#waiting.get(socket);
    if (waiting === undefined) {
      this.#waiting.set(socket, []);
      start();
      return;
    }
    waiting.push(start);
    if (waiting.length >= maxWaiting) socket.pause();
  }

  #next(socket: Socket): void {
    const next = this.#waiting.get(socket)?.shift();
    if (next !== undefined && !socket.destroyed) {
      socket.resume();
      next();
      return;
    }
    this.#waiting.delete(socket);
    if (this.#closing) onNextTurn(() => this.#server.closeIdleConnections());
  }
}
