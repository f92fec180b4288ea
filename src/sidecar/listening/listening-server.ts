import type { Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { errorCode } from "../../base/files/file-system.ts";
import { isSocket, removeFile } from "../../base/files/files.ts";
import { systemClock } from "../../base/time/clock.ts";
import type { ListenAddress } from "./listen-address.ts";

/** A server of a sidecar, while it listens. */
export interface Door {
  /** Where it is reached: `http://127.0.0.1:8081`, `unix:/run/mdc.sock`. */
  readonly url: string;
  /** Takes no more; resolves when what had come is answered, or when the time is over. */
  close(deadlineMs: number): Promise<void>;
}

/**
 * Has a server listen. Rejects with the system's error, such as `EADDRINUSE`: not of a Unix socket behind
 * which nobody is any more, for a process that was killed leaves it.
 */
export async function openDoor(
  server: Server,
  address: ListenAddress,
  scheme: "http" | "https" = "http",
): Promise<Door> {
  try {
    await listen(server, address);
  } catch (thrown) {
    if (!("socketPath" in address) || errorCode(thrown) !== "EADDRINUSE") throw thrown;
    if (!(await isAbandoned(address.socketPath))) throw thrown;
    await removeFile(address.socketPath);
    await listen(server, address);
  }
  return {
    url: urlOf(server.address() as AddressInfo | string, scheme),
    close: (deadlineMs) => closeServer(server, deadlineMs),
  };
}

function listen(server: Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    const options = "socketPath" in address ? { path: address.socketPath } : address;
    server.listen(options, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** Whether a path is that of a socket, and nobody listens there. */
function isAbandoned(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(false);
    });
    // What is no socket refuses, too.
    socket.on("error", (error) => resolve(errorCode(error) === "ECONNREFUSED" ? isSocket(path) : false));
  });
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
