import { homedir, tmpdir as systemTmpdir } from "node:os";
import { join, posix, resolve, win32 } from "node:path";

/** What {@link stateFolder} asks of the machine. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  /** The user's home folder; throws when there is none. */
  homedir(): string;
  /** The folder for temporary files. Default the system's. */
  tmpdir?(): string;
  /** The user's number; undefined where there are none. Default the process's. */
  readonly uid?: number;
}

/** This machine. */
export const thisMachine: Machine = { platform: process.platform, homedir };

/**
 * The folder in which programs of this user keep what must outlive them, by the custom of the system: on
 * Linux `$XDG_STATE_HOME`, else `~/.local/state` (XDG Base Directory Specification 0.8; a relative value
 * counts as unset); on macOS `~/Library/Application Support`; on Windows `%LOCALAPPDATA%`. Never a temporary
 * folder: those are shared, and emptied. Undefined for a user without a home.
 */
export function stateFolder(env: NodeJS.ProcessEnv, machine: Machine = thisMachine): string | undefined {
  const { platform } = machine;
  const named = env[platform === "win32" ? "LOCALAPPDATA" : "XDG_STATE_HOME"];
  const { isAbsolute } = platform === "win32" ? win32 : posix;
  if (named !== undefined && isAbsolute(named)) return named;
  const home = homeFolder(machine);
  if (home === undefined) return undefined;
  if (platform === "win32") return join(home, "AppData", "Local");
  if (platform === "darwin") return join(home, "Library", "Application Support");
  return join(home, ".local", "state");
}

/**
 * Where programs of this user keep what has no better place: a folder of his own among the temporary files,
 * named by his number, for he may have no name. Whoever uses it makes sure that it is his.
 */
export function temporaryFolder(machine: Machine = thisMachine): string {
  const { tmpdir = systemTmpdir, uid = process.getuid?.() } = machine;
  return resolve(tmpdir(), uid === undefined ? "model-data-collector" : `model-data-collector-${uid}`);
}

function homeFolder(machine: Machine): string | undefined {
  try {
    return machine.homedir() || undefined;
  } catch {
    // A user id that the system has no entry for, as in some containers.
    return undefined;
  }
}
