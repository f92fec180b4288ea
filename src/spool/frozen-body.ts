import { createHash } from "node:crypto";
import { join } from "node:path";
import { type FileSystem, removeFile } from "../base/files/file-system.ts";
import { closeQuietly } from "./open-segment-file.ts";
import { bodyName } from "./segment/segment-name.ts";
import type { FrozenBody } from "./sealed-segments.ts";

const chunkBytes = 256 * 1_024;

/** Where and under what name bytes are frozen. */
export interface FreezeTarget {
  readonly fileSystem: FileSystem;
  /** The segment's folder. */
  readonly directory: string;
  readonly id: string;
  /** A path in that folder to write to until the bytes are complete. */
  readonly temporary: string;
}

/** Frozen bytes, and the name of their file; undefined if the disk had no room and they are in memory. */
export interface Frozen {
  readonly body: FrozenBody;
  readonly name: string | undefined;
}

/**
 * Writes `chunks` to a file whose name carries their hash. What a disk can do never makes it fail: from the
 * first error on the bytes are kept in memory, those already written are read back. Rejects with what
 * `chunks` throws.
 */
export async function freezeBody(target: FreezeTarget, chunks: AsyncIterable<Uint8Array>): Promise<Frozen> {
  const { fileSystem, directory, id, temporary } = target;
  const hash = createHash("sha256");
  let memory: Uint8Array[] | undefined;
  let size = 0;
  let fd: number | undefined;
  try {
    fd = fileSystem.open(temporary, "create");
  } catch {
    memory = [];
  }
  try {
    for await (const chunk of chunks) {
      hash.update(chunk);
      if (fd !== undefined && memory === undefined) {
        try {
          fileSystem.write(fd, [chunk], size);
        } catch {
          memory = [readBack(fileSystem, fd, size)];
        }
      }
      // Not slice(), which of a Buffer is a view.
      memory?.push(new Uint8Array(chunk));
      size += chunk.byteLength;
    }
    const sha256 = hash.digest("hex");
    const name = bodyName(id, sha256);
    const path = join(directory, name);
    if (fd !== undefined && memory === undefined) {
      try {
        fileSystem.datasync(fd);
        fileSystem.rename(temporary, path);
        fileSystem.syncDirectory(directory);
        return { body: fileBody(fileSystem, path, size, sha256), name };
      } catch {
        memory = [readBack(fileSystem, fd, size)];
        removeFile(fileSystem, path);
      }
    }
    return { body: memoryBody(memory ?? [], size, sha256), name: undefined };
  } finally {
    if (fd !== undefined) closeQuietly(fileSystem, fd);
    removeFile(fileSystem, temporary);
  }
}

/** The bytes in a file that {@link freezeBody} made, if they still have the hash in its name. */
export function verifyBody(
  fileSystem: FileSystem,
  directory: string,
  id: string,
  name: string,
): FrozenBody | undefined {
  const path = join(directory, name);
  const hash = createHash("sha256");
  let size = 0;
  for (const chunk of readChunks(fileSystem, path)) {
    hash.update(chunk);
    size += chunk.byteLength;
  }
  const sha256 = hash.digest("hex");
  return bodyName(id, sha256) === name ? fileBody(fileSystem, path, size, sha256) : undefined;
}

/** Frozen bytes held in memory. */
export function memoryBody(parts: readonly Uint8Array[], size: number, sha256: string): FrozenBody {
  return {
    size,
    sha256,
    async *open(start = 0, end = size) {
      let at = 0;
      for (const part of parts) {
        const slice = part.subarray(Math.max(0, start - at), Math.max(0, end - at));
        at += part.length;
        if (slice.length > 0) yield slice;
      }
    },
  };
}

function fileBody(fileSystem: FileSystem, path: string, size: number, sha256: string): FrozenBody {
  return {
    size,
    sha256,
    async *open(start = 0, end = size) {
      yield* readChunks(fileSystem, path, start, end);
    },
  };
}

function* readChunks(
  fileSystem: FileSystem,
  path: string,
  start = 0,
  end: number = Number.POSITIVE_INFINITY,
): Generator<Uint8Array, void, undefined> {
  const fd = fileSystem.open(path, "read");
  // One for all: a file's worth of them would make V8 collect once per file.
  const chunk = new Uint8Array(Math.min(chunkBytes, Math.max(0, end - start)));
  try {
    for (let at = start; at < end; ) {
      const got = fileSystem.read(fd, chunk.subarray(0, Math.min(chunkBytes, end - at)), at);
      if (got === 0) return;
      yield chunk.subarray(0, got);
      at += got;
    }
  } finally {
    closeQuietly(fileSystem, fd);
  }
}

function readBack(fileSystem: FileSystem, fd: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  if (fileSystem.read(fd, bytes, 0) !== size) throw new Error("frozen bytes could not be read back");
  return bytes;
}
