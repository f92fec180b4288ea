import { addCounts, type Counts, noCounts } from "../../base/counts.ts";
import { errorCode, type FileSystem } from "../../base/files/file-system.ts";
import { closeQuietly } from "../open-segment-file.ts";
import type { RecordMemory, SpoolRecord } from "../sealed-segments.ts";
import { readSegmentHeader, type ScanItem, scanRecords } from "./segment-scan.ts";

/** What can be read of a segment's file. */
export interface SegmentContents {
  readonly records: number;
  /** Of the good records. */
  readonly readable: Counts;
  /** As far as it can be told. */
  readonly damaged: Counts;
}

/** What a segment's header says of its file. */
export interface SegmentFacts {
  /** Undefined when the header cannot be read. */
  readonly label: string | undefined;
  /** Milliseconds since 1970 UTC; undefined when the header cannot be read. */
  readonly createdAt: number | undefined;
  /** Bytes. */
  readonly size: number;
}

/**
 * The good records of a segment's file, one at a time; none when its header cannot be read. Throws the
 * system's error if the file cannot be read.
 */
export function* readRecords(
  fileSystem: FileSystem,
  path: string,
  memory: RecordMemory = "own",
): Generator<SpoolRecord, void, undefined> {
  for (const item of itemsOf(fileSystem, path, memory)) {
    if (item.kind !== "record" || item.bytes === undefined) continue;
    yield { sequence: item.header.sequence, bytes: item.bytes, counts: item.header.counts };
  }
}

/** Reads a segment's file through and counts. Throws the system's error if it cannot be read. */
export function countContents(fileSystem: FileSystem, path: string): SegmentContents {
  let records = 0;
  let readable = noCounts;
  let damaged = noCounts;
  for (const item of itemsOf(fileSystem, path, "none")) {
    if (item.kind === "damage") damaged = addCounts(damaged, item.lost);
    if (item.kind !== "record") continue;
    records++;
    readable = addCounts(readable, item.header.counts);
  }
  return { records, readable, damaged };
}

/**
 * Reads a segment's header alone; undefined when the file is gone, or no file. Throws the system's error if
 * it cannot be read.
 */
export function readFacts(fileSystem: FileSystem, path: string): SegmentFacts | undefined {
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
