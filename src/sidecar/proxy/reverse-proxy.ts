import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { onNextTurn, systemClock } from "../../base/time/clock.ts";
import { CorrelationContext } from "../../collector/context/correlation-context.ts";
import { isMade } from "../../http/headers/made-id.ts";
import { headerOf } from "../../http/node/node-exchange.ts";
import { tapExchange } from "../../http/node/node-tap.ts";
import type { PayloadLog } from "../../http/payload-log.ts";
import type { ListenAddress } from "../listening/listen-address.ts";
import { type Door, openDoor } from "../listening/listening-server.ts";
import { Forwarding, type Passage } from "./forwarding.ts";
import { Http2Proxy } from "./http2-proxy.ts";
import { ProtocolSniffer } from "./protocol-sniffer.ts";
import { maxHeadBytes, type Target } from "./target.ts";
import { Traffic } from "./traffic.ts";
import { plainHead, wantsTunnel } from "./tunnel.ts";
import { http } from "../listening/node-modules.ts";

/** How long a client's connection is kept unused: longer than load balancers keep theirs. */
const keepAliveMs = 75_000;
/** How long a request's head may take to come. */
const maxHeadMs = 60_000;
/** Requests of one connection that may wait for the one before them, before no more is read. */
const maxWaiting = 16;

/** A request that came before the one before it was answered. */
interface Waiting {
  readonly forwarding: Forwarding;
  start(): void;
}

/** A server that passes every request on to the target, and the answer back, and has both logged. */
export class ReverseProxy {
  readonly traffic: Traffic = new Traffic();
  readonly #target: Target;
  readonly #log: PayloadLog;
  readonly #server: Server;
  readonly #http2: Http2Proxy;
  readonly #sniffer: ProtocolSniffer;
  /** By connection: what waits for the exchange under way. */
  readonly #waiting = new WeakMap<Socket, Waiting[]>();
  /** Connections of which nothing more is a request. */
  readonly #over = new WeakSet<Socket>();
  /** Connections that have left HTTP, or ask to. */
  readonly #tunnels = new Set<Socket>();
  #closing = false;

  constructor(target: Target, log: PayloadLog) {
    this.#target = target;
    this.#log = log;
    // Bodies take as long as they take: the target decides when that is too long.
    const limits = {
      requestTimeout: 0,
      headersTimeout: maxHeadMs,
      maxHeaderSize: maxHeadBytes,
      keepAliveTimeout: keepAliveMs,
    };
    // From Node 24.9 on; before, all that asks for another protocol comes here and is sent back.
    const upgrades = { shouldUpgradeCallback: wantsTunnel };
    const server = http().createServer({ ...limits, ...upgrades, requireHostHeader: false });
    for (const name of ["request", "checkContinue", "checkExpectation"])
      server.on(name, (request: IncomingMessage, response: ServerResponse) => this.#take(request, response));
    server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
      if (wantsTunnel(request)) this.#takeUpgrade(request, socket, head);
      else {
        socket.unshift(Buffer.concat([plainHead(request), head]));
        server.emit("connection", socket);
      }
    });
    server.on("connect", (request: IncomingMessage, socket: Socket, head: Buffer) => {
      this.#takeUpgrade(request, socket, head);
    });
    this.#server = server;
    this.#http2 = new Http2Proxy(target, log, this.traffic);
    this.#sniffer = new ProtocolSniffer(server, maxHeadMs, (socket) => this.#http2.take(socket));
  }

  /** Begins to listen; rejects with the system's error if it cannot. */
  async listen(address: ListenAddress): Promise<Door> {
    const { url, close } = await openDoor(this.#server, address);
    return {
      url,
      close: async (deadlineMs) => {
        this.#closing = true;
        this.#sniffer.close();
        this.#http2.close();
        const timer = systemClock.setTimer(() => this.#endTunnels(), deadlineMs);
        await close(deadlineMs);
        timer[Symbol.dispose]();
        this.#http2.destroy();
        this.#target.close();
      },
    };
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    if (this.#over.has(request.socket)) return;
    const opened = this.#open(request);
    if (opened.exchange !== undefined) tapExchange(opened.exchange, request, response);
    const passage = { ...opened, request, response };
    this.#inTurn(request.socket, response, new Forwarding(this.#target, this.traffic, passage));
  }

  /** For what asks for another protocol, Node has no response; the connection is nobody's from here on. */
  #takeUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    if (this.#over.has(socket)) {
      socket.destroy();
      return;
    }
    const response = new (http().ServerResponse)(request);
    response.shouldKeepAlive = false;
    response.on("finish", () => socket.end());
    socket.on("error", () => socket.destroy());
    this.#tunnels.add(socket);
    socket.once("close", () => this.#tunnels.delete(socket));
    const passage = { ...this.#open(request), request, response, upgrade: head };
    const forwarding = new Forwarding(this.#target, this.traffic, passage);
    this.#inTurn(socket, response, forwarding, () => response.assignSocket(socket));
  }

  #open(request: IncomingMessage): Pick<Passage, "exchange" | "madeId"> {
    const context = CorrelationContext.fromHeaders(request.rawHeaders);
    const head = { method: request.method ?? "GET", target: request.url ?? "/", header: headerOf(request) };
    const { exchange } = this.#log.open(head, context);
    return { exchange, madeId: isMade(context) ? context.id : undefined };
  }

  #endTunnels(): void {
    for (const socket of this.#tunnels) socket.destroy();
    this.#http2.destroy();
  }

  /**
   * The requests of a connection one after the other, as they would be without us: only safe ones may run at
   * the same time (RFC 9112, 9.3.2).
   */
  #inTurn(
    socket: Socket,
    response: ServerResponse,
    forwarding: Forwarding,
    prepare: () => void = () => {},
  ): void {
    const start = (): void => {
      prepare();
      if (this.#closing) response.shouldKeepAlive = false;
      response.once("close", () => this.#next(socket, response, forwarding));
      forwarding.start();
    };
    const waiting = this.#waiting.get(socket);
    if (waiting === undefined) {
      this.#waiting.set(socket, []);
      start();
      return;
    }
    waiting.push({ forwarding, start });
    if (waiting.length >= maxWaiting) socket.pause();
  }

  #next(socket: Socket, { shouldKeepAlive }: ServerResponse, { isRefused }: Forwarding): void {
    const waiting = this.#waiting.get(socket);
    if (!shouldKeepAlive) {
      // Nobody would hear the answers.
      const unheard = waiting?.splice(0) ?? [];
      if (!isRefused) return;
      // What looks like a request behind what was refused may be none: then it must leave no row either.
      this.#over.add(socket);
      for (const { forwarding } of unheard) forwarding.discard();
      return;
    }
    const next = waiting?.shift();
    if (next !== undefined && !socket.destroyed) {
      socket.resume();
      next.start();
      return;
    }
    this.#waiting.delete(socket);
    if (this.#closing) onNextTurn(() => this.#server.closeIdleConnections());
  }
}
