import { join, resolve } from "node:path";
import { systemClock } from "../base/time/clock.ts";
import {
  createText,
  type FileSystem,
  listIfThere,
  removeFile,
  systemFileSystem,
} from "../base/files/file-system.ts";
import { systemIds } from "../base/ids.ts";
import { ownJson } from "../base/own-json.ts";
import { describeOwner } from "./instance/socket-liveness.ts";
import { Quarantine, type QuarantinedFile } from "./quarantine.ts";
import { sealedName } from "./segment/segment-name.ts";
import { layoutPath, quarantinePath } from "./spool-folder.ts";
import type { InspectOptions } from "./spooled-files.ts";

/* For an operator's command: what a person may do with the files in quarantine. */

/** Every file in quarantine, the one that is there longest first. */
export function listQuarantinedFiles(options: InspectOptions): readonly QuarantinedFile[] {
  const { directory, fileSystem = systemFileSystem, clock = systemClock } = options;
  // The quarantine itself takes a folder that it may not read for an empty one, so that its process goes on.
  listIfThere(fileSystem, quarantinePath(resolve(directory)));
  return new Quarantine({ directory: resolve(directory), fileSystem, clock }).list();
}

/**
 * Puts a quarantined file back, as if a process had died and left it: the next process that recovers this
 * spool delivers it, with its attempts counted from 0 again. Throws if it is no longer there.
 */
export function replayQuarantinedFile(file: QuarantinedFile, options: InspectOptions): void {
  const { fileSystem = systemFileSystem, clock = systemClock, ids = systemIds } = options;
  const parent = layoutPath(resolve(options.directory));
  const owner = ids.random128();
  // Complete before it has its name: an adopter that came too early would find it empty and remove it.
  const young = join(parent, `.new-${owner}-${owner.slice(0, 8)}`);
  fileSystem.makeDirectory(young);
  try {
    const facts = { ...describeOwner(fileSystem), since: clock.now(), replayed: file.reason };
    createText(fileSystem, join(young, "owner.json"), `${ownJson(facts)}\n`);
    fileSystem.link(file.path, join(young, sealedName(file.id, 0)));
    fileSystem.syncDirectory(young);
    fileSystem.rename(young, join(parent, owner));
    fileSystem.syncDirectory(parent);
  } catch (error) {
    removeYoung(fileSystem, young);
    throw error;
  }
  dropQuarantinedFile(file, { fileSystem });
}

/** Deletes a quarantined file, and its note, for good. */
export function dropQuarantinedFile(
  { path }: QuarantinedFile,
  { fileSystem = systemFileSystem }: Pick<InspectOptions, "fileSystem"> = {},
): void {
  removeFile(fileSystem, path);
  removeFile(fileSystem, path.replace(/seg$/, "json"));
}

function removeYoung(fileSystem: FileSystem, young: string): void {
  for (const name of listIfThere(fileSystem, young)) removeFile(fileSystem, join(young, name));
  if (fileSystem.lstat(young) !== undefined) fileSystem.removeDirectory(young);
}
