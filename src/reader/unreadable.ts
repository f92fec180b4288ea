import { asError, CollectorError, messageOf, wrongKind } from "../base/errors.ts";

/** A file, or a table's log, that could not be read, and why. */
export interface UnreadableFile {
  readonly path: string;
  readonly reason: string;
}

/** What to throw for a file whose bytes are bad. */
export function unreadableFile(path: string, cause: unknown): CollectorError {
  return new CollectorError("CORRUPT", `${path}: ${messageOf(cause)}`, { cause });
}

/**
 * Why a file cannot be read, from what reading it threw; throws that on when the file is not to blame: an
 * unreachable store must not pass for bad data.
 */
export function reasonOf(thrown: unknown): string {
  if (thrown instanceof CollectorError && thrown.code === "CORRUPT") return messageOf(thrown.cause);
  throw thrown;
}

/** Refuses an `onUnreadable` that is no function. */
export function checkCallback(callback: unknown, where: string): void {
  if (callback !== undefined && typeof callback !== "function") {
    throw wrongKind(`${where}: onUnreadable`, "a function", callback);
  }
}

/** The bad files of one reading. */
export interface BadFiles {
  /** Notes a file, once, by what reading it threw; throws that on when the file is not to blame. */
  add(path: string, thrown: unknown): void;
  /** All was read that can be: throws if there were bad files that nobody was told of. */
  end(): void;
}

/** Bad files are told to `tell`, or else thrown at the end, as the error of the first. */
export function createBadFiles(tell: ((file: UnreadableFile) => void) | undefined): BadFiles {
  const errors: unknown[] = [];
  const known = new Set<string>();
  return {
    add(path, thrown) {
      const reason = reasonOf(thrown);
      if (known.has(path)) return;
      known.add(path);
      if (tell === undefined) errors.push(thrown);
      else tell({ path, reason });
    },
    end() {
      const [first] = errors;
      if (errors.length <= 1) {
        if (first !== undefined) throw first;
        return;
      }
      const { message } = asError(first);
      throw new CollectorError("CORRUPT", `${message}; ${errors.length - 1} more cannot be read`, {
        cause: first,
      });
    },
  };
}
