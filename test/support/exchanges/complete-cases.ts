import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { consumed, exchange, get, type OutcomeCase, post } from "./run-case.ts";

/** Exchanges that end well. */
export const complete: readonly OutcomeCase[] = [
  {
    name: "an answer, kept alive",
    serve: (_request, response) => response.end("ok"),
    ask: async (socket) => {
      await exchange(socket, get("/one"), /ok/);
      await exchange(socket, get("/two"), /ok/);
    },
    requests: [{ http_path: "/one" }, { http_path: "/two" }],
    responses: [
      { outcome: "complete", bytes_sent: 2, body: "ok" },
      { outcome: "complete", bytes_sent: 2, body: "ok" },
    ],
  },
  {
    name: "two requests at once on one connection, answered in the other order",
    serve: async (request, response) => {
      await wait(request.url === "/slow" ? 20 : 1);
      response.end(request.url);
    },
    ask: (socket) => exchange(socket, get("/slow") + get("/fast"), /\/fast/),
    requests: [{ http_path: "/slow" }, { http_path: "/fast" }],
    responses: [
      { outcome: "complete", bytes_sent: 5, body: "/slow" },
      { outcome: "complete", bytes_sent: 5, body: "/fast" },
    ],
  },
  ...[200, 204, 304].map((status) => ({
    name: `a body given with ${status === 200 ? "HEAD" : status}, which is not sent`,
    serve: (_request: IncomingMessage, response: ServerResponse) => response.writeHead(status).end("unseen"),
    ask: async (socket: Socket): Promise<void> => {
      const method = status === 200 ? "HEAD" : "GET";
      await exchange(socket, get("/").replace("GET", method), /\r\n\r\n/);
      await wait(5);
    },
    responses: [{ outcome: "complete", http_status: status, bytes_sent: 0, body_size: 0, body: null }],
  })),
  {
    name: "trailers on both sides, which are no part of bodies",
    serve: async (request, response) => {
      await consumed(request);
      response.writeHead(200, { Trailer: "x-sum" });
      response.write("part");
      response.addTrailers({ "x-sum": request.trailers["x-sum"] ?? "none" });
      response.end();
    },
    ask: (socket) =>
      exchange(
        socket,
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n",
        /x-sum: 7\r\n/,
      ),
    requests: [{ body: "abc", body_size: 3, body_truncated: false }],
    responses: [{ outcome: "complete", bytes_sent: 4, body: "part" }],
  },
  {
    name: "informational answers before the final one",
    serve: async (request, response) => {
      response.writeProcessing();
      response.writeEarlyHints({ link: "</style.css>; rel=preload" });
      await consumed(request);
      response.statusCode = 201;
      response.end("made");
    },
    ask: async (socket) => {
      await exchange(
        socket,
        post("", "Expect: 100-continue\r\n").replace("Length: 0", "Length: 2"),
        /100 Continue/,
      );
      await exchange(socket, "{}", /made/);
    },
    requests: [{ body: "{}" }],
    responses: [{ outcome: "complete", http_status: 201, bytes_sent: 4 }],
  },
  {
    name: "an early answer while the request is being sent",
    serve: (_request, response) => response.writeHead(413, { Connection: "close" }).end("too long"),
    ask: (socket) =>
      exchange(socket, `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nbegin`, /too long/),
    requests: [{ body_truncated: true }],
    responses: [{ outcome: "complete", http_status: 413, bytes_sent: 8 }],
  },
];

/** What is no exchange. */
export const refused: readonly OutcomeCase[] = [
  ...[
    "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "Content-Length: 3\r\nX-Folded: a\r\n b\r\n\r\nabc",
    "Content-Length : 3\r\n\r\nabc",
    `${"X-Flood: of many headers\r\n".repeat(900)}\r\n`,
  ].map((rest) => ({
    name: `what Node's parser refuses: ${JSON.stringify(rest.slice(0, 40))}`,
    serve: (_request: IncomingMessage, response: ServerResponse) => response.end("ok"),
    ask: async (socket: Socket): Promise<void> => {
      await exchange(socket, `${get("/good")}POST /bad HTTP/1.1\r\nHost: a\r\n${rest}`, /$never/);
    },
    requests: [{ http_path: "/good" }],
    responses: [{ http_status: 200 }],
  })),
  {
    name: "a connection that becomes another protocol",
    prepare: (server) => {
      const taken = (_request: unknown, socket: Socket): void =>
        void socket.end("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nfree");
      server.on("upgrade", taken as never).on("connect", taken as never);
    },
    serve: (_request, response) => response.end("ok"),
    ask: (socket) => exchange(socket, get("/", "Connection: Upgrade\r\nUpgrade: x\r\n"), /free/),
    responses: [],
  },
];
