import { connect, createServer, type Server } from "node:net";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Clock } from "../../base/time/clock.ts";
import {
  createText,
  errorCode,
  type FileSystem,
  readText,
  removeFile,
} from "../../base/files/file-system.ts";
import type { Ids } from "../../base/ids.ts";
import { isLiveName, type Liveness, type LivenessHold, liveName } from "./liveness.ts";

/*
 * A thread proves that it lives by listening on a Unix socket in its folder: the kernel answers for it while
 * its event loop is blocked or the process is stopped, and refuses from the moment it is dead. Process ids
 * prove nothing (every container has a 1), nor do modification times (a paused owner has old ones).
 *
 * `live.<writer>.sock` is the socket itself; or, where a socket cannot be there, a file that holds the
 * address of a socket or named pipe elsewhere; or an empty file, if none can be had at all. A refusal proves
 * death only on the kernel that held the socket, so an owner of another host or boot, or with an empty file,
 * counts as alive until its folder has been still for ten minutes, by the clock of the volume itself.
 */

/**
 * Longest path given to `bind`; the system's limit is 104 or 108, beyond which paths used to be cut silently.
 */
const maxPathBytes = 100;
const probeTimeoutMs = 1_000;
const leaseMs = 10 * 60_000;
/** Name of the file that says, in an instance's folder, whose it is. */
export const ownerFile = "owner.json";

/** What {@link createSocketLiveness} needs. */
export interface SocketLivenessOptions {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** Liveness by the kernel, within one machine; by a lease between machines. */
export function createSocketLiveness(options: SocketLivenessOptions): Liveness {
  return new SocketLiveness(options);
}

/** Facts about an owner for `owner.json`: for people, and to know whose kernel could answer. */
export function describeOwner(fileSystem: FileSystem): {
  readonly host: string;
  readonly boot: string | null;
} {
  return { host: hostname(), boot: bootId(fileSystem) };
}

class SocketLiveness implements Liveness {
  readonly #fileSystem: FileSystem;
  readonly #clock: Clock;
  readonly #ids: Ids;

  constructor({ fileSystem, clock, ids }: SocketLivenessOptions) {
    this.#fileSystem = fileSystem;
    this.#clock = clock;
    this.#ids = ids;
  }

  hold(directory: string, writer: string): LivenessHold {
    const path = join(directory, liveName(writer));
    const server = this.#listenAt(path) ?? this.#listenElsewhere(path);
    return {
      release: (now) => {
        server?.close();
        removeFile(this.#fileSystem, join(now, liveName(writer)));
      },
    };
  }

  async isAlive(directory: string): Promise<boolean> {
    const names = this.#names(directory);
    // A folder gets its name when all is in it, so an empty one is what the removal of one has left.
    let certain = names?.length === 0 || this.#isSameKernel(directory);
    for (const name of names ?? []) {
      if (!isLiveName(name)) continue;
      const answer = await this.#probe(join(directory, name));
      if (answer === "alive") return true;
      if (answer === "unknown") certain = false;
    }
    return !certain && this.#isLeased(directory);
  }

  async isWriterAlive(directory: string, writer: string): Promise<boolean> {
    return (await this.#probe(join(directory, liveName(writer)))) !== "dead";
  }

  #listenAt(path: string): Server | undefined {
    if (process.platform === "win32") return undefined;
    return this.#withShortPath(path, (short) => {
      const server = listen(short);
      try {
        if (server !== undefined) this.#fileSystem.chmod(path, 0o600);
      } catch {
        // The folder's own mode keeps others out.
      }
      return server;
    });
  }

  /** Named pipes on Windows; the temp folder where a path is too long or the volume has no sockets. */
  #listenElsewhere(path: string): Server | undefined {
    const name = `mdc-${this.#ids.random128()}`;
    const address = process.platform === "win32" ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
    const server = Buffer.byteLength(address) <= maxPathBytes ? listen(address) : undefined;
    try {
      createText(this.#fileSystem, path, server === undefined ? "" : address);
    } catch {
      // Without a trace of us others may take the folder over; the spool notices that and goes on in a new
      // one.
    }
    return server;
  }

