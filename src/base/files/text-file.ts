import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { Clock } from "../time/clock.ts";
import { asError, isError } from "../errors.ts";

/**
 * Small files that people and platforms write, such as configuration. Symbolic links are followed: a
 * Kubernetes ConfigMap is mounted as one, and changes by having another target.
 */

// Never wait for a FIFO's writer.
const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * The file's text, UTF-8 with or without byte order mark; of at most `most` bytes. Throws the system's error,
 * and an `Error` for what is no file or too large.
 */
export function readTextFile(path: string, most: number = maxBytes): string {
  const fd = openSync(path, flags);
  try {
    const stats = fstatSync(fd);
    check(stats.isFile(), stats.size, most);
    const bytes = new Uint8Array(stats.size);
    return decode(bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0)));
  } finally {
    closeSync(fd);
  }
}

/** A file that is watched. */
export interface WatchedFile {
  readonly path: string;
  /** True if it need not be there. */
  readonly isOptional: boolean;
}

/** What {@link watchTextFiles} is told. */
export interface TextFilesWatch {
  readonly files: readonly WatchedFile[];
  /** What was read of each last, in their order; undefined of one that was not there. */
  readonly contents: FileContents;
  readonly clock: Clock;
  /** Milliseconds between two looks. */
  readonly everyMs: number;
  /** Called with what all of them say when any has changed; and when all can be read again. */
  readonly onChange: (contents: FileContents) => void;
  /** Called when one cannot be read; once, until all can again. */
  readonly onTrouble: (path: string, error: Error) => void;
}

/** The texts of several files, in their order; undefined of one that is not there. */
export type FileContents = readonly (string | undefined)[];

/** What a look saw: texts, or why there are none. */
type Look = { readonly contents: FileContents } | { readonly path: string; readonly error: Error };

/**
 * Looks at files now and then: the one way that works for every file system, every editor's way of saving and
 * a ConfigMap's links. What is seen counts when two looks in a row see the same of all of them: so a file
 * that is just being written is not read half, and files that a ConfigMap changes together change together
 * here.
 * Holds up neither the event loop nor the end of the process. Dispose to stop.
 */
export function watchTextFiles(watch: TextFilesWatch): Disposable {
  const { files, clock, everyMs, onChange, onTrouble } = watch;
  let known = watch.contents;
  let inTrouble = false;
  let before: Look | undefined;
  let stopped = false;
  let timer = arm();

  function arm(): Disposable {
    return clock.setTimer(() => {
      void lookAt(files).then((seen) => {
        if (stopped) return;
        if (before !== undefined && isSame(before, seen)) settle(seen);
        before = seen;
        timer = arm();
      });
    }, everyMs);
  }

  function settle(seen: Look): void {
    if ("error" in seen) {
      if (!inTrouble) onTrouble(seen.path, seen.error);
      inTrouble = true;
      return;
    }
    if (!inTrouble && isSame(seen, { contents: known })) return;
    inTrouble = false;
    known = seen.contents;
    onChange(known);
  }

  return {
    [Symbol.dispose]() {
      stopped = true;
      timer[Symbol.dispose]();
    },
  };
}

function isSame(one: Look, other: Look): boolean {
  if ("error" in one || "error" in other) {
    return "error" in one && "error" in other && one.error.message === other.error.message;
  }
  return one.contents.every((content, i) => content === other.contents[i]);
}

async function lookAt(files: readonly WatchedFile[]): Promise<Look> {
  const contents: (string | undefined)[] = [];
  for (const { path, isOptional } of files) {
    try {
      contents.push(await read(path));
    } catch (thrown) {
      if (!isOptional || !isAbsent(thrown)) return { path, error: asError(thrown) };
      contents.push(undefined);
    }
  }
  return { contents };
}

async function read(path: string): Promise<string> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, flags);
    const stats = await file.stat();
    check(stats.isFile(), stats.size);
    const bytes = new Uint8Array(stats.size);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return decode(bytes.subarray(0, bytesRead));
  } finally {
    await file?.close().catch(() => {});
  }
}

/** Whether an error of the system says that there is no such file. */
export function isAbsent(thrown: unknown): boolean {
  return isError(thrown) && (thrown as NodeJS.ErrnoException).code === "ENOENT";
}

/** Many times what people write, and little enough to be parsed between two requests. */
const maxBytes = 64 * 1024;

function check(isFile: boolean, size: number, most: number = maxBytes): void {
  if (!isFile) throw new Error("it is not a file");
  if (size > most) throw new Error(`it has ${size} bytes, more than ${most}`);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}
