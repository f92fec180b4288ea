import type { Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { rawClient, type RawTarget, rawTarget } from "../../support/raw-http.ts";
import { until } from "../../support/scratch.ts";
import { disposableFolder } from "../../support/temp-folder.ts";
import { type ProxySidecar, proxySidecar } from "../../support/proxy-sidecar.ts";

/*
 * What a proxy must do with heads (RFC 9110, 7.6; RFC 9112), through one sidecar in front of one target, both spoken
 * to in bytes.
 */

let target: RawTarget;
let sidecar: ProxySidecar;
let folder: { readonly path: string } & AsyncDisposable;
/** What the target answers to a request whose head has come. */
let answer: (socket: Socket, received: string) => void;
const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

beforeAll(async () => {
  target = await rawTarget((socket, received) => answer(socket, received));
  folder = await disposableFolder();
  sidecar = await proxySidecar(target.url, { folder: folder.path });
});
afterAll(async () => {
  target.close();
  expect(await sidecar.end()).toBe(0);
  await folder[Symbol.asyncDispose]();
});
beforeEach(() => {
  target.received.length = 0;
  answer = (socket, received) => {
    if (received.includes("\r\n\r\n")) socket.end(ok);
  };
});

/** Sends bytes over a connection of their own, and gives what came back until it matches, or the end of it. */
async function ask(sent: string, until_ = /\r\n\r\n/): Promise<string> {
  const client = await rawClient(sidecar.port);
  client.socket.write(sent, "latin1");
  await until(() => until_.test(client.text()) || client.closed);
  client.socket.destroy();
  return client.text();
}

/** The headers that the target got, without those that are always added. */
function gotHeaders(): string[] {
  const [head = ""] = (target.received[0] ?? "").split("\r\n\r\n", 1);
  return head.split("\r\n").filter((line) => !/^(x-forwarded-\w+|via): /i.test(line));
}

const id = "x-request-id: a";

test.each([
  ["what Connection names", "Connection: x-hop, close\r\nX-Hop: 1\r\nX-End: 1", ["X-End: 1"]],
  [
    "Keep-Alive and Proxy-Connection",
    "Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nA: 1",
    ["A: 1"],
  ],
  ["of TE all but trailers", "TE: gzip, trailers\r\nConnection: TE", ["TE: trailers", "Connection: TE"]],
  ["TE without trailers", "TE: gzip\r\nConnection: TE", []],
  [
    "not the length that Connection names",
    "Connection: content-length\r\nContent-Length: 0",
    ["Content-Length: 0"],
  ],
  ["not values of other bytes", "X-Name: J\xfcrgen\r\nx-empty:", ["X-Name: J\xfcrgen", "x-empty: "]],
  ["an expectation that nobody knows not", "Expect: patience", ["Expect: patience"]],
])("what goes no further: %s", async (_name, sent, left) => {
  expect(await ask(`GET /a HTTP/1.1\r\nHost: model\r\n${id}\r\n${sent}\r\n\r\n`, /ok$/)).toMatch(
    /^HTTP\/1.1 200/,
  );
  expect(gotHeaders().filter((line) => line !== id)).toEqual(["GET /a HTTP/1.1", "Host: model", ...left]);
});

test("a request is told whose it is: the client's address behind those that came, Host and scheme if nobody said them", async () => {
  await ask(
    "GET / HTTP/1.1\r\nHost: model\r\nX-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto: https\r\nVia: 1.1 edge\r\n\r\n",
  );
  const got = (target.received[0] ?? "").split("\r\n");
  expect(got.filter((line) => /^(x-forwarded|via)/i.test(line))).toEqual([
    "X-Forwarded-Proto: https",
    "Via: 1.1 edge",
    "X-Forwarded-For: 10.0.0.1, 127.0.0.1",
    "X-Forwarded-Host: model",
    "Via: 1.1 mdc",
  ]);
});

test("a request without an id gets one, which the answer tells", async () => {
  const text = await ask("GET / HTTP/1.1\r\nHost: model\r\n\r\n", /ok$/);
  const made = /X-Request-Id: (\S+)/.exec(target.received[0] ?? "")?.[1];
  expect(text).toContain(`X-Request-Id: ${made}\r\n`);
});

test("an absolute target counts more than Host", async () => {
  await ask(`GET http://other:81/a?b=1 HTTP/1.1\r\nHost: model\r\n${id}\r\n\r\n`);
  expect(gotHeaders()).toEqual(["GET /a?b=1 HTTP/1.1", "Host: other:81", id]);
});

test("a POST without a body gets none", async () => {
  await ask(`POST / HTTP/1.1\r\nHost: model\r\n${id}\r\n\r\n`, /ok$/);
  expect(target.received[0]?.endsWith("\r\n\r\n")).toBe(true);
  expect(gotHeaders()).toEqual(["POST / HTTP/1.1", "Host: model", id]);
});

test("Expect: 100-continue is the target's to answer, before the body comes", async () => {
  answer = (socket, received) => {
    if (received.endsWith("\r\n\r\n")) socket.write("HTTP/1.1 100 Continue\r\n\r\n");
    if (received.endsWith("abc")) socket.end(ok);
  };
  const { socket, text } = await rawClient(sidecar.port);
  socket.write(
    `POST / HTTP/1.1\r\nHost: model\r\n${id}\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n`,
  );
  await until(() => text() === "HTTP/1.1 100 Continue\r\n\r\n");
  expect(gotHeaders()).toContain("Expect: 100-continue");
  socket.write("abc");
  await until(() => text().endsWith("ok"));
  // The connection is as good as before.
  socket.write(`GET / HTTP/1.1\r\nHost: model\r\n${id}\r\n\r\n`);
  answer = (target) => target.end(ok);
  await until(() => text().split(ok).length === 3);
});

test("a client that waits for leave to send its body, and is refused, is told that the connection ends", async () => {
  answer = (socket) => socket.write("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
  const text = await ask(
    `POST / HTTP/1.1\r\nHost: model\r\n${id}\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n`,
    /$never/,
  );
  expect(text).toBe("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
});

test("heads keep bytes that are not ASCII, also when the body lets wait for itself", async () => {
  answer = (socket, received) => {
    if (received.endsWith("\r\n\r\n"))
      socket.write("HTTP/1.1 200 OK\r\nX-Name: J\xfcrgen\r\nContent-Length: 2\r\n\r\n", "latin1");
    else socket.write("ok");
  };
  const { socket, text } = await rawClient(sidecar.port);
  socket.write(
    `POST / HTTP/1.1\r\nHost: model\r\n${id}\r\nX-Name: Andr\xe9\r\nContent-Length: 1\r\n\r\n`,
    "latin1",
  );
  await until(() => text().endsWith("\r\n\r\n"));
  expect(gotHeaders()).toContain("X-Name: Andr\xe9");
  expect(text()).toContain("\r\nX-Name: J\xfcrgen\r\n");
  socket.write("a");
  await until(() => text().endsWith("ok"));
});

test.each([
  ["HEAD", "200 OK", "Content-Length: 17"],
  ["GET", "304 Not Modified", "Content-Length: 17"],
  ["GET", "204 No Content", "X-A: 1"],
  ["HEAD", "200 OK", "X-A: 1"],
])("%s with %s has no body, and keeps %s", async (method, status, header) => {
  answer = (socket) => socket.write(`HTTP/1.1 ${status}\r\n${header}\r\n\r\n`);
  const { socket, text } = await rawClient(sidecar.port);
  const request = `${method} / HTTP/1.1\r\nHost: model\r\n${id}\r\n\r\n`;
  const one = `HTTP/1.1 ${status}\r\n${header}\r\n\r\n`;
  socket.write(request);
  await until(() => text().length >= one.length);
  socket.write(request);
  await until(() => text().length >= 2 * one.length);
  expect(text()).toBe(one + one);
});

test("a client of HTTP/1.0 gets no chunks, and the end of the connection for the end of the body", async () => {
  answer = (socket) =>
    socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  const text = await ask(`GET / HTTP/1.0\r\n${id}\r\n\r\n`, /$never/);
  expect(text).toBe("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc");
  expect(gotHeaders()).toEqual(["GET / HTTP/1.1", `Host: ${new URL(target.url).host}`, id]);
});

const many = Array.from({ length: 1_000 }, (_, i) => `h${i}: 1\r\n`).join("");

test.each([
  ["two Host", 400, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
  ["no Host", 400, "GET / HTTP/1.1\r\n\r\n"],
  ["a transfer coding in HTTP/1.0", 400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  [
    "a transfer coding other than chunked",
    501,
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
  ],
  [
    "a length and a transfer coding",
    400,
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX",
  ],
  ["two lengths", 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nX"],
  ["a list of lengths", 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nX"],
  ["a folded line", 400, "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n"],
  ["a bare LF", 400, "GET / HTTP/1.1\nHost: a\n\n"],
  ["a blank before the colon", 400, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"],
  [
    "a chunk whose size is none",
    400,
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
  ],
  ["1,000 header fields", 431, `GET / HTTP/1.1\r\nHost: a\r\n${many}\r\n`],
  ["a head of more than 64 KiB", 431, `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(65_600)}\r\n\r\n`],
  ["CONNECT", 501, "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"],
])("%s is refused with %i, and what stands behind it is no request", async (_name, status, sent) => {
  const behind = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
  expect(await ask(sent + behind, /$never/)).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*$`));
  expect(target.received.join("")).not.toContain("smuggled");
});

test.each([
  ["1,000 header fields", `HTTP/1.1 200 OK\r\n${many}Content-Length: 0\r\n\r\n`],
  ["a transfer coding other than chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc"],
  [
    "a length and a transfer coding",
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"],
  ["something that is not HTTP", "SSH-2.0-OpenSSH_9.9\r\n"],
  ["another protocol unasked", "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"],
  ["nothing", ""],
])(
  "a target that answers with %s gets the client 502, and its connection serves nobody else",
  async (_name, bytes) => {
    answer = (socket) => socket.end(bytes, "latin1");
    const text = await ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", /\n\n$|[^\r]\n$/);
    expect(text).toMatch(/^HTTP\/1.1 502 Bad Gateway\r\n/);
  },
);

test("requests that do not wait for answers go to the target one after the other", async () => {
  const waiting: (() => void)[] = [];
  answer = (socket) => waiting.push(() => socket.write(ok));
  const { socket, text } = await rawClient(sidecar.port);
  socket.write(["/1", "/2", "/3"].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n${id}\r\n\r\n`).join(""));
  const got = (): string[] => target.received.join("").match(/GET \S+/g) ?? [];
  for (const [index, count] of [1, 2, 3].entries()) {
    await until(() => waiting.length === count);
    expect(got()).toHaveLength(count);
    waiting[index]?.();
  }
  await until(() => text().split("ok").length === 4);
  expect(got()).toEqual(["GET /1", "GET /2", "GET /3"]);
});

test.each([
  ["GET", 200],
  ["POST", 502],
])(
  "%s over a connection that the target has just closed ends with %i: only what may come twice is sent again",
  async (method, status) => {
    let count = 0;
    answer = (socket) => {
      count++;
      if (count === 2) socket.resetAndDestroy();
      else socket.write(ok);
    };
    const request = `${method} / HTTP/1.1\r\nHost: a\r\n${id}\r\n\r\n`;
    const { socket, text } = await rawClient(sidecar.port);
    socket.write(request);
    await until(() => text().endsWith("ok"));
    const first = text().length;
    socket.write(request);
    await until(() => /^HTTP[^]*\r\n\r\n/.test(text().slice(first)));
    expect(text().slice(first)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(count).toBe(method === "GET" ? 3 : 2);
  },
);

test("a connection to the target is used again, and not kept for longer than servers keep theirs", async () => {
  const closed: number[] = [];
  answer = (socket, received) => {
    if (received.split("\r\n\r\n").length === 2) socket.once("close", () => closed.push(Date.now()));
    socket.write(ok);
  };
  for (let i = 0; i < 3; i++) await ask(`GET / HTTP/1.1\r\nHost: a\r\n${id}\r\n\r\n`, /ok$/);
  expect(target.received).toHaveLength(1);
  await until(() => closed.length === 1, 5_000);
});

test("another protocol goes through as bytes, both ways, and leaves a row with 101", async () => {
  answer = (socket, received) => {
    if (received.endsWith("\r\n\r\n"))
      socket.write("HTTP/1.1 101 Go On\r\nUpgrade: echo\r\nConnection: Upgrade\r\nX-A: 1\r\n\r\nhi ");
    else socket.write(received.slice(received.indexOf("\r\n\r\n") + 4).toUpperCase());
    if (received.endsWith("bye")) socket.end();
  };
  const { socket, text } = await rawClient(sidecar.port);
  onTestFinished(() => void socket.destroy());
  socket.write(
    "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: echo/2\r\nx-request-id: chat\r\n\r\n",
  );
  const head = "HTTP/1.1 101 Go On\r\nUpgrade: echo\r\nConnection: Upgrade\r\nX-A: 1\r\n\r\nhi ";
  await until(() => text() === head);
  expect(target.received[0]).toContain("Connection: Upgrade\r\nUpgrade: echo/2\r\n");
  socket.write("bye");
  await until(() => socket.destroyed || socket.readableEnded);
  expect(text()).toBe(`${head}BYE`);
});

test("a client that offers h2c with its request is answered in HTTP/1.1", async () => {
  answer = (socket, received) => {
    if (received.endsWith("abc")) socket.end(ok);
  };
  const wish =
    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n";
  const text = await ask(`POST / HTTP/1.1\r\nHost: a\r\n${wish}${id}\r\nContent-Length: 3\r\n\r\nabc`, /ok$/);
  expect(text).toMatch(/^HTTP\/1.1 200 OK/);
  expect(gotHeaders()).toEqual(["POST / HTTP/1.1", "Host: a", id, "Content-Length: 3"]);
});

test("a target that declines another protocol is heard as it is", async () => {
  const text = await ask(
    "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\nx-request-id: a\r\n\r\n",
    /ok$/,
  );
  expect(text).toBe("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
});
