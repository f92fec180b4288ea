import { join } from "node:path";
import { createText, errorCode, type FileSystem, removeFile } from "../../base/files/file-system.ts";
import type { Ids } from "../../base/ids.ts";
import type { Clock } from "../../base/time/clock.ts";
import { ownJson } from "../../base/own-json.ts";
import type { Liveness, LivenessHold } from "./liveness.ts";
import { isLiveName } from "./liveness.ts";
import { describeOwner, ownerFile } from "./socket-liveness.ts";
import { ensurePrivateFolder, layoutPath } from "../spool-folder.ts";

/** A folder of one's own, held by a proof of life. */
export interface InstanceClaim {
  /** Its path. */
  readonly directory: string;
  /** Its name, by which folders that it adopts are named. */
  readonly owner: string;
  /** 8 hex digits of this thread, part of the names of the files it is writing. */
  readonly writer: string;
  /** True if the folder was there before, made by another thread of this process. */
  readonly shared: boolean;
  /** False once the folder was removed or taken over. */
  isOurs(): boolean;
  /** Shows others that look from another machine that this owner is at work. */
  beat(): void;
  /** Ends the proof of life, and removes the folder if nothing of value is in it. Never throws. */
  release(): void;
}

/** What {@link claimInstance} needs. */
export interface ClaimOptions {
  /** The spool's folder. */
  readonly directory: string;
  /** 32 hex digits; every thread of a process gives the same. */
  readonly owner: string;
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly liveness: Liveness;
  /** 8 hex digits of this thread, which no other thread of the process has. Default random ones. */
  readonly writer?: string | undefined;
}

/**
 * Makes the folder of `owner`, or joins it if another thread made it. It appears under its name only once the
 * proof of life is in it, so nobody can take it for a dead one. Throws the system's error.
 */
export function claimInstance(options: ClaimOptions): InstanceClaim {
  const { directory, owner, fileSystem, ids } = options;
  const parent = layoutPath(directory);
  ensurePrivateFolder(fileSystem, parent);
  const path = join(parent, owner);
  const writer = options.writer ?? ids.random128().slice(0, 8);
  return (
    (fileSystem.lstat(path) === undefined ? make(options, path, writer) : undefined) ??
    joinOther(options, path, writer)
  );
}

/**
 * Takes a dead owner's folder as one's own. On a volume that is so full that no folder can be made, this is
 * how what fills it can still be delivered. Throws the system's error; then somebody else has the folder, or
 * nobody.
 */
export function claimAdopted(options: ClaimOptions, adopted: string): InstanceClaim {
  const { directory, owner, fileSystem, ids, liveness } = options;
  const path = join(layoutPath(directory), owner);
  const writer = options.writer ?? ids.random128().slice(0, 8);
  fileSystem.rename(adopted, path);
  // What the dead owner no longer needs makes room for our own proof of life.
  for (const name of fileSystem.list(path)) if (isLiveName(name)) removeFile(fileSystem, join(path, name));
  removeFile(fileSystem, join(path, ownerFile));
  const claim = new Claim(options, path, writer, liveness.hold(path, writer), false);
  try {
    createText(fileSystem, join(path, ownerFile), ownerText(options));
  } catch {
    // Without it, others wait ten minutes longer after our death.
  }
  fileSystem.syncDirectory(layoutPath(directory));
  return claim;
}

function make(options: ClaimOptions, path: string, writer: string): InstanceClaim | undefined {
  const { fileSystem, liveness, owner } = options;
  const parent = layoutPath(options.directory);
  const young = join(parent, `.new-${owner}-${writer}`);
  fileSystem.makeDirectory(young);
  let hold: LivenessHold | undefined;
  try {
    hold = liveness.hold(young, writer);
    createText(fileSystem, join(young, ownerFile), ownerText(options));
    fileSystem.rename(young, path);
    fileSystem.syncDirectory(parent);
    return new Claim(options, path, writer, hold, false);
  } catch (error) {
    hold?.release(young);
    removeFolder(fileSystem, young);
    const code = errorCode(error);
    if (code === "ENOTEMPTY" || code === "EEXIST") return undefined;
    throw error;
  }
}

function joinOther(options: ClaimOptions, path: string, writer: string): InstanceClaim {
  ensurePrivateFolder(options.fileSystem, path);
  const claim = new Claim(options, path, writer, options.liveness.hold(path, writer), true);
  // Between our look and our proof of life an adopter may have taken the folder.
  if (claim.isOurs()) return claim;
  claim.release();
  return claimInstance({ ...options, owner: options.ids.random128() });
}

function ownerText({ fileSystem, clock }: ClaimOptions): string {
  const facts = { ...describeOwner(fileSystem), pid: process.pid, node: process.version, since: clock.now() };
  return `${ownJson(facts)}\n`;
}

class Claim implements InstanceClaim {
  readonly directory: string;
  readonly owner: string;
  readonly writer: string;
  readonly shared: boolean;
  readonly #fileSystem: FileSystem;
  readonly #hold: LivenessHold;
  readonly #ino: number | undefined;

  constructor(
    { fileSystem, owner }: ClaimOptions,
    directory: string,
    writer: string,
    hold: LivenessHold,
    shared: boolean,
  ) {
    this.directory = directory;
    this.owner = owner;
    this.writer = writer;
    this.shared = shared;
    this.#fileSystem = fileSystem;
    this.#hold = hold;
    this.#ino = fileSystem.lstat(directory)?.ino;
  }

  isOurs(): boolean {
    try {
      const ino = this.#fileSystem.lstat(this.directory)?.ino;
      return ino !== undefined && ino === this.#ino;
    } catch {
      // A disk that does not answer has not given the folder to another.
      return true;
    }
  }

  beat(): void {
    const path = join(this.directory, `beat.${this.writer}`);
    try {
      createText(this.#fileSystem, path, "");
    } catch {
      // A sign for other machines only; the next one may succeed.
    }
    removeFile(this.#fileSystem, path);
  }

  release(): void {
    this.#hold.release(this.directory);
    removeFolderIfIdle(this.#fileSystem, this.directory);
  }
}

/**
 * Removes an instance's folder if nothing is left in it but `owner.json` and, with `dead`, the sockets of
 * dead threads. Never throws; true if it is gone.
 */
export function removeFolderIfIdle(fileSystem: FileSystem, directory: string, dead = false): boolean {
  try {
    const names = fileSystem.list(directory);
    const idle = names.every(
      (name) => name === ownerFile || (dead && (isLiveName(name) || name.startsWith("beat."))),
    );
    return idle && removeNamed(fileSystem, directory, names);
  } catch (error) {
    return errorCode(error) === "ENOENT";
  }
}

/** Removes a folder with the files in it. Never throws; true if it is gone. */
export function removeFolder(fileSystem: FileSystem, directory: string): boolean {
  try {
    return removeNamed(fileSystem, directory, fileSystem.list(directory));
  } catch {
    return false;
  }
}

/**
 * Removes these files and the folder; what another thread has put there meanwhile stays, and the folder with
 * it.
 */
function removeNamed(fileSystem: FileSystem, directory: string, names: readonly string[]): boolean {
  try {
    // The owner's card last: without it, what is left of a removal that was cut short would be waited for.
    for (const name of names) if (name !== ownerFile) fileSystem.unlink(join(directory, name));
    if (names.includes(ownerFile)) fileSystem.unlink(join(directory, ownerFile));
    fileSystem.removeDirectory(directory);
    return true;
  } catch {
    return false;
  }
}
