import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { Clock } from "../time/clock.ts";
import { asError } from "../errors.ts";

/**
 * Small files that people and platforms write, such as configuration. Symbolic links are followed: a
 * Kubernetes ConfigMap is mounted as one, and changes by having another target.
 */

// Never wait for a FIFO's writer.
const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * The file's text, UTF-8 with or without byte order mark. Throws the system's error, and an `Error` for what
 * is no file or too large.
 */
export function readTextFile(path: string): string {
  const fd = openSync(path, flags);
  try {
    const stats = fstatSync(fd);
    check(stats.isFile(), stats.size);
    const bytes = new Uint8Array(stats.size);
    return decode(bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0)));
  } finally {
    closeSync(fd);
  }
}

/** What {@link watchTextFile} is told. */
export interface TextFileWatch {
  readonly path: string;
  /** What was read of it last. */
  readonly content: string;
  readonly clock: Clock;
  /** Milliseconds between two looks. */
  readonly everyMs: number;
  /** Called with new content; and with what there is when the file can be read again. */
  readonly onChange: (content: string) => void;
  /** Called when the file cannot be read; once, until it can again. */
  readonly onTrouble: (error: Error) => void;
}

/**
 * Looks at a file now and then: the one way that works for every file system, every editor's way of saving
 * and a ConfigMap's links. What is seen counts when two looks in a row see the same, so a file that is just
 * being written is not read half. Holds up neither the event loop nor the end of the process. Dispose to
 * stop.
 */
export function watchTextFile(watch: TextFileWatch): Disposable {
  const { path, clock, everyMs, onChange, onTrouble } = watch;
  /** What a look saw: a text, or why there is none. */
  type Look = { readonly content: string } | { readonly error: Error };
  let known = watch.content;
  let inTrouble = false;
  let before = "";
  let stopped = false;
  let timer = arm();

  function arm(): Disposable {
    return clock.setTimer(() => {
      void look().then((seen) => {
        if (stopped) return;
        const now = "content" in seen ? `=${seen.content}` : `!${seen.error.message}`;
        if (now === before) settle(seen);
        before = now;
        timer = arm();
      });
    }, everyMs);
  }

  async function look(): Promise<Look> {
    let file: FileHandle | undefined;
    try {
      file = await open(path, flags);
      const stats = await file.stat();
      check(stats.isFile(), stats.size);
      const bytes = new Uint8Array(stats.size);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
      return { content: decode(bytes.subarray(0, bytesRead)) };
    } catch (thrown) {
      return { error: asError(thrown) };
    } finally {
      await file?.close().catch(() => {});
    }
  }

  function settle(seen: Look): void {
    if ("error" in seen) {
      if (!inTrouble) onTrouble(seen.error);
      inTrouble = true;
      return;
    }
    if (!inTrouble && seen.content === known) return;
    inTrouble = false;
    known = seen.content;
    onChange(known);
  }

  return {
    [Symbol.dispose]() {
      stopped = true;
      timer[Symbol.dispose]();
    },
  };
}

/** Many times what people write, and little enough to be parsed between two requests. */
const maxBytes = 64 * 1024;

function check(isFile: boolean, size: number): void {
  if (!isFile) throw new Error("it is not a file");
  if (size > maxBytes) throw new Error(`it has ${size} bytes, more than ${maxBytes}`);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}
