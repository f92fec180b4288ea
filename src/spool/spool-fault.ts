import { join, resolve } from "node:path";
import { errorCode, type FileSystem, systemFileSystem } from "../base/files/file-system.ts";
import { systemIds } from "../base/ids.ts";
import { ensurePrivateFolder, layoutPath } from "./spool-folder.ts";

/** A folder that is to be a spool's. */
export interface SpoolPlace {
  /** The spool's folder. */
  readonly directory: string;
  /** A folder above it that has to be private too, because anybody may write to the one above that. */
  readonly home?: string;
}

/** What waiting does not mend: rights, a volume that is read-only, a path that leads nowhere. */
const lasting = new Set(["EACCES", "EPERM", "EROFS", "ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"]);

/**
 * Why this folder cannot be a spool's, for people; undefined if it can, or if it cannot for a reason that may
 * pass, as a full disk. Makes it if there is none.
 */
export function spoolFault(
  { directory, home }: SpoolPlace,
  fileSystem: FileSystem = systemFileSystem,
): string | undefined {
  const layout = layoutPath(resolve(directory));
  // As a folder that is being made: what of it survives a sudden death is garbage that is known.
  const young = join(layout, `.new-${systemIds.random128()}-00000000`);
  try {
    if (home !== undefined) ensurePrivateFolder(fileSystem, resolve(home));
    ensurePrivateFolder(fileSystem, layout);
    fileSystem.makeDirectory(young);
    fileSystem.removeDirectory(young);
    return undefined;
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined || !lasting.has(code)) return undefined;
    const known = error instanceof Error && error.message.startsWith("spool folder ");
    return known ? error.message : `the spool folder ${directory} cannot be written (${code})`;
  }
}
