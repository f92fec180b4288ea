import { join, resolve } from "node:path";
import { addCounts, type Counts, noCounts } from "../base/counts.ts";
import { type Clock, systemClock } from "../base/time/clock.ts";
import {
  createText,
  errorCode,
  type FileSystem,
  removeFile,
  systemFileSystem,
} from "../base/files/file-system.ts";
import { type Ids, systemIds } from "../base/ids.ts";
import { ownJson } from "../base/own-json.ts";
import { closeQuietly } from "./open-segment-file.ts";
import { createQuarantine, type QuarantinedSegment } from "./quarantine.ts";
import { parseSegmentName, sealedName } from "./segment/segment-name.ts";
import { readSegmentHeader, type ScanItem, scanRecords } from "./segment/segment-scan.ts";
import { createSocketLiveness, describeOwner } from "./instance/socket-liveness.ts";
import { layoutPath, quarantinePath, responsibleFor } from "./spool-folder.ts";
import type { RecordMemory, SpoolRecord } from "./spool.ts";

/*
 * For an operator's command: looks at a spool folder without owning a part of it and without taking anything over, while
 * its owners work. What changes during the look is left out or shown as it was.
 */

/** One segment that waits in a spool folder. */
export interface WaitingSegment {
  readonly path: string;
  readonly id: string;
  /** Undefined when the header cannot be read. */
  readonly label: string | undefined;
  readonly state: "open" | "sealed" | "frozen";
  /** Milliseconds since 1970 UTC. */
  readonly createdAt: number | undefined;
  /** Bytes. */
  readonly size: number;
  /** How often encoding it was begun. */
  readonly attempts: number;
  /** The folder it is in: the id of its owner, and `.by-` the id of the process that took it over. */
  readonly owner: string;
}

/** What the functions here need; only the folder has no default. */
export interface InspectOptions {
  /** The spool's folder, as given to `createFolderSpool`. */
  readonly directory: string;
  readonly fileSystem?: FileSystem;
  readonly clock?: Clock;
  readonly ids?: Ids;
}

