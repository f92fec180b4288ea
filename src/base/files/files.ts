import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  fsync,
  lstat as lstatByCallback,
  lstatSync,
  open as openByCallback,
  openSync,
  read as readByCallback,
  readSync,
  type Stats,
  statfsSync,
} from "node:fs";
import { access, type FileHandle, link, mkdir, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { type EntryKind, entryKind, errorCode } from "./file-system.ts";

/**
 * Asynchronous work on whole files, for code that must not hold up an event loop. Nothing here follows a
 * symbolic link in the last part of a path. Errors are the system's own, with `code`.
 */

/** What is at a path, not following a symbolic link. */
export interface FileStatus {
  readonly kind: EntryKind;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970 UTC. */
  readonly modifiedAt: number;
}

/** A name in a directory. */
export interface DirectoryEntry {
  readonly name: string;
  readonly kind: EntryKind;
}

// Not on Windows, where the flag does not exist and making links needs a privilege.
const noFollow = constants.O_NOFOLLOW ?? 0;
const readFlags = constants.O_RDONLY | noFollow | constants.O_NONBLOCK;
const readChunkBytes = 1 << 18;

/** Facts of `path`, or undefined if nothing is there. */
export async function inspectPath(path: string): Promise<FileStatus | undefined> {
  try {
    return statusOf(await lstatOf(path));
  } catch (thrown) {
    return noneAt(thrown);
  }
}

/** The same, while this thread waits. */
export function inspectPathNow(path: string): FileStatus | undefined {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats === undefined ? undefined : statusOf(stats);
  } catch (thrown) {
    return noneAt(thrown);
  }
}

/** Whether there is a Unix socket, itself and no link to one. */
export async function isSocket(path: string): Promise<boolean> {
  try {
    return (await lstatOf(path)).isSocket();
  } catch (thrown) {
    return noneAt(thrown) ?? false;
  }
}

/** Undefined if what was thrown says that there is nothing; else throws it. */
function noneAt(thrown: unknown): undefined {
  if (isMissing(thrown) || errorCode(thrown) === "ENOTDIR") return undefined;
  throw thrown;
}

function statusOf(stats: Stats): FileStatus {
  return { kind: entryKind(stats), size: stats.size, modifiedAt: Math.trunc(stats.mtimeMs) };
}

/** Names in a directory, in no order; none if it does not exist. */
export async function readDirectory(path: string): Promise<readonly DirectoryEntry[]> {
  let entries: readonly Dirent[];
  try {
    entries = await readdir(path, { withFileTypes: true });
  } catch (thrown) {
    if (isMissing(thrown)) return [];
    throw thrown;
  }
  return entries.map((entry) => ({ name: entry.name, kind: entryKind(entry) }));
}

/**
 * Why nothing can be written below a folder: the system's code, of it or, if it is not there, of the nearest
 * folder above that is. Undefined if something can, as far as rights tell. Nothing is made.
 */
