import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { LocalAgent } from "../../../src/agent/local-agent.ts";
import type { OutgoingFrame } from "../../../src/agent/sender.ts";
import { RecordingAgent } from "../../support/recording-agent.ts";

const headers = { "Content-Type": "application/json", "ce-x-request-id": "é" };

function frameOf(...pieces: readonly string[]): OutgoingFrame {
  return {
    headers,
    size: pieces.join("").length,
    async *open() {
      // One memory for all pieces, as the spool has it.
      const memory = Buffer.alloc(Math.max(0, ...pieces.map(({ length }) => length)));
      for (const piece of pieces) yield memory.subarray(0, memory.write(piece));
    },
  };
}

const small = frameOf("[{}]");

function sender(port: number, timeoutMs?: number): LocalAgent {
  const agent = new LocalAgent({ host: "127.0.0.1", port }, timeoutMs === undefined ? {} : { timeoutMs });
  onTestFinished(() => agent.close());
  return agent;
}

/** Says what it likes, in whatever way, on each connection. */
async function talking(say: (socket: Socket, n: number) => void): Promise<number> {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server: Server = createTcpServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    say(socket, connections++);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

test("frames go over one connection, whole, whatever their size and pieces", async () => {
  const agent = await RecordingAgent.listening();
  const local = sender(agent.port);
  const pieces = Array.from({ length: 40 }, (_, i) => String.fromCharCode(65 + (i % 26)).repeat(100_000));
  for (const frame of [small, frameOf(...pieces), frameOf()]) {
    expect(await local.send(frame)).toEqual({ status: "sent" });
  }
  expect(agent.posts.map(({ body }) => body)).toEqual(["[{}]", pieces.join(""), ""]);
  expect(agent.posts[0]?.headers).toMatchObject({ "ce-x-request-id": "é", "content-length": "4" });
  expect(agent.connections).toBe(1);
});

test.each([
  [204, { status: "sent" }],
  [503, { status: "retryable", class: "transient" }],
  [429, { status: "retryable", class: "transient" }],
  [400, { status: "rejected" }],
  [413, { status: "rejected" }],
  [302, { status: "retryable", class: "configuration" }],
  [404, { status: "retryable", class: "configuration" }],
])("the answer %i means %j", async (status, result) => {
  const agent = await RecordingAgent.listening();
  agent.answer = () => status;
  expect(await sender(agent.port).send(small)).toMatchObject(result);
});

test("nobody there, no answer in time, half an answer, an end: each is tried again later", async () => {
  const agent = await RecordingAgent.listening();
  const { port } = agent;
  agent.answer = () => "hang";
  const passing = { status: "retryable", class: "transient" };
  expect(await sender(port, 100).send(small)).toMatchObject({
    ...passing,
    error: { message: "no answer within 1 s" },
  });
  agent.answer = () => "reset";
  expect(await sender(port).send(small)).toMatchObject(passing);
  await agent.stop();
  const absent = await sender(port).send(small);
  expect(absent).toMatchObject({ ...passing, error: { message: "nobody listens there (ECONNREFUSED)" } });
  expect(await sender(port).probe()).toEqual(absent);
  const half = await talking((socket) => socket.once("data", () => socket.end("HTTP/1.1 20")));
  expect(await sender(half).send(small)).toMatchObject(passing);
  const silent = await talking(() => {});
  expect(await sender(silent, 100).send(small)).toMatchObject(passing);
  expect(await sender(silent, 100).probe()).toEqual({ status: "sent" });
});

test("who is stopped answers at once", async () => {
  const agent = await RecordingAgent.listening();
  agent.answer = () => "hang";
  const stopping = new AbortController();
  const sent = sender(agent.port).send(small, stopping.signal);
  setTimeout(() => stopping.abort(), 20);
  expect(await sent).toMatchObject({ status: "retryable", error: { message: "it was stopped" } });
  expect(await sender(agent.port).send(small, stopping.signal)).toMatchObject({ status: "retryable" });
});

test("a kept connection that the agent has closed meanwhile is no failure", async () => {
  const answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  const bodies: number[] = [];
  const port = await talking((socket, n) => {
    let posts = 0;
    socket.on("data", () => {
      bodies.push(n);
      // The first connection ends when the second frame is on it.
      if (n === 0 && posts++ > 0) socket.resetAndDestroy();
      else socket.write(answer);
    });
  });
  const local = sender(port);
  expect(await local.send(small)).toEqual({ status: "sent" });
  expect(await local.send(small)).toEqual({ status: "sent" });
  expect(new Set(bodies)).toEqual(new Set([0, 1]));
});

test("an answer before the body was read, and one without end, count as what they say", async () => {
  const early = await talking((socket) => {
    socket.once("data", () =>
      socket.end("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    );
  });
  const large = frameOf(
    ..."x"
      .repeat(50)
      .split("")
      .map((x) => x.repeat(200_000)),
  );
  expect(await sender(early).send(large)).toMatchObject({
    status: expect.stringMatching(/rejected|retryable/),
  });
  const endless = await talking((socket) => {
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      const more = setInterval(() => socket.write("x".repeat(50_000)), 1);
      socket.once("close", () => clearInterval(more));
    });
  });
  expect(await sender(endless).send(small)).toEqual({ status: "sent" });
  const stuck = await talking((socket) =>
    socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")),
  );
  expect(await sender(stuck, 100).send(small)).toEqual({ status: "sent" });
});

test("what the body throws is thrown: it is not the agent's", async () => {
  const agent = await RecordingAgent.listening();
  const frame: OutgoingFrame = {
    ...small,
    async *open() {
      yield Buffer.from("[");
      throw new Error("the disk");
    },
  };
  const local = sender(agent.port);
  await expect(local.send(frame)).rejects.toThrow("the disk");
  expect(await local.send(small)).toEqual({ status: "sent" });
});