  async #probe(path: string): Promise<"alive" | "dead" | "unknown"> {
    const stat = this.#fileSystem.lstat(path);
    if (stat === undefined) return "dead";
    if (stat.kind === "directory") return "unknown";
    if (stat.kind === "file") {
      const address = readText(this.#fileSystem, path, maxPathBytes);
      return address === undefined || address === "" ? "unknown" : this.#ask((go) => go(address));
    }
    return this.#ask((go) => this.#withShortPath(path, go) ?? "unknown");
  }

  /** Alive is whatever is not a clear refusal: a full queue, a lack of permission, no answer in time. */
  #ask(
    open: (go: (address: string) => "called") => "called" | "unknown",
  ): Promise<"alive" | "dead" | "unknown"> {
    return new Promise((resolve) => {
      const answer = open((address) => {
        const socket = connect(address);
        const timeout = this.#clock.setTimer(() => settle("alive"), probeTimeoutMs);
        const settle = (verdict: "alive" | "dead"): void => {
          timeout[Symbol.dispose]();
          socket.destroy();
          resolve(verdict);
        };
        socket.on("connect", () => settle("alive"));
        socket.on("error", (error) => {
          const code = errorCode(error);
          settle(code === "ECONNREFUSED" || code === "ENOENT" ? "dead" : "alive");
        });
        return "called";
      });
      if (answer === "unknown") resolve("unknown");
    });
  }

  /** On Linux a too long path is reached through its open folder; elsewhere it is given up. */
  #withShortPath<T>(path: string, action: (short: string) => T): T | undefined {
    if (Buffer.byteLength(path) <= maxPathBytes) return action(path);
    if (process.platform !== "linux") return undefined;
    try {
      const folder = this.#fileSystem.open(dirname(path), "read");
      try {
        return action(`/proc/self/fd/${folder}/${path.slice(dirname(path).length + 1)}`);
      } finally {
        this.#fileSystem.close(folder);
      }
    } catch {
      return undefined;
    }
  }

  /** Undefined when the folder is gone or cannot be read. */
  #names(directory: string): string[] | undefined {
    try {
      return this.#fileSystem.list(directory);
    } catch {
      return undefined;
    }
  }

  #isSameKernel(directory: string): boolean {
    try {
      const text = readText(this.#fileSystem, join(directory, ownerFile), 4_096);
      // A folder that is gone has no owner to fear.
      if (text === undefined) return this.#fileSystem.lstat(directory) === undefined;
      const owner = JSON.parse(text) as { host?: unknown; boot?: unknown } | null;
      const here = describeOwner(this.#fileSystem);
      return owner?.host === here.host && owner.boot === here.boot;
    } catch {
      return false;
    }
  }

  #isLeased(directory: string): boolean {
    const fileSystem = this.#fileSystem;
    let newest = 0;
    for (const path of [directory, ...(this.#names(directory) ?? []).map((name) => join(directory, name))]) {
      newest = Math.max(newest, fileSystem.lstat(path)?.mtimeMs ?? 0);
    }
    return volumeNow(fileSystem, dirname(directory), this.#ids, this.#clock) - newest < leaseMs;
  }
}

/** The time by the clock that stamps this volume's files, which on a network volume is another machine's. */
function volumeNow(fileSystem: FileSystem, directory: string, ids: Ids, clock: Clock): number {
  const path = join(directory, `now-${ids.random128()}.tmp`);
  try {
    createText(fileSystem, path, "");
    return fileSystem.lstat(path)?.mtimeMs ?? clock.now();
  } catch {
    return clock.now();
  } finally {
    removeFile(fileSystem, path);
  }
}

/** Node binds and listens on a local path before `listen` returns; an error only comes as an event, later. */
function listen(address: string): Server | undefined {
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on("error", () => {});
    socket.destroy();
  });
  server.on("error", () => {});
  server.listen({ path: address, exclusive: true });
  server.unref();
  return server.listening ? server : undefined;
}

function bootId(fileSystem: FileSystem): string | null {
  try {
    return readText(fileSystem, "/proc/sys/kernel/random/boot_id", 64)?.trim() ?? null;
  } catch {
    return null;
  }
}
