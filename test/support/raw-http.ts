import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A server that speaks bytes: it keeps what it was sent, and answers by hand. */
export interface RawTarget {
  readonly url: string;
  /** All that came, connection by connection. */
  readonly received: string[];
  close(): void;
}

/** Starts one; `serve` is called whenever bytes have come over a connection, with all that came over it. */
export async function rawTarget(serve: (socket: Socket, received: string) => void): Promise<RawTarget> {
  const received: string[] = [];
  const server = createServer((socket) => {
    const index = received.push("") - 1;
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      received[index] += chunk.toString("latin1");
      serve(socket, received[index] as string);
    });
  });
  return { url: await listening(server), received, close: () => server.close() };
}

/** Has a server listen on loopback, and gives its URL. */
export async function listening(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A client's connection, and all that came over it. */
export interface RawClient {
  readonly socket: Socket;
  text(): string;
  readonly closed: boolean;
}

/** Connects; the connection ends with the test. */
export async function rawClient(port: number): Promise<RawClient> {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  let received = "";
  socket.on("error", () => {});
  socket.on("data", (chunk) => (received += chunk.toString("latin1")));
  await once(socket, "connect");
  return {
    socket,
    text: () => received,
    get closed() {
      return socket.destroyed;
    },
  };
}
