import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { systemClock } from "../../base/time/clock.ts";
import type { ListenAddress } from "./listen-address.ts";

/** A server of a sidecar, while it listens. */
export interface Door {
  /** Where it is reached: `http://127.0.0.1:8081`, `unix:/run/mdc.sock`. */
  readonly url: string;
  /** Takes no more; resolves when what had come is answered, or when the time is over. */
  close(deadlineMs: number): Promise<void>;
}

/** Has a server listen. Rejects with the system's error, such as `EADDRINUSE`. */
export async function openDoor(
  server: Server,
  address: ListenAddress,
  scheme: "http" | "https" = "http",
): Promise<Door> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    const options = "socketPath" in address ? { path: address.socketPath } : address;
    server.listen(options, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return {
    url: urlOf(server.address() as AddressInfo | string, scheme),
    close: (deadlineMs) => closeServer(server, deadlineMs),
  };
}

function urlOf(bound: AddressInfo | string, scheme: string): string {
  if (typeof bound === "string") return `unix:${bound}`;
  const { address, port } = bound;
  return `${scheme}://${address.includes(":") ? `[${address}]` : address}:${port}`;
}

async function closeServer(server: Server, deadlineMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // Connections that are kept alive end with the answer that is on its way.
  server.closeIdleConnections();
  const timer = systemClock.setTimer(() => server.closeAllConnections(), deadlineMs);
  await closed;
  timer[Symbol.dispose]();
}