export async function writeFault(folder: string): Promise<string | undefined> {
  try {
    await access(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (thrown) {
    const code = errorCode(thrown) ?? "unknown";
    const above = dirname(folder);
    return code === "ENOENT" && above !== folder ? await writeFault(above) : code;
  }
}

/** Bytes that can be written below a folder, which may not be there yet; undefined if nobody can tell. */
export function freeBytesOf(folder: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch (thrown) {
    const above = dirname(folder);
    return isMissing(thrown) && above !== folder ? freeBytesOf(above) : undefined;
  }
}

/**
 * Makes one directory, mode 0777 less the umask, and makes that survive a power cut. False if something is
 * there.
 */
export async function makeDirectory(path: string): Promise<boolean> {
  try {
    await mkdir(path);
  } catch (thrown) {
    if (errorCode(thrown) === "EEXIST") return false;
    throw thrown;
  }
  await syncDirectory(dirname(path));
  return true;
}

/**
 * Makes a directory and its parents and makes them survive a power cut; a directory that is there, also
 * through a symbolic link, is fine. `path` is absolute.
 */
export async function makeDirectories(path: string): Promise<void> {
  try {
    await makeOrFindDirectory(path);
  } catch (thrown) {
    const parent = dirname(path);
    if (!isMissing(thrown) || parent === path) throw thrown;
    // Not the `recursive` of Node's own, which tries for ever where a file system says ENOENT below a
    // directory that is there.
    await makeDirectories(parent);
    await makeOrFindDirectory(path);
  }
}

async function makeOrFindDirectory(path: string): Promise<void> {
  if (await makeDirectory(path)) return;
  if (!(await stat(path)).isDirectory()) {
    throw Object.assign(new Error(`EEXIST: not a directory, mkdir '${path}'`), { code: "EEXIST" });
  }
}

/**
 * Creates a file of `chunks`, mode 0666 less the umask, and makes its bytes survive a power cut. Fails with
 * `EEXIST` if anything has that name. If writing fails, the file is removed again as far as possible.
 */
export async function writeNewFile(
  path: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | noFollow;
  const file = await open(path, flags, 0o666);
  try {
    for await (const chunk of chunks) await writeFully(file, chunk);
    await syncHandle(file);
    await file.close();
  } catch (thrown) {
    await file.close().catch(() => {});
    await removeFile(path).catch(() => {});
    throw thrown;
  }
}

async function writeFully(file: FileHandle, chunk: Uint8Array): Promise<void> {
  let at = 0;
  while (at < chunk.byteLength) {
    const { bytesWritten } = await file.write(chunk, at, chunk.byteLength - at);
    at += bytesWritten;
  }
}

/** As `FileHandle.sync`, which the handles of Yarn's Plug'n'Play only pretend to have. */
function syncHandle({ fd }: FileHandle): Promise<void> {
  return new Promise((resolve, reject) => {
    fsync(fd, (error) => (error === null ? resolve() : reject(error)));
  });
}

/** Gives a file a second name, atomically. Fails with `EEXIST` if anything has that name. */
export async function linkFile(from: string, to: string): Promise<void> {
  await link(from, to);
}

/** Renames, atomically; what had the new name is gone. */
export async function renameFile(from: string, to: string): Promise<void> {
  await rename(from, to);
}

/** Removes a file; none is fine. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown;
  }
}

/**
 * Makes new and removed names in a directory survive a power cut. Windows has no such call and needs none.
 */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await syncHandle(directory);
  } catch (thrown) {
    // Some file systems (FUSE, SMB) refuse fsync on a directory: there is then nothing more one could do.
    if (errorCode(thrown) !== "EINVAL" && errorCode(thrown) !== "ENOTSUP") throw thrown;
  } finally {
    await directory.close();
  }
}

/**
 * The bytes `[start, end)` of a file, cut at its end. Without a `FileHandle`, which takes longer to make than
 * a small file to read; what needs no disk does not wait for it.
 */
export async function readFileRange(path: string, start: number, end: number): Promise<Uint8Array> {
  const file = await openFile(path, readFlags);
  try {
    const bytes = bytesFor(file, start, end);
    let at = 0;
    while (at < bytes.byteLength) {
      const { bytesRead } = await readInto(file, bytes, at, bytes.byteLength - at, start + at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return bytes.subarray(0, at);
  } finally {
    closeSync(file);
  }
}

/** The same, while this thread waits. */
export function readFileRangeNow(path: string, start: number, end: number): Uint8Array {
  const file = openSync(path, readFlags);
  try {
    const bytes = bytesFor(file, start, end);
    let at = 0;
    while (at < bytes.byteLength) {
      const bytesRead = readSync(file, bytes, at, bytes.byteLength - at, start + at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return bytes.subarray(0, at);
  } finally {
    closeSync(file);
  }
}

/** Room for the bytes `[start, end)` of an open file, as far as it has them. */
function bytesFor(file: number, start: number, end: number): Uint8Array {
  const stats = fstatSync(file);
  if (!stats.isFile()) throw Object.assign(new Error("not a regular file"), { code: "EISDIR" });
  return new Uint8Array(Math.max(0, Math.min(end, stats.size) - start));
}

const lstatOf = promisify(lstatByCallback);
const openFile = promisify(openByCallback);
const readInto = promisify(readByCallback);

/** The bytes of a file, a chunk at a time; each chunk is the reader's own. */
export async function* readFileChunks(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await open(path, constants.O_RDONLY | noFollow);
  try {
    for (let at = 0; ; ) {
      const chunk = new Uint8Array(readChunkBytes);
      const { bytesRead } = await file.read(chunk, 0, chunk.byteLength, at);
      if (bytesRead === 0) return;
      yield chunk.subarray(0, bytesRead);
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
}

function isMissing(thrown: unknown): boolean {
  return errorCode(thrown) === "ENOENT";
}
