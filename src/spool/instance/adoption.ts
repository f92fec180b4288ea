import { join } from "node:path";
import type { Clock } from "../../base/time/clock.ts";
import { type FileSystem, removeFile } from "../../base/files/file-system.ts";
import { type InstanceClaim, removeFolder, removeFolderIfIdle } from "./instance-claim.ts";
import type { Liveness } from "./liveness.ts";
import type { OwnFolder } from "./own-folder.ts";
import { faultOf, adoptedName, layoutPath, responsibleFor } from "../spool-folder.ts";

/** What it takes to find folders whose owners are gone. */
export interface AdoptionOptions {
  /** The spool's folder. */
  readonly directory: string;
  readonly instance: string;
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly liveness: Liveness;
  readonly folder: OwnFolder;
}

/** Folders that dead threads of this process were responsible for: our own, and those it had taken over. */
export function ownFolders(
  { directory, fileSystem }: AdoptionOptions,
  claim: InstanceClaim,
): readonly string[] {
  const adopted = folderNames(fileSystem, directory).filter((name) => {
    const who = responsibleFor(name);
    return who?.owner === claim.owner && who.origin !== claim.owner;
  });
  return [claim.directory, ...adopted.map((name) => join(layoutPath(directory), name))];
}

/**
 * Takes over the folders of dead owners, one when it is asked for: each goes to exactly one adopter, because
 * only one rename of it can succeed. Empty ones are removed. If there is no room to make a folder of our own,
 * the first one becomes it. Never throws.
 */
export async function* adopt(options: AdoptionOptions): AsyncGenerator<string, void, undefined> {
  const { directory, instance, fileSystem, liveness, folder } = options;
  const parent = layoutPath(directory);
  if (!isPrivate(fileSystem, parent)) return;
  sweep(options);
  for (const name of folderNames(fileSystem, directory)) {
    const who = responsibleFor(name);
    if (who === undefined || who.owner === folder.claim?.owner || name === instance) continue;
    const path = join(parent, name);
    const home = join(parent, who.owner);
    try {
      if (!isPrivate(fileSystem, path)) continue;
      // Of an adopter whose own folder is gone, too, nothing is left to ask: then the folder it took over is
      // asked.
      if (await liveness.isAlive(fileSystem.lstat(home) === undefined ? path : home)) continue;
      if (removeFolderIfIdle(fileSystem, path, true)) continue;
      const claim = folder.tryClaim();
      if (claim === undefined) {
        yield folder.claimAdopted(path).directory;
        continue;
      }
      const taken = join(parent, adoptedName(who.origin, claim.owner));
      fileSystem.rename(path, taken);
      fileSystem.syncDirectory(parent);
      yield taken;
    } catch {
      // Another adopter was faster, or the disk refuses: the next round tells.
    }
  }
}

/** What others could have written is neither delivered nor removed. */
function isPrivate(fileSystem: FileSystem, path: string): boolean {
  try {
    const stat = fileSystem.lstat(path);
    return stat !== undefined && faultOf(fileSystem, stat) === undefined;
  } catch {
    return false;
  }
}

/** Names of instances' folders, the least recently changed first. */
function folderNames(fileSystem: FileSystem, directory: string): string[] {
  const parent = layoutPath(directory);
  try {
    return fileSystem
      .list(parent)
      .filter((name) => responsibleFor(name) !== undefined)
      .map((name) => ({ name, at: fileSystem.lstat(join(parent, name))?.mtimeMs ?? 0 }))
      .sort((a, b) => a.at - b.at || (a.name < b.name ? -1 : 1))
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

const garbageMs = 10 * 60_000;

/** Removes what a process left half made when it died between two calls. */
function sweep({ directory, fileSystem, clock }: AdoptionOptions): void {
  const parent = layoutPath(directory);
  try {
    for (const name of fileSystem.list(parent)) {
      const path = join(parent, name);
      const isFolder = name.startsWith(".new-");
      if (!isFolder && !/^now-[0-9a-f]{32}\.tmp$/.test(name)) continue;
      const changed = fileSystem.lstat(path)?.mtimeMs ?? Number.POSITIVE_INFINITY;
      if (clock.now() - changed < garbageMs) continue;
      if (isFolder) removeFolder(fileSystem, path);
      else removeFile(fileSystem, path);
    }
  } catch {
    // There is always another round.
  }
}
