import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, request, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { runNode } from "../../support/child.ts";
import { root } from "../../support/packed-project.ts";
import { duckdbCollection } from "../../support/parquet-engines.ts";
import { listening, rawClient, rawTarget } from "../../support/raw-http.ts";
import { until } from "../../support/scratch.ts";
import { sidecarForTest } from "../../support/sidecar-process.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { proxySidecar } from "../../support/proxy-sidecar.ts";

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
  const sidecar = await proxySidecar(target.url);
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
  const sidecar = await proxySidecar(`http://127.0.0.1:${port}`);
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
  const sidecar = await proxySidecar(target);
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

test("a client that goes away ends the request at the target, and the row says so", async () => {
  let gone = false;
  const target = await nodeTarget((_request, response) => {
    response.write("begin");
    response.on("close", () => (gone = true));
  });
  const sidecar = await proxySidecar(target);
  const { socket, text } = await rawClient(sidecar.port);
  socket.write("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
  await until(() => text().includes("begin"));
  socket.destroy();
  await until(() => gone);
  const { requests, responses } = await sidecar.stored();
  expect(requests).toEqual([expect.objectContaining({ body: "ab", body_truncated: true })]);
  expect(responses).toEqual([expect.objectContaining({ outcome: "client_aborted", body: "begin" })]);
});

test("a side that does not read holds the other one up, both ways", async () => {
  const chunk = Buffer.alloc(1 << 20);
  const total = 256;
  let [sent, taken] = [0, 0];
  const target = await nodeTarget((request, response) => {
    if (request.method === "POST") request.once("data", () => request.pause());
    else
      void (async () => {
        for (; sent < total; sent++) if (!response.write(chunk)) await once(response, "drain");
        response.end();
      })().catch(() => {});
  });
  const sidecar = await proxySidecar(target, { args: ["--deadline", "2"] });
  const reader = await rawClient(sidecar.port);
  reader.socket.pause();
  reader.socket.write("GET /long HTTP/1.1\r\nHost: a\r\n\r\n");
  const writer = await rawClient(sidecar.port);
  writer.socket.write(`POST /long HTTP/1.1\r\nHost: a\r\nContent-Length: ${total << 20}\r\n\r\n`);
  void (async () => {
    for (; taken < total; taken++) if (!writer.socket.write(chunk)) await once(writer.socket, "drain");
  })().catch(() => {});
  let before = -1;
  await until(() => sent > 0 && taken > 0);
  while (before !== sent + taken) {
    before = sent + taken;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  // What systems hold for two connections each is some MiB.
  expect([sent, taken].map((count) => count < total / 4)).toEqual([true, true]);
  reader.socket.destroy();
  writer.socket.destroy();
  expect(await sidecar.end()).toBe(0);
});

test("SIGTERM lets an exchange under way end, takes no other, and stores it", async () => {
  let answer = (): void => {};
  const target = await nodeTarget((_request, response) => {
    answer = () => response.end("late");
    response.flushHeaders();
  });
  const sidecar = await proxySidecar(target);
  const { socket, text } = await rawClient(sidecar.port);
  socket.write("GET /score HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => text().includes("\r\n\r\n"));
  const ended = sidecar.end();
  while ((await fetch(`${sidecar.admin}/readyz`)).status !== 503);
  await expect(fetch(`http://127.0.0.1:${sidecar.port}/score`)).rejects.toThrow();
  answer();
  expect(await ended).toBe(0);
  expect(text()).toMatch(/late\r\n0\r\n\r\n$/);
  expect(sidecar.told()).toContain("2 frames delivered, 0 left in the spool, 0 dropped");
});

test("traffic flows while storage cannot be reached, and what is not stored waits in the spool", async () => {
  const target = await nodeTarget((_request, response) => response.end("ok"));
  const env = {
    AZURE_STORAGE_CONNECTION_STRING: `DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=${btoa("k")};BlobEndpoint=http://127.0.0.1:9/devstoreaccount1;`,
  };
  const folder = await tempFolder();
  const args = ["--target", target, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--deadline", "2"];
  const sidecar = await sidecarForTest(
    "http://127.0.0.1:9/devstoreaccount1/container",
    join(folder, "spool"),
    args,
    env,
  );
  const { listen, admin } = sidecar.urls;
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => fetch(`${listen}/score`).then((r) => r.text())),
  );
  expect(answers).toEqual(Array.from({ length: 50 }, () => "ok"));
  expect((await fetch(`${admin}/readyz`)).status).toBe(200);
  expect(await sidecar.end()).toBe(0);
  expect(sidecar.told()).toContain("0 frames delivered, 100 left in the spool, 0 dropped");
});

test.runIf(process.platform !== "win32")("sockets of the file system do on both sides", async () => {
  const folder = await tempFolder();
  const [behind, before] = [join(folder, "model.sock"), join(folder, "mdc.sock")];
  const server = createServer((_request, response) => response.end("ok")).listen(behind);
  onTestFinished(() => void server.close());
  const args = ["--target", `unix:${behind}`, "--listen", `unix:${before}`];
  const sidecar = await sidecarForTest(join(folder, "collected"), join(folder, "spool"), args);
  const asked = request({ socketPath: before, path: "/score" }).end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  expect([answer.statusCode, await text(answer)]).toEqual([200, "ok"]);
  expect(await sidecar.end()).toBe(0);
});

test.runIf(process.platform !== "win32")(
  "a target that breaks off within its answer ends nothing but that answer, also behind a socket of the file system",
  async () => {
    const folder = await tempFolder();
    const before = join(folder, "mdc.sock");
    const target = await nodeTarget((asked, response) => {
      if (asked.url !== "/half") return void response.end("ok");
      response.writeHead(200, { "content-length": 10 });
      response.write("abc");
      setTimeout(() => response.destroy(), 30);
    });
    const args = ["--target", target, "--listen", `unix:${before}`];
    const sidecar = await sidecarForTest(join(folder, "collected"), join(folder, "spool"), args);
    const ask = async (path: string): Promise<string> => {
      const asked = request({ socketPath: before, path }).end();
      const [answer] = (await once(asked, "response")) as [IncomingMessage];
      return await text(answer).catch((error: unknown) => (error as NodeJS.ErrnoException).code ?? "");
    };
    expect([await ask("/score"), await ask("/half"), await ask("/score")]).toEqual([
      "ok",
      "ECONNRESET",
      "ok",
    ]);
    expect(await sidecar.end()).toBe(0);
    const outcomes = (await duckdbCollection(join(folder, "collected"), "response")).map(
      (row) => row["outcome"],
    );
    expect(outcomes).toEqual(["complete", "server_aborted", "complete"]);
  },
);

test.runIf(process.platform !== "win32")(
  "a socket that a killed sidecar left is taken over; one that is listened at, or is none, is not",
  async () => {
    const folder = await tempFolder();
    const before = join(folder, "mdc.sock");
    const target = await nodeTarget((_asked, response) => void response.end("ok"));
    const start = (listen: string) =>
      sidecarForTest(join(folder, "collected"), join(folder, "spool"), [
        "--target",
        target,
        "--listen",
        listen,
      ]);
    const first = await start(`unix:${before}`);
    await expect(start(`unix:${before}`)).rejects.toThrow("EADDRINUSE");
    const exited = once(first.process, "exit");
    first.process.kill("SIGKILL");
    await exited;
    const second = await start(`unix:${before}`);
    const asked = request({ socketPath: before, path: "/score" }).end();
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    expect(await text(answer)).toBe("ok");
    expect(await second.end()).toBe(0);
    const file = join(folder, "file");
    writeFileSync(file, "kept");
    await expect(start(`unix:${file}`)).rejects.toThrow("EADDRINUSE");
    expect(readFileSync(file, "utf8")).toBe("kept");
  },
);

test.each([
  [["--target", "ftp://127.0.0.1"], "--target: expected http://<host>:<port>"],
  [["--target", "http://user:secret@127.0.0.1"], "without user, path and query"],
  [["--target", "http://127.0.0.1:1", "--listen", "8081"], "--listen: expected an address and a port"],
])("a command line that is wrong ends with 2 and says what was expected: %j", async (args, message) => {
  const { code, stderr } = await runNode([join(root, "dist/cli/main.js"), "sidecar", ...args]);
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  expect(stderr).not.toContain("secret@");
});

test("a port that is taken ends it with 4", async () => {
  const target = await nodeTarget(() => {});
  const { code, stderr } = await runNode(
    [
      join(root, "dist/cli/main.js"),
      ...["sidecar", "--target", target, "--listen", new URL(target).host, "--root", await tempFolder()],
    ],
    { env: { MDC_SPOOL_DIR: await tempFolder() } },
  );
  expect([code, stderr]).toEqual([4, expect.stringContaining("EADDRINUSE")]);
});
