import { resolve } from "node:path";
import { errorCode, type FileSystem, systemFileSystem } from "../../base/files/file-system.ts";
import { layoutPath, quarantinePath, responsibleFor } from "../spool-folder.ts";

/** Where {@link hasLeavings} looks. */
export interface LeavingsPlace {
  /** The spool's folder. */
  readonly directory: string;
  /** The process that looks: what is its own is no leaving. */
  readonly instance: string;
  readonly fileSystem?: FileSystem;
}

/**
 * True if a spool would find something in its folder: what another process left, or may leave when it dies,
 * and what is in quarantine. True also if that cannot be told.
 */
export function hasLeavings({ directory, instance, fileSystem = systemFileSystem }: LeavingsPlace): boolean {
  const spool = resolve(directory);
  try {
    const names = fileSystem.list(layoutPath(spool));
    if (names.some((name) => name !== instance && responsibleFor(name) !== undefined)) return true;
    return names.includes("quarantine") && fileSystem.list(quarantinePath(spool)).length > 0;
  } catch (error) {
    return errorCode(error) !== "ENOENT";
  }
}
