import type { Socket } from "node:net";

/** Is told when its connection has closed. */
export interface Watcher {
  closed(): void;
}

const watchers = new WeakMap<Socket, Set<Watcher>>();

/**
 * Tells the watcher when the connection closes: after an abort, Node gives the second of two pipelined
 * responses neither `finish` nor `close`. One listener a connection, however many requests come over it.
 */
export function watchSocket(socket: Socket, watcher: Watcher): void {
  let set = watchers.get(socket);
  if (set === undefined) {
    const made = new Set<Watcher>();
    set = made;
    watchers.set(socket, made);
    socket.once("close", () => {
      for (const each of made) each.closed();
    });
  }
  set.add(watcher);
}

/** The watcher has seen its end. */
export function unwatchSocket(socket: Socket, watcher: Watcher): void {
  watchers.get(socket)?.delete(watcher);
}
