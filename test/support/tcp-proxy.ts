import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** What a proxy does to one connection. Counts are bytes of that connection, from its start. */
export interface ProxyFault {
  /** Cuts both sides after that many bytes from the client were passed on. */
  readonly cutRequestAfterBytes?: number;
  /**
   * Cuts the client's side before any byte of an answer that holds this text is passed on: the answer is
   * lost.
   */
  readonly cutResponseAt?: string;
  /** Cuts both sides after that many bytes from the server were passed on. */
  readonly cutResponseAfterBytes?: number;
  /** Passes the request on and never an answer. */
  readonly silent?: boolean;
  /** Passes one byte of the answer each so many milliseconds. */
  readonly dripMs?: number;
  /** Cut with a reset, not an orderly end. Default true. */
  readonly reset?: boolean;
}

/** A proxy on 127.0.0.1 in front of a server on 127.0.0.1 that can be told to break connections. */
export interface TcpProxy {
  readonly port: number;
  /** How often a fault has happened. */
  readonly faults: number;
  /**
   * Breaks all connections there are, and holds for new ones, until changed; `times` ends it after so many
   * faults happened. Resolves when clients have noticed.
   */
  setFault(fault: ProxyFault | undefined, times?: number): Promise<void>;
  /** Breaks all connections there are. */
  cutAll(): void;
  close(): Promise<void>;
}

/** Starts a {@link TcpProxy} before `target` (a port). */
export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let fault: ProxyFault | undefined;
  let left = Number.POSITIVE_INFINITY;
  let faults = 0;

  const happened = (): void => {
    faults += 1;
    left -= 1;
    if (left <= 0) fault = undefined;
  };
  const cut = (reset: boolean, ...pair: readonly Socket[]): void => {
    for (const socket of pair) {
      if (reset) socket.resetAndDestroy();
      else socket.destroy();
    }
  };

  const server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1");
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      socket.on("error", () => cut(false, client, upstream));
    }
    client.on("end", () => upstream.end());
    let sent = 0;
    client.on("data", (chunk) => {
      const limit = fault?.cutRequestAfterBytes;
      if (limit !== undefined && sent + chunk.byteLength > limit) {
        const { reset = true } = fault ?? {};
        upstream.write(chunk.subarray(0, Math.max(0, limit - sent)), () => cut(reset, client, upstream));
        sent = limit;
        happened();
        return;
      }
      sent += chunk.byteLength;
      if (!upstream.write(chunk)) {
        client.pause();
        upstream.once("drain", () => client.resume());
      }
    });
    let received = 0;
    upstream.on("end", () => client.end());
    upstream.on("data", (chunk) => {
      const { reset = true } = fault ?? {};
      if (fault?.silent) return happened();
      if (fault?.dripMs !== undefined) return drip(chunk, client, upstream, fault.dripMs, happened);
      if (fault?.cutResponseAt !== undefined && chunk.includes(fault.cutResponseAt)) {
        happened();
        return cut(reset, client, upstream);
      }
      const limit = fault?.cutResponseAfterBytes;
      if (limit !== undefined && received + chunk.byteLength > limit) {
        happened();
        client.write(chunk.subarray(0, Math.max(0, limit - received)), () => cut(reset, client, upstream));
        return;
      }
      received += chunk.byteLength;
      client.write(chunk);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  const cutAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    get faults() {
      return faults;
    },
    async setFault(next, times = Number.POSITIVE_INFINITY) {
      fault = next;
      left = times;
      // A connection kept alive from before would carry the old fault's counts.
      cutAll();
      await new Promise((resolve) => setTimeout(resolve, 15));
    },
    cutAll,
    async close() {
      cutAll();
      server.close();
      await once(server, "close");
    },
  };
}

function drip(chunk: Buffer, client: Socket, upstream: Socket, everyMs: number, happened: () => void): void {
  happened();
  upstream.pause();
  let at = 0;
  const timer = setInterval(() => {
    if (client.destroyed || at >= chunk.byteLength) {
      clearInterval(timer);
      upstream.resume();
      return;
    }
    client.write(chunk.subarray(at, at + 1));
    at += 1;
  }, everyMs);
}
