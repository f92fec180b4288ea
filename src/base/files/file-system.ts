import {
  chmodSync,
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmdirSync,
  type Stats,
  statfsSync,
  unlinkSync,
  writeSync,
  writevSync,
} from "node:fs";

/**
 * Port: the calls of a local file system that durable storage is built from, one method per system call, so
 * that a simulated disk can stand in and every crash becomes a unit test.
 *
 * All are synchronous and throw the system's error (`code`: `ENOSPC`, `EIO`, …). What is created is private:
 * files 0600, folders 0700. No method follows a symbolic link in the last part of a path.
 */
export interface FileSystem {
  /** User id that new files get; undefined where there is no such thing (Windows). */
  readonly uid: number | undefined;
  /**
   * Opens a file. `create` fails with `EEXIST` if anything has that name; `update` reads and writes what is
   * there; `read` never blocks, not even on a FIFO, and opens folders too.
   */
  open(path: string, mode: "create" | "update" | "read"): number;
  close(fd: number): void;
  /** Reads at `position` until `into` is full or the file ends; returns how many bytes. */
  read(fd: number, into: Uint8Array, position: number): number;
  /**
   * Writes all parts, one after another, at `position`, and goes on after short writes. When it throws, any
   * prefix may have been written.
   */
  write(fd: number, parts: readonly Uint8Array[], position: number): void;
  /** Cuts the file, or extends it by zeros. */
  truncate(fd: number, size: number): void;
  /**
   * Makes the file's bytes and size survive a power cut. After an error the state of the file on disk is
   * unknown.
   */
  datasync(fd: number): void;
  /** Makes the folder's entries survive a power cut. */
  syncDirectory(path: string): void;
  stat(fd: number): FileStat;
  /** Undefined when there is nothing of that name. */
  lstat(path: string): FileStat | undefined;
  /** Names in a folder, in no order. */
  list(path: string): string[];
  /** Makes one folder; its parent must be there. */
  makeDirectory(path: string): void;
  removeDirectory(path: string): void;
  rename(from: string, to: string): void;
  /** A second name for a file; `EEXIST` if the name is taken. */
  link(existing: string, path: string): void;
  unlink(path: string): void;
  chmod(path: string, mode: number): void;
  /** Bytes that this user may still write to the volume of `path`. */
  freeBytes(path: string): number;
}

/** What has a name in a folder; `other`: symbolic links, sockets, FIFOs, devices. */
export type EntryKind = "file" | "directory" | "other";

/** What is known of one file. */
export interface FileStat {
  readonly kind: EntryKind;
  readonly size: number;
  /** Bytes it takes on the volume: less than `size` if it has holes; undefined where that is not told. */
  readonly allocated: number | undefined;
  /** Milliseconds since 1970 UTC. */
  readonly mtimeMs: number;
  readonly uid: number;
  /** Permission bits, `0o777` at most. */
  readonly mode: number;
  /** Identity within the volume. */
  readonly ino: number;
}

/** The `code` of a system error (`ENOSPC`, `ECONNRESET`), or undefined for what does not look like one. */
export function errorCode(thrown: unknown): string | undefined {
  const code = (thrown as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" && /^[A-Z][A-Z0-9_]{1,63}$/.test(code) ? code : undefined;
}

/** The start of a file, at most `maxBytes`, as UTF-8; undefined when there is no such file. */
export function readText(fileSystem: FileSystem, path: string, maxBytes: number): string | undefined {
  let fd: number;
  try {
    fd = fileSystem.open(path, "read");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const bytes = new Uint8Array(maxBytes);
    return new TextDecoder().decode(bytes.subarray(0, fileSystem.read(fd, bytes, 0)));
  } finally {
    fileSystem.close(fd);
  }
}

/**
 * Creates a small file; fails with `EEXIST` if the name is taken, and leaves nothing behind when it fails.
 */
export function createText(fileSystem: FileSystem, path: string, text: string): void {
  const fd = fileSystem.open(path, "create");
  try {
    fileSystem.write(fd, [new TextEncoder().encode(text)], 0);
    fileSystem.datasync(fd);
  } catch (error) {
    removeFile(fileSystem, path);
    throw error;
  } finally {
    fileSystem.close(fd);
  }
}

/** Unlinks a file and says whether its name is now free. Never throws. */
export function removeFile(fileSystem: FileSystem, path: string): boolean {
  try {
    fileSystem.unlink(path);
    return true;
  } catch (error) {
    return errorCode(error) === "ENOENT";
  }
}

/**
 * Names in a folder; none if there is no folder of that name. Throws the system's error if it may not be
 * read.
 */
export function listIfThere(fileSystem: FileSystem, path: string): string[] {
  try {
    return fileSystem.list(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}

/** Names in a folder; none if it cannot be read, for whatever reason. Never throws. */
export function listIfReadable(fileSystem: FileSystem, path: string): string[] {
  try {
    return fileSystem.list(path);
  } catch {
    return [];
  }
}

// Windows lacks these two; there the flags are no-ops.
const noFollow = constants.O_NOFOLLOW ?? 0;
const nonBlock = constants.O_NONBLOCK ?? 0;
const flags = {
  create: constants.O_CREAT | constants.O_EXCL | constants.O_RDWR | noFollow,
  update: constants.O_RDWR | noFollow | nonBlock,
  read: constants.O_RDONLY | noFollow | nonBlock,
} as const;

/** The machine's file system. */
export const systemFileSystem: FileSystem = {
  uid: process.getuid?.(),
  open: (path, mode) => openSync(path, flags[mode], 0o600),
  close: closeSync,
  read(fd, into, position) {
    let done = 0;
    while (done < into.byteLength) {
      const got = readSync(fd, into, done, into.byteLength - done, position + done);
      if (got === 0) break;
      done += got;
    }
    return done;
  },
  write(fd, parts, position) {
    let written = writevSync(fd, parts, position);
    let partStart = 0;
    for (const part of parts) {
      while (written < partStart + part.byteLength) {
        const from = written - partStart;
        written += writeSync(fd, part, from, part.byteLength - from, position + written);
      }
      partStart += part.byteLength;
    }
  },
  truncate: ftruncateSync,
  datasync: fdatasyncSync,
  syncDirectory(path) {
    // Windows cannot open a folder; NTFS journals its entries.
    if (process.platform === "win32") return;
    const fd = openSync(path, flags.read);
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  },
  stat: (fd) => toStat(fstatSync(fd)),
  lstat(path) {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats === undefined ? undefined : toStat(stats);
  },
  list: (path) => readdirSync(path),
  makeDirectory: (path) => mkdirSync(path, { mode: 0o700 }),
  removeDirectory: (path) => rmdirSync(path),
  rename: renameSync,
  link: linkSync,
  unlink: unlinkSync,
  chmod: chmodSync,
  freeBytes(path) {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  },
};

/** The kind of what Node says something of. */
export function entryKind(entry: Pick<Stats, "isFile" | "isDirectory">): EntryKind {
  return entry.isFile() ? "file" : entry.isDirectory() ? "directory" : "other";
}

function toStat(stats: Stats): FileStat {
  return {
    kind: entryKind(stats),
    size: stats.size,
    // Counted in units of 512 bytes on every system that counts them; Windows does not.
    allocated: typeof stats.blocks === "number" ? stats.blocks * 512 : undefined,
    mtimeMs: stats.mtimeMs,
    uid: stats.uid,
    mode: stats.mode & 0o777,
    ino: stats.ino,
  };
}
