import { dirname, join } from "node:path";
import { errorCode, type FileSystem, type FileStat } from "../base/files/file-system.ts";

/*
 *     <directory>/mc1/                    0700; "mc1" is this layout's version
 *       <owner>/                          a living owner's folder: 32 hex digits
 *       <owner>.by-<adopter>/                a dead owner's, being delivered by <adopter>
 *       .new-<owner>-<writer>/            a folder being made; garbage after ten minutes
 *       quarantine/                       what a person must look at
 */
const layout = "mc1";

/** Where everything lies in this spool directory. */
export function layoutPath(directory: string): string {
  return join(directory, layout);
}

/** Where segments for a person lie. */
export function quarantinePath(directory: string): string {
  return join(directory, layout, "quarantine");
}

/**
 * Who delivers what is in a folder of this name: its owner, or the adopter that took it over. Undefined for
 * other names.
 */
export function responsibleFor(
  name: string,
): { readonly origin: string; readonly owner: string } | undefined {
  const match = /^([0-9a-f]{32})(?:\.by-([0-9a-f]{32}))?$/.exec(name);
  if (match === null) return undefined;
  const [, origin = "", adopter] = match;
  return { origin, owner: adopter ?? origin };
}

/** Name of `origin`'s folder once `adopter` has taken it over. */
export function adoptedName(origin: string, adopter: string): string {
  return `${origin}.by-${adopter}`;
}

/**
 * Makes a private folder, and its parents, if there is none. Throws if what is there is not a folder, belongs
 * to another user, or lets others write: records are plain data, and whoever can write here can invent some.
 */
export function ensurePrivateFolder(fileSystem: FileSystem, path: string): void {
  if (fileSystem.lstat(path) === undefined) {
    makeParents(fileSystem, dirname(path));
    try {
      fileSystem.makeDirectory(path);
      fileSystem.syncDirectory(dirname(path));
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
  }
  const stat = fileSystem.lstat(path);
  const fault = stat === undefined ? "is gone again" : faultOf(fileSystem, stat);
  if (fault !== undefined) throw Object.assign(new Error(`spool folder ${path} ${fault}`), { code: "EPERM" });
}

/** Why a folder must not be used, or undefined. */
export function faultOf(fileSystem: FileSystem, stat: FileStat): string | undefined {
  if (stat.kind !== "directory") return "is not a folder (symbolic links are not followed)";
  if (fileSystem.uid === undefined) return undefined;
  if (stat.uid !== fileSystem.uid)
    return `belongs to user ${stat.uid}, not to this process's user ${fileSystem.uid}`;
  if ((stat.mode & 0o022) !== 0)
    return `can be written by others (mode ${stat.mode.toString(8)}); set it to 700`;
  return undefined;
}

function makeParents(fileSystem: FileSystem, path: string): void {
  const parent = dirname(path);
  if (parent === path) return;
  try {
    fileSystem.makeDirectory(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === "EEXIST") return;
    if (code !== "ENOENT") {
      // What exists already may say EROFS or EACCES instead of EEXIST; only its absence is an error.
      if (isThere(fileSystem, path)) return;
      throw error;
    }
    makeParents(fileSystem, parent);
    fileSystem.makeDirectory(path);
  }
  fileSystem.syncDirectory(parent);
}

function isThere(fileSystem: FileSystem, path: string): boolean {
  try {
    return fileSystem.lstat(path) !== undefined;
  } catch {
    return false;
  }
}
