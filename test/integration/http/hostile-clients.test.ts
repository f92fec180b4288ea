import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { nodePayloadLogging } from "model-data-collector/http";
import { expect, onTestFinished, test } from "vitest";
import { payloadServer } from "../../support/payload-server.ts";
import { proxySidecar } from "../../support/proxy-sidecar.ts";
import { listening, rawClient, rawTarget } from "../../support/raw-http.ts";
import { until } from "../../support/scratch.ts";

/*
 * Requests that two servers could read as different ones, each with another request behind it, to a logged server and
 * to the sidecar: what is answered, what reaches the handler, and which rows it leaves.
 */

type Rows = readonly Readonly<Record<string, unknown>>[];

/** `refused`: no request at all. `broken`: one whose body cannot be read. `doubtful`: one that Node takes. */
type Kind = "refused" | "broken" | "doubtful";

const post = "POST /x HTTP/1.1\r\nHost: a\r\nX-Request-Id: ID\r\n";
const chunked = `${post}Transfer-Encoding: chunked\r\n\r\n`;

/** By name: what it is, the status that answers it (of the sidecar, if it is doubtful), and its bytes. */
const attacks: Readonly<Record<string, readonly [kind: Kind, status: number, bytes: string]>> = {
  "length and coding": [
    "refused",
    400,
    `${post}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX`,
  ],
  "coding and length": [
    "refused",
    400,
    `${post}Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nX`,
  ],
  "two equal lengths": ["refused", 400, `${post}Content-Length: 1\r\nContent-Length: 1\r\n\r\nX`],
  "two lengths": ["refused", 400, `${post}Content-Length: 1\r\nContent-Length: 2\r\n\r\nXY`],
  "a list of lengths": ["refused", 400, `${post}Content-Length: 1, 1\r\n\r\nX`],
  "a length with a sign": ["refused", 400, `${post}Content-Length: +1\r\n\r\nX`],
  "a length that is too large for a number": [
    "refused",
    400,
    `${post}Content-Length: 18446744073709551617\r\n\r\nX`,
  ],
  "a blank before the colon": ["refused", 400, `${post}Content-Length : 1\r\n\r\nX`],
  "a folded line": ["refused", 400, `${post}X: 1\r\n 2\r\n\r\n`],
  "a bare LF": ["refused", 400, `${post}X: 1\nY: 2\r\n\r\n`],
  "a bare CR": ["refused", 400, `${post}X: 1\rY: 2\r\n\r\n`],
  "a head that a bare LF ends": ["refused", 400, `${post}\n`],
  "a NUL": ["refused", 400, `${post}X: a\0b\r\n\r\n`],
  "chunked twice": [
    "refused",
    400,
    `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  "chunked not last": ["refused", 400, `${post}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`],
  "a head of 70 KiB": ["refused", 431, `${post}X: ${"x".repeat(70_000)}\r\n\r\n`],
  "a bad chunk size": ["broken", 400, `${chunked}zz\r\n\r\n`],
  "a bad second chunk": ["broken", 400, `${chunked}2\r\nab\r\nzz\r\n\r\n`],
  "a chunk without its end": ["broken", 400, `${chunked}2\r\nabX\r\n0\r\n\r\n`],
  "chunks with bare LF": ["broken", 400, `${chunked}2\nab\n0\n\n`],
  "a chunk that is too large for a number": ["broken", 400, `${chunked}10000000000000002\r\nab\r\n0\r\n\r\n`],
  "a flood of chunk extensions": ["broken", 413, `${chunked}2;${"a".repeat(20_000)}\r\nab\r\n0\r\n\r\n`],
  "a length among the trailers": ["broken", 400, `${chunked}2\r\nab\r\n0\r\nContent-Length: 5\r\n\r\n`],
  "two hosts": ["doubtful", 400, `${post}Host: b\r\n\r\n`],
  "another coding before chunked": [
    "doubtful",
    501,
    `${post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  ],
};
const behind = "GET /smuggled HTTP/1.1\r\nHost: a\r\nX-Request-Id: ID-behind\r\n\r\n";

/** Attacks a server, all at once; the statuses of the answers by attack. */
async function attack(port: number): Promise<Record<string, number[]>> {
  const attacking = Object.entries(attacks).map(async ([name, [kind, , bytes]]) => {
    const { socket, text } = await rawClient(port);
    const statuses = (): number[] =>
      [...text().matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => Number(status));
    const closed = once(socket, "close");
    socket.write((bytes + behind).replaceAll("ID", name.replaceAll(" ", "-")), "latin1");
    // Who takes a doubtful request takes what is behind it, too, and leaves the connection open.
    const taken = until(() => statuses().length === 2).catch(() => {});
    await (kind === "doubtful" ? Promise.race([closed, taken]) : closed);
    socket.destroy();
    return [name, statuses()] as const;
  });
  return Object.fromEntries(await Promise.all(attacking));
}

/** What of an attack is stored: path, status and outcome of each of its exchanges. */
function storedOf(name: string, { requests, responses }: { requests: Rows; responses: Rows }): unknown[] {
  const id = name.replaceAll(" ", "-");
  const own = requests.filter((row) => [id, `${id}-behind`].includes(String(row["mdc_correlation_id"])));
  return own.map((request) => {
    const answers = responses.filter((row) => row["mdc_correlation_id"] === request["mdc_correlation_id"]);
    const ends = answers.map((row) => [row["http_status"], row["outcome"]]);
    return [request["http_path"], ...ends.flat()];
  });
}

const seen: string[] = [];
const handler: RequestListener = (request, response) => {
  seen.push(`${request.headers["x-request-id"]} ${request.url}`);
  request.on("error", () => {});
  request.resume().on("end", () => response.end("ok"));
};
const broken = [["/x", null, "server_aborted"]];

test("a logged server: what Node refuses leaves no row, what it takes leaves one each, and nothing two", async () => {
  seen.length = 0;
  const server = await payloadServer((deployment) =>
    createServer(nodePayloadLogging(handler, { deployment })),
  );
  const statuses = await attack(server.port);
  const stored = await server.stored();
  for (const [name, [kind, status]] of Object.entries(attacks)) {
    const [answered, rows] = {
      refused: [[status], []],
      broken: [[status], broken],
      doubtful: [[200, 200], ["/x", "/smuggled"].map((path) => [path, 200n, "complete"])],
    }[kind];
    expect([name, statuses[name], storedOf(name, stored)]).toEqual([name, answered, rows]);
  }
  expect(stored.requests).toHaveLength(seen.length);
});

test("the sidecar: what can be read in two ways is refused, and what stands behind it is no request and no row", async () => {
  seen.length = 0;
  const target = createServer(handler);
  onTestFinished(() => void target.close());
  const sidecar = await proxySidecar(await listening(target));
  const statuses = await attack(sidecar.port);
  const stored = await sidecar.stored();
  for (const [name, [kind, status]] of Object.entries(attacks)) {
    const rows = { refused: [], broken, doubtful: [["/x", BigInt(status), "complete"]] }[kind];
    expect([name, statuses[name], storedOf(name, stored)]).toEqual([name, [status], rows]);
  }
  // The head of what is broken later may have gone on.
  const begun = Object.keys(attacks).filter((name) => attacks[name]?.[0] === "broken");
  const known = new Set(begun.map((name) => `${name.replaceAll(" ", "-")} /x`));
  expect(seen.filter((request) => !known.has(request))).toEqual([]);
});

test("garbage behind a request that was answered does not make its answer less whole", async () => {
  const server = await payloadServer((deployment) =>
    createServer(nodePayloadLogging((_request, response) => response.end("ok"), { deployment })),
  );
  const { socket } = await rawClient(server.port);
  socket.write(`${post}Content-Length: 0\r\n\r\nSTRAY BYTES\r\n\r\n`);
  await once(socket, "close");
  const { requests, responses } = await server.stored();
  expect(requests).toMatchObject([{ body_size: 0n, body_truncated: false }]);
  expect(responses).toMatchObject([{ http_status: 200n, outcome: "complete", bytes_sent: 2n }]);
});

test("a client that leaves in the middle of what was answered already ends the target's request, too", async () => {
  let over = 0;
  const target = await rawTarget((socket, received) => {
    if (received.endsWith("begin")) socket.write("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
    socket.once("close", () => over++);
  });
  const sidecar = await proxySidecar(target.url);
  const { socket, text } = await rawClient(sidecar.port);
  socket.write(`${post}Content-Length: 1000000\r\n\r\nbegin`);
  await until(() => text().includes("413"));
  socket.destroy();
  await until(() => over > 0);
  const { requests, responses } = await sidecar.stored();
  expect(requests).toMatchObject([{ body: "begin", body_size: 5n, body_truncated: true }]);
  expect(responses).toMatchObject([{ http_status: 413n, outcome: "complete" }]);
  target.close();
});
