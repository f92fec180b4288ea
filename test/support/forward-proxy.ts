import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

/** A proxy on 127.0.0.1, as a company has one, by which every host is a server on 127.0.0.1. */
export interface ForwardProxy {
  /** `http://127.0.0.1:<port>`, with user and password if they are wanted. */
  readonly url: string;
  /** The hosts and ports that were asked for. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** Starts one before `target` (a port). With `password` it refuses who does not give it. */
export async function startForwardProxy(target: number, password?: string): Promise<ForwardProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const known = ({ headers }: IncomingMessage): boolean => {
    const expected = `Basic ${Buffer.from(`user:${password}`).toString("base64")}`;
    return password === undefined || headers["proxy-authorization"] === expected;
  };
  const server = createServer((incoming, outgoing) => {
    const { method, headers } = incoming;
    const url = new URL(incoming.url ?? "", "http://nowhere.invalid");
    asked.push(url.host);
    if (!known(incoming)) {
      outgoing.writeHead(407, { "proxy-authenticate": "Basic" }).end();
      return;
    }
    const path = url.pathname + url.search;
    const onwards = request({ host: "127.0.0.1", port: target, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onwards.on("error", () => outgoing.destroy());
    incoming.pipe(onwards);
  });
  server.on("connect", (incoming: IncomingMessage, socket: Socket) => {
    asked.push(incoming.url ?? "");
    sockets.add(socket);
    socket.on("error", () => {});
    if (!known(incoming)) {
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n");
      return;
    }
    const onwards = connect(target, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      socket.pipe(onwards).pipe(socket);
    });
    onwards.on("error", () => socket.destroy());
    socket.on("close", () => onwards.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${password === undefined ? "" : `user:${password}@`}127.0.0.1:${port}`,
    asked,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
