import type { Counts } from "../base/counts.ts";
import { systemFileSystem } from "../base/files/file-system.ts";
import { errorCode } from "../base/files/file-system.ts";
import { parseLabel, type SegmentLabel } from "../pipeline/segment-label.ts";
import type { QuarantinedFile } from "../spool/quarantine.ts";
import {
  dropQuarantinedFile,
  listQuarantinedFiles,
  replayQuarantinedFile,
} from "../spool/quarantined-files.ts";
import { countContents, type SegmentContents } from "../spool/segment/segment-file-reader.ts";
import { isOwnerAlive, listSpooledFiles, type SpooledFile } from "../spool/spooled-files.ts";

/*
 * For an operator's command: what the spool keeps as opaque bytes and labels, in the words of collections and
 * partitions. Nothing here owns a part of the spool or takes anything over.
 */

/** What a segment belongs to; null where its label is of another version, or cannot be read. */
export interface SegmentOrigin {
  readonly endpoint: string | null;
  readonly deployment: string | null;
  readonly collection: string | null;
  /** `ledger`: it tells what became of frames. `body`: it is a body of payload logging. Neither holds any. */
  readonly format: SegmentLabel["format"] | null;
  /** Start of its time partition; null, too, for what is sent by frames. */
  readonly partition: Date | null;
}

/** A segment that is in the spool and not yet delivered. */
export interface SpooledSegment extends SegmentOrigin {
  readonly id: string;
  /** `frozen`: the bytes of its file are made, and only the destination is missing. */
  readonly state: "open" | "sealed" | "frozen";
  /** What can be read of it. */
  readonly counts: Counts;
  /** What is damaged, as far as it can be told. */
  readonly damaged: Counts;
  /** Bytes on disk. */
  readonly size: number;
  readonly createdAt: Date | null;
  /** Whether the process that is to deliver it may be alive. */
  readonly ownerAlive: boolean;
  /** Why it waits, for people. */
  readonly why: string;
  /** The spool's folder that it is in. */
  readonly directory: string;
}

/** A segment in quarantine. */
export interface QuarantinedSegment extends SegmentOrigin {
  readonly id: string;
  readonly reason: string;
  readonly quarantinedAt: Date;
  /** What it held when it came there. */
  readonly counts: Counts;
  /** Bytes on disk. */
  readonly size: number;
  readonly path: string;
  /** The spool's folder whose quarantine it is in. */
  readonly directory: string;
}

/** Everything that is in the spool folder `directory`, of all processes, oldest first; quarantine apart. */
export async function listSpooled(directory: string): Promise<readonly SpooledSegment[]> {
  const alive = new Map<string, boolean>();
  const found: SpooledSegment[] = [];
  for (const segment of listSpooledFiles({ directory })) {
    const ownerAlive = alive.get(segment.owner) ?? (await isOwnerAlive(segment.owner, { directory }));
    alive.set(segment.owner, ownerAlive);
    const contents = contentsIfThere(segment.path);
    if (contents === undefined) continue;
    const { id, state, label, size, createdAt } = segment;
    found.push({
      id,
      state,
      ...originOf(label),
      counts: contents.readable,
      damaged: contents.damaged,
      size,
      createdAt: createdAt === undefined ? null : new Date(createdAt),
      ownerAlive,
      why: whyItWaits(segment, ownerAlive),
      directory,
    });
  }
  return found;
}

/** Everything in quarantine, the one that is there longest first. */
export function listQuarantined(directory: string): readonly QuarantinedSegment[] {
  return listQuarantinedFiles({ directory }).map(
    ({ id, label, reason, counts, quarantinedAt, path, size }) => ({
      id,
      ...originOf(label),
      reason,
      quarantinedAt: new Date(quarantinedAt),
      counts,
      size,
      path,
      directory,
    }),
  );
}

/** What is in a quarantined segment. Throws the system's error if it is gone. */
export function readQuarantined({ path }: QuarantinedSegment): SegmentContents {
  return countContents(systemFileSystem, path);
}

/** Puts a quarantined segment back into the spool; the next process of it, or a drain, tries again. */
export function replayQuarantined(segment: QuarantinedSegment): void {
  replayQuarantinedFile(stored(segment), segment);
}

/** Deletes a quarantined segment for good. */
export function dropQuarantined(segment: QuarantinedSegment): void {
  dropQuarantinedFile(stored(segment));
}

function stored({ path, directory }: QuarantinedSegment): QuarantinedFile {
  const found = listQuarantinedFiles({ directory }).find((each) => each.path === path);
  if (found === undefined) throw new Error(`it is no longer in quarantine: ${path}`);
  return found;
}

/** Undefined if it was delivered while we were looking. */
function contentsIfThere(path: string): SegmentContents | undefined {
  try {
    return countContents(systemFileSystem, path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function originOf(label: string | undefined): SegmentOrigin {
  const parsed = known(label);
  if (parsed === undefined) {
    return { endpoint: null, deployment: null, collection: null, format: null, partition: null };
  }
  const { endpoint, deployment, collection, format, partition } = parsed;
  const start = format === "azureml" ? null : new Date(partition);
  return { endpoint, deployment, collection, format, partition: start };
}

function known(label: string | undefined): SegmentLabel | undefined {
  try {
    return label === undefined ? undefined : parseLabel(label);
  } catch {
    return undefined;
  }
}

function whyItWaits({ label, state, attempts }: SpooledFile, ownerAlive: boolean): string {
  if (label === undefined) return "its header is damaged; recovery repairs it or sets it aside";
  if (known(label) === undefined) return "another version of this package wrote it";
  if (!ownerAlive) return "its process is gone; the next one of this spool, or mdc spool drain, delivers it";
  if (state === "open") return "it is being written";
  if (state === "frozen") return "the destination has not taken it yet";
  if (attempts > 1) return `encoding it was begun ${attempts} times`;
  return "its process has yet to encode it";
}
