import { errorCode } from "../base/files/file-system.ts";
import { StoreError, type StoreFailure } from "./store-error.ts";

/** Codes of the file system, by what heals them, with a hint for people. */
const failures: ReadonlyMap<string, readonly [StoreFailure, string]> = new Map(
  Object.entries<readonly [StoreFailure, string]>({
    ENOSPC: ["transient", "the disk is full"],
    EDQUOT: ["transient", "the disk quota is used up"],
    EIO: ["transient", "the disk reported an error"],
    EMFILE: ["transient", "too many files are open in this process"],
    ENFILE: ["transient", "too many files are open on this machine"],
    EAGAIN: ["transient", "the file system is busy"],
    EBUSY: ["transient", "the file system is busy"],
    EINTR: ["transient", "the call was interrupted"],
    ESTALE: ["transient", "the network file system lost the file"],
    ETIMEDOUT: ["transient", "the network file system did not answer"],
    ENOENT: ["transient", "the folder vanished while it was used"],
    EACCES: ["configuration", "this process may not use the folder"],
    EPERM: ["configuration", "this process may not use the folder"],
    EROFS: ["configuration", "the file system is read-only"],
    ENOTDIR: ["configuration", "a part of the path is a file, not a folder"],
    EISDIR: ["configuration", "there is a folder where a file belongs"],
    ELOOP: ["configuration", "symbolic links are refused"],
    EEXIST: ["configuration", "something that is no folder is in the way"],
    ENAMETOOLONG: ["configuration", "the path is too long for this file system"],
    EFBIG: ["rejected", "the file is larger than this file system or process may write"],
  }),
);

/**
 * The failure behind an error of the file system: by its `code`, and `transient` for a code nobody has met
 * yet, since dropping data for it would be worse. Undefined for what is no system error.
 */
export function folderFailure(operation: string, path: string, thrown: unknown): StoreError | undefined {
  if (thrown instanceof StoreError) return thrown;
  const code = errorCode(thrown);
  if (code === undefined || code.startsWith("ERR_") || code === "ABORT_ERR") return undefined;
  const [failure, hint] = failures.get(code) ?? ["transient", "the file system refused"];
  return new StoreError(failure, `${operation} ${path}: ${hint} (${code})`, { operation, code });
}
