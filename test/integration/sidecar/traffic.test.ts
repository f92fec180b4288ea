import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { listening, rawClient, rawTarget } from "../../support/raw-http.ts";
import { until } from "../../support/scratch.ts";
import { startSidecar } from "../../support/sidecar.ts";

async function nodeTarget(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  onTestFinished(() => void server.close());
  return await listening(server);
}

test("heads keep order, case and repetitions both ways, trailers and 1xx go through, and the exchange is a row each", async () => {
  const target = await rawTarget((socket, received) => {
    if (!received.endsWith("0\r\nX-Sum: 3\r\n\r\n")) return;
    socket.write(
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 299 Quite Well\r\nx-B: 1\r\nX-b: 2\r\n",
    );
    socket.write("Transfer-Encoding: chunked\r\nTrailer: X-End\r\nKeep-Alive: timeout=5\r\n\r\n");
    socket.write("5\r\nhello\r\n0\r\nX-End: yes\r\n\r\n");
  });
  const sidecar = await startSidecar(target.url);
  onTestFinished(() => target.close());
  const { socket, text } = await rawClient(sidecar.port);
  socket.write(
    "POST /score?a=1 HTTP/1.1\r\nHOST: model\r\nx-A: 1\r\nX-a: 2\r\nConnection: X-Hop\r\nX-Hop: 1\r\n",
  );
  socket.write(
    "x-request-id: order-17\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 3\r\n\r\n",
  );
  await until(() => text().endsWith("X-End: yes\r\n\r\n"));
  expect(target.received[0]).toBe(
    "POST /score?a=1 HTTP/1.1\r\nHOST: model\r\nx-A: 1\r\nX-a: 2\r\nx-request-id: order-17\r\n" +
      "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Host: model\r\n" +
      "X-Forwarded-Proto: http\r\nVia: 1.1 mdc\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 3\r\n\r\n",
  );
  expect(text()).toBe(
    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 299 Quite Well\r\nx-B: 1\r\nX-b: 2\r\n" +
      "Transfer-Encoding: chunked\r\nTrailer: X-End\r\n\r\n5\r\nhello\r\n0\r\nX-End: yes\r\n\r\n",
  );
  const { requests, responses } = await sidecar.stored();
  const both = { mdc_correlation_id: "order-17", body_truncated: false };
  expect(requests).toEqual([
    expect.objectContaining({
      ...both,
      http_method: "POST",
      http_path: "/score",
      http_query: "a=1",
      body: "abc",
    }),
  ]);
  expect(responses).toEqual([
    expect.objectContaining({ ...both, http_status: 299n, body: "hello", outcome: "complete" }),
  ]);
});

test("a target that is down is answered for with 502, a row of outcome error, and not ready", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  const sidecar = await startSidecar(`http://127.0.0.1:${port}`);
  const answer = await fetch(`http://127.0.0.1:${sidecar.port}/score`, { method: "POST", body: "{}" });
  expect([answer.status, await answer.text()]).toEqual([502, expect.stringContaining("cannot be reached")]);
  expect((await fetch(`${sidecar.admin}/readyz`)).status).toBe(503);
  expect((await fetch(`${sidecar.admin}/healthz`)).status).toBe(200);
  const { responses } = await sidecar.stored();
  expect(responses).toEqual([expect.objectContaining({ http_status: 502n, outcome: "error" })]);
});

test("a target that breaks off breaks the client's connection, and the row says so", async () => {
  const target = await nodeTarget((_request, response) => {
    response.write("half of ");
    setTimeout(() => response.destroy(), 50);
  });
  const sidecar = await startSidecar(target);
  const { socket, text } = await rawClient(sidecar.port);
  socket.write("GET /half HTTP/1.1\r\nHost: a\r\n\r\n");
  await once(socket, "close");
  expect(text()).toMatch(/half of \r\n$/);
  const metrics = await (await fetch(`${sidecar.admin}/metrics`)).text();
  expect(metrics).toContain('mdc_sidecar_exchanges_total{outcome="server_aborted"} 1\n');
  const { responses } = await sidecar.stored();
  expect(responses).toEqual([
    expect.objectContaining({ http_status: 200n, outcome: "server_aborted", body: "half of " }),
  ]);
});
