import { join, resolve } from "node:path";
import { type Clock, systemClock } from "../base/time/clock.ts";
import { type FileSystem, listIfThere, systemFileSystem } from "../base/files/file-system.ts";
import { type Ids, systemIds } from "../base/ids.ts";
import { createSocketLiveness } from "./instance/socket-liveness.ts";
import { readFacts, type SegmentFacts } from "./segment/segment-file-reader.ts";
import { parseSegmentName } from "./segment/segment-name.ts";
import { layoutPath, responsibleFor } from "./spool-folder.ts";

/*
 * For an operator's command: looks at a spool folder without owning a part of it and without taking anything
 * over, while its owners work. What changes during the look is left out or shown as it was.
 */

/** One segment that is in a spool folder and not yet delivered. */
export interface SpooledFile extends SegmentFacts {
  readonly path: string;
  readonly id: string;
  readonly state: "open" | "sealed" | "frozen";
  /** How often encoding it was begun. */
  readonly attempts: number;
  /** The folder it is in: the id of its owner, and `.by-` the id of the process that took it over. */
  readonly owner: string;
}

/** Where to look; only the folder has no default. */
export interface InspectOptions {
  /** The spool's folder, as given to `createFolderSpool`. */
  readonly directory: string;
  readonly fileSystem?: FileSystem;
  readonly clock?: Clock;
  readonly ids?: Ids;
}

/**
 * Every segment that is not yet delivered, of all processes, oldest first; quarantine apart. Reads headers
 * only.
 */
export function listSpooledFiles({
  directory,
  fileSystem = systemFileSystem,
}: InspectOptions): readonly SpooledFile[] {
  const parent = layoutPath(resolve(directory));
  const found: SpooledFile[] = [];
  // Not there: no process has used this spool yet, or its folder was removed while we looked; a stray file is
  // no folder.
  for (const owner of listIfThere(fileSystem, parent)) {
    if (responsibleFor(owner) === undefined) continue;
    const names = listIfThere(fileSystem, join(parent, owner));
    const frozen = new Set(
      names.map(parseSegmentName).flatMap((name) => (name?.state === "body" ? [name.id] : [])),
    );
    for (const name of names) {
      const parsed = parseSegmentName(name);
      if (parsed?.state !== "open" && parsed?.state !== "sealed") continue;
      const path = join(parent, owner, name);
      const facts = readFacts(fileSystem, path);
      if (facts === undefined) continue;
      const state = parsed.state === "sealed" && frozen.has(parsed.id) ? "frozen" : parsed.state;
      const attempts = parsed.state === "sealed" ? parsed.attempts : 0;
      found.push({ path, id: parsed.id, state, attempts, owner, ...facts });
    }
  }
  return found.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/**
 * Whether whoever is responsible for a spooled file may be alive; `owner` as in {@link SpooledFile}. False
 * only if it is certainly gone.
 */
export async function isOwnerAlive(owner: string, options: InspectOptions): Promise<boolean> {
  const { directory, fileSystem = systemFileSystem, clock = systemClock, ids = systemIds } = options;
  const parent = layoutPath(resolve(directory));
  const home = join(parent, responsibleFor(owner)?.owner ?? owner);
  const liveness = createSocketLiveness({ fileSystem, clock, ids });
  // Of an adopter whose own folder is gone nothing is left to ask but the folder that it took over.
  return await liveness.isAlive(fileSystem.lstat(home) === undefined ? join(parent, owner) : home);
}