/** Every segment that waits to be delivered, of all processes, oldest first. Reads headers only. */
export function listWaiting({
  directory,
  fileSystem = systemFileSystem,
}: InspectOptions): readonly WaitingSegment[] {
  const parent = layoutPath(resolve(directory));
  const found: WaitingSegment[] = [];
  for (const owner of list(fileSystem, parent)) {
    if (responsibleFor(owner) === undefined) continue;
    const names = list(fileSystem, join(parent, owner));
    const frozen = new Set(
      names.map(parseSegmentName).flatMap((name) => (name?.state === "body" ? [name.id] : [])),
    );
    for (const name of names) {
      const parsed = parseSegmentName(name);
      if (parsed?.state !== "open" && parsed?.state !== "sealed") continue;
      const path = join(parent, owner, name);
      const facts = headerOf(fileSystem, path);
      if (facts === undefined) continue;
      const state = parsed.state === "sealed" && frozen.has(parsed.id) ? "frozen" : parsed.state;
      const attempts = parsed.state === "sealed" ? parsed.attempts : 0;
      found.push({ path, id: parsed.id, state, attempts, owner, ...facts });
    }
  }
  return found.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/**
 * Whether whoever is responsible for a waiting segment may be alive; `owner` as in {@link WaitingSegment}. False only if it is
 * certainly gone.
 */
export async function isOwnerAlive(owner: string, options: InspectOptions): Promise<boolean> {
  const { directory, fileSystem = systemFileSystem, clock = systemClock, ids = systemIds } = options;
  const parent = layoutPath(resolve(directory));
  const home = join(parent, responsibleFor(owner)?.owner ?? owner);
  const liveness = createSocketLiveness({ fileSystem, clock, ids });
  // Of an heir whose own folder is gone nothing is left to ask but the folder that it took over.
  return await liveness.isAlive(fileSystem.lstat(home) === undefined ? join(parent, owner) : home);
}

/** Every segment in quarantine, the one that is there longest first. */
export function listQuarantine(options: InspectOptions): readonly QuarantinedSegment[] {
  const { directory, fileSystem = systemFileSystem, clock = systemClock } = options;
  // The quarantine itself takes a folder that it may not read for an empty one, so that its process goes on.
  list(fileSystem, quarantinePath(resolve(directory)));
  return createQuarantine({ directory: resolve(directory), fileSystem, clock }).list();
}

/** What can still be read of a waiting or quarantined file: how many records hold how much, and what is lost of it. */
export function inspectSegment(
  path: string,
  { fileSystem = systemFileSystem }: Pick<InspectOptions, "fileSystem"> = {},
): { readonly records: number; readonly counts: Counts; readonly lost: Counts } {
  let records = 0;
  let counts = noCounts;
  let lost = counts;
  for (const item of itemsOf(fileSystem, path, "none")) {
    if (item.kind === "damage") lost = addCounts(lost, item.lost);
    if (item.kind !== "record") continue;
    records++;
    counts = addCounts(counts, item.header.counts);
  }
  return { records, counts, lost };
}

/** The good records of a waiting or quarantined file, one at a time. Throws the system's error if it cannot be read. */
export function* readSegmentFile(
  path: string,
  {
    fileSystem = systemFileSystem,
    memory = "own",
  }: Pick<InspectOptions, "fileSystem"> & { readonly memory?: RecordMemory | undefined } = {},
): Generator<SpoolRecord, void, undefined> {
  for (const item of itemsOf(fileSystem, path, memory)) {
    if (item.kind !== "record" || item.bytes === undefined) continue;
    yield { sequence: item.header.sequence, bytes: item.bytes, counts: item.header.counts };
  }
}

/**
 * Puts a quarantined segment back, as if a process had died and left it: the next process that recovers this spool
 * delivers it, with its attempts counted from 0 again. Throws if it is no longer there.
 */
export function replayQuarantined(segment: QuarantinedSegment, options: InspectOptions): void {
  const { fileSystem = systemFileSystem, clock = systemClock, ids = systemIds } = options;
  const parent = layoutPath(resolve(options.directory));
  const owner = ids.random128();
  // Complete before it has its name: a heir that came too early would find it empty and remove it.
  const young = join(parent, `.new-${owner}-${owner.slice(0, 8)}`);
  fileSystem.makeDirectory(young);
  try {
    const facts = { ...describeOwner(fileSystem), since: clock.now(), replayed: segment.reason };
    createText(fileSystem, join(young, "owner.json"), `${ownJson(facts)}\n`);
    fileSystem.link(segment.path, join(young, sealedName(segment.id, 0)));
    fileSystem.syncDirectory(young);
    fileSystem.rename(young, join(parent, owner));
    fileSystem.syncDirectory(parent);
  } catch (error) {
    for (const name of list(fileSystem, young)) removeFile(fileSystem, join(young, name));
    if (fileSystem.lstat(young) !== undefined) fileSystem.removeDirectory(young);
    throw error;
  }
  dropQuarantined(segment, { fileSystem });
}

/** Deletes a quarantined segment for good. */
export function dropQuarantined(
  segment: QuarantinedSegment,
  { fileSystem = systemFileSystem }: Pick<InspectOptions, "fileSystem"> = {},
): void {
  removeFile(fileSystem, segment.path);
  removeFile(fileSystem, segment.path.replace(/seg$/, "json"));
}

type FactsOfHeader = Pick<WaitingSegment, "label" | "createdAt" | "size">;

/** Undefined when the file is gone, or not a file. */
function headerOf(fileSystem: FileSystem, path: string): FactsOfHeader | undefined {
  try {
    if (fileSystem.lstat(path)?.kind !== "file") return undefined;
    const fd = fileSystem.open(path, "read");
    try {
      const { size } = fileSystem.stat(fd);
      const head = readSegmentHeader({ fileSystem, fd, size });
      if (head.status !== "ok") return { label: undefined, createdAt: undefined, size };
      return { label: head.header.label, createdAt: head.header.createdAt, size };
    } finally {
      closeQuietly(fileSystem, fd);
    }
  } catch (error) {
    // Delivered meanwhile; what may not be read must not pass for it.
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Empty when the header cannot be read. */
function* itemsOf(
  fileSystem: FileSystem,
  path: string,
  memory: RecordMemory | "none",
): Generator<ScanItem, void, undefined> {
  const fd = fileSystem.open(path, "read");
  try {
    const file = { fileSystem, fd, size: fileSystem.stat(fd).size };
    const head = readSegmentHeader(file);
    if (head.status === "ok") yield* scanRecords(file, head.header, memory);
  } finally {
    closeQuietly(fileSystem, fd);
  }
}

function list(fileSystem: FileSystem, path: string): string[] {
  try {
    return fileSystem.list(path);
  } catch (error) {
    // Not there: no process has used this spool yet, or its folder was removed while we looked; a stray file is no folder.
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return [];
    throw error;
  }
}
