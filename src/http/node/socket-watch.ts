import type { Socket } from "node:net";
import { standIn } from "./stand-in.ts";

/** Is told when its connection has closed. */
export interface Watcher {
  closed(): void;
}

interface Watched {
  /** Mostly one: more are of pipelined requests. */
  readonly watchers: Watcher[];
  /** Bytes that the operating system took in all, when the connection was given up. */
  taken: number | undefined;
}

const connections = new WeakMap<Socket, Watched>();

/**
 * Tells the watcher when the connection closes: after an abort, Node gives the second of two pipelined
 * responses neither `finish` nor `close`. One listener a connection, however many requests come over it.
 */
export function watchSocket(socket: Socket, watcher: Watcher): void {
  let connection = connections.get(socket);
  if (connection === undefined) {
    const made: Watched = { watchers: [], taken: undefined };
    connection = made;
    connections.set(socket, made);
    socket.once("close", () => {
      for (const each of [...made.watchers]) each.closed();
    });
    // From then on, nobody knows how much of what was written still waited.
    const destroy = socket.destroy;
    standIn(socket, "destroy", function (this: Socket, ...args: Parameters<typeof destroy>) {
      made.taken ??= takenBy(socket);
      return Reflect.apply(destroy, this, args) as Socket;
    });
  }
  connection.watchers.push(watcher);
}

/** The watcher has seen its end. */
export function unwatchSocket(socket: Socket, watcher: Watcher): void {
  const watchers = connections.get(socket)?.watchers ?? [];
  const place = watchers.indexOf(watcher);
  if (place === watchers.length - 1) watchers.pop();
  else if (place !== -1) watchers.splice(place, 1);
}

/** Bytes that the operating system took of all that was written; undefined if nobody knows. */
export function takenBytes(socket: Socket): number | undefined {
  return connections.get(socket)?.taken ?? takenBy(socket);
}

/** What Node keeps of a connection in C++; not part of its types. */
interface Handle {
  readonly bytesWritten?: unknown;
  readonly writeQueueSize?: unknown;
}

function takenBy(socket: Socket): number | undefined {
  const { _handle: handle, encrypted } = socket as unknown as {
    _handle?: Handle | null;
    encrypted?: boolean;
  };
  const { bytesWritten, writeQueueSize } = handle ?? {};
  if (typeof bytesWritten !== "number" || typeof writeQueueSize !== "number") return undefined;
  // Of TLS the queue is counted encrypted, and would take away too much.
  return encrypted === true ? bytesWritten : bytesWritten - writeQueueSize;
}
