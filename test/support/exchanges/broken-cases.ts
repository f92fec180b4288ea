import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { consumed, type Doors, exchange, get, never, type OutcomeCase, post, run } from "./run-case.ts";

/** Exchanges that one side gives up. */
export const aborted: readonly OutcomeCase[] = [
  {
    name: "a client that leaves before the head",
    serve: never,
    ask: async (socket) => {
      socket.write(get("/"));
      await wait(20);
      socket.destroy();
    },
    responses: [{ outcome: "client_aborted", http_status: null, bytes_sent: 0, first_byte_ms: null }],
  },
  {
    name: "a client that leaves when its request was read",
    serve: (request) => consumed(request),
    ask: async (socket) => {
      socket.write(post("{}"));
      await wait(20);
      socket.resetAndDestroy();
    },
    requests: [{ body: "{}", body_truncated: false }],
    responses: [{ outcome: "client_aborted", http_status: null, bytes_sent: 0 }],
  },
  {
    name: "a client that leaves while it sends",
    serve: (request) => consumed(request).catch(never),
    ask: async (socket) => {
      socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nbegin`);
      await wait(20);
      socket.destroy();
    },
    requests: [{ body: "begin", body_truncated: true }],
    responses: [{ outcome: "client_aborted", bytes_sent: 0 }],
  },
  {
    name: "a client that closes its half before the answer",
    serve: (request) => consumed(request),
    ask: async (socket) => {
      socket.end(get("/"));
      await once(socket, "close");
    },
    responses: [{ outcome: "client_aborted", bytes_sent: 0 }],
  },
  {
    name: "a client that leaves in the middle of the answer",
    serve: (_request, response) => {
      response.write("first");
    },
    ask: async (socket) => {
      await exchange(socket, get("/"), /first/);
      socket.resetAndDestroy();
    },
    responses: [{ outcome: "client_aborted", http_status: 200, bytes_sent: 5, body: "first" }],
  },
  {
    name: "a client that leaves two requests of one connection",
    serve: (request, response) => {
      if (request.url === "/second") response.end("waits for the first");
    },
    ask: async (socket) => {
      socket.write(get("/first") + get("/second"));
      await wait(20);
      socket.resetAndDestroy();
    },
    requests: [{ http_path: "/first" }, { http_path: "/second" }],
    responses: [
      { outcome: "client_aborted", http_status: null, bytes_sent: 0 },
      { outcome: "client_aborted", http_status: 200, bytes_sent: 0 },
    ],
  },
  {
    name: "a server that gives up before the head",
    serve: (_request, response) => response.destroy(),
    ask: (socket) => exchange(socket, get("/"), /$never/),
    responses: [{ outcome: "server_aborted", http_status: null, bytes_sent: 0 }],
  },
  {
    name: "a server that gives up in the middle",
    serve: async (_request, response) => {
      response.write("first");
      await wait(20);
      response.destroy(new Error("wrong"));
    },
    ask: (socket) => exchange(socket, get("/"), /$never/),
    responses: [{ outcome: "server_aborted", http_status: 200, bytes_sent: 5 }],
  },
];

/** Exchanges that take too long. */
export const timedOut: readonly OutcomeCase[] = [
  {
    name: "a server whose time is up",
    prepare: (server) => server.setTimeout(30),
    serve: never,
    ask: (socket) => exchange(socket, get("/"), /$never/),
    responses: [{ outcome: "timeout", http_status: null, bytes_sent: 0 }],
  },
  {
    name: "a timeout that the server answers",
    prepare: (server) => server.setTimeout(30, never),
    serve: (_request, response) => {
      response.setTimeout(30, () => void response.writeHead(503).end("late"));
    },
    ask: (socket) => exchange(socket, get("/"), /late/),
    responses: [{ outcome: "complete", http_status: 503, bytes_sent: 4 }],
  },
  {
    name: "a request that does not end in time",
    prepare: (server) => {
      server.requestTimeout = 30;
      server.headersTimeout = 30;
    },
    serve: never,
    ask: (socket) => exchange(socket, `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc`, /$never/),
    requests: [{ body_truncated: true }],
    responses: [{ outcome: "timeout", bytes_sent: 0 }],
  },
];

/** Exchanges whose handlers fail. */
export const failed: readonly OutcomeCase[] = [
  {
    name: "a handler that fails before the head, of which the server makes an answer",
    serve: () => Promise.reject(new Error("wrong")),
    ask: (socket) => exchange(socket, get("/"), /Internal Server Error$/),
    responses: [{ outcome: "complete", http_status: 500 }],
  },
  {
    name: "a handler that fails after the head",
    serve: async (_request, response) => {
      response.write("first");
      await wait(5);
      throw new Error("wrong");
    },
    ask: (socket) => exchange(socket, get("/"), /$never/),
    responses: [{ outcome: "error", http_status: 200, bytes_sent: 5, body: "first" }],
  },
];

// More than the buffers of both sockets, which grow to some megabytes each.
const longer = 32 << 20;

/** Bytes that a client took before it left, of an answer that is much longer than what it took. */
export async function unread(
  doors: Doors,
): Promise<{ readonly took: number; readonly told: number; readonly of: number }> {
  let took = 0;
  const stored = await run(doors, {
    name: "a client that leaves a long answer",
    serve: (_request, response) => response.end(Buffer.alloc(longer)),
    ask: async (socket) => {
      const [part] = (await exchange(socket, get("/"), /\r\n\r\n/)).split("\r\n\r\n").slice(1);
      took = part?.length ?? 0;
      socket.pause();
      await wait(30);
      socket.resetAndDestroy();
    },
    responses: [{ bytes_sent: 0, outcome: "" }],
  });
  return { took, told: Number(stored.responses[0]?.["bytes_sent"]), of: longer };
}
