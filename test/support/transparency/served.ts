import { once } from "node:events";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Answer } from "./plan.ts";

/** Finds what is to be done with a request, by its header `x-plan`; told of it, the plan is noted as served. */
export type Lookup = (label: string | null | undefined) => Answer;

/** A server that listens on loopback. */
export interface Served {
  readonly port: number;
  /** Ends what is open, and resolves when all connections are. */
  close(): Promise<void>;
}

/** Has a server listen, and speak another protocol where the plan says so: it gives back what it is told. */
export async function served(server: Server, lookup: Lookup): Promise<Served> {
  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on("error", () => {});
    const { upgrade } = lookup(labelOf(request));
    if (upgrade === "declined") {
      socket
        .resume()
        .end(
          "HTTP/1.1 426 Upgrade Required\r\nX-Why: planned\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno",
        );
      return;
    }
    socket.write("HTTP/1.1 101 As Planned\r\nConnection: Upgrade\r\nUpgrade: echo\r\nX-Echo: 1\r\n\r\n");
    if (head.length > 0) socket.unshift(head);
    socket.pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const over = once(server, "close");
      server.close();
      server.closeAllConnections();
      await over;
    },
  };
}

/** The name of a request's plan. */
export function labelOf({ headers }: IncomingMessage): string {
  return String(headers["x-plan"]);
}
