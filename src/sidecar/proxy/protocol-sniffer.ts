import type { Server } from "node:http";
import type { Socket } from "node:net";

/** How every client of HTTP/2 begins (RFC 9113, 3.4), and no request of HTTP/1.1 does. */
const preface = Buffer.from("PRI * HTTP/2.0");

/**
 * Has a server of HTTP/1.1 look at the first bytes of each connection, and give those of HTTP/2 to somebody
 * else.
 */
export class ProtocolSniffer {
  /** Connections that have said nothing yet. */
  readonly #silent = new Set<Socket>();

  /** @param maxSilenceMs how long a connection may say nothing before it is closed. */
  constructor(server: Server, maxSilenceMs: number, takeHttp2: (socket: Socket) => void) {
    const listeners = server.listeners("connection") as ((socket: Socket) => void)[];
    server.removeAllListeners("connection");
    const takeHttp1 = (socket: Socket): void => {
      for (const listener of listeners) Reflect.apply(listener, server, [socket]);
    };
    server.on("connection", (socket: Socket) => {
      this.#silent.add(socket);
      const drop = (): void => void socket.destroy();
      const closed = (): void => void this.#silent.delete(socket);
      socket.on("error", drop);
      socket.on("end", drop);
      socket.on("close", closed);
      socket.setTimeout(maxSilenceMs, drop);
      socket.once("data", (chunk: Buffer) => {
        this.#silent.delete(socket);
        for (const name of ["error", "end"]) socket.off(name, drop);
        socket.off("close", closed);
        socket.setTimeout(0, drop).off("timeout", drop);
        socket.pause();
        socket.unshift(chunk);
        const length = Math.min(chunk.length, preface.length);
        const isHttp2 = length >= 4 && chunk.subarray(0, length).equals(preface.subarray(0, length));
        if (isHttp2) {
          takeHttp2(socket);
          return;
        }
        takeHttp1(socket);
        socket.resume();
      });
    });
  }

  /** Closes the connections that have said nothing. */
  close(): void {
    for (const socket of this.#silent) socket.destroy();
  }
}
