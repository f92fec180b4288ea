import type { FileSystem } from "../../base/files/file-system.ts";
import { onNextTurn } from "../../base/time/clock.ts";
import { closeQuietly } from "../open-segment-file.ts";
import type { JoinedRecords } from "../sealed-segments.ts";
import { readSegmentHeader, scanRecords } from "./segment-scan.ts";

/** Where a record's bytes are in its file. */
interface Place {
  readonly at: number;
  readonly length: number;
}

const chunkBytes = 256 * 1_024;

/**
 * Joins the records of a segment's file; `locate` gives the file's path, which may change meanwhile.
 * Undefined if the file has no readable header, no record, or a damaged one. Throws the system's error.
 */
export async function joinRecords(
  fileSystem: FileSystem,
  locate: () => string,
): Promise<JoinedRecords | undefined> {
  const places = await placesIn(fileSystem, locate());
  const last = places?.pop();
  if (places === undefined || last === undefined) return undefined;
  const size = places.reduce((sum, { length }) => sum + length, 0);
  const fd = fileSystem.open(locate(), "read");
  try {
    return {
      size,
      last: bytesAt(fileSystem, fd, last),
      async *open(start = 0, end = size) {
        yield* bytesIn(fileSystem, locate(), places, start, end);
      },
    };
  } finally {
    closeQuietly(fileSystem, fd);
  }
}

/** The records of a file, each of which is good. */
async function placesIn(fileSystem: FileSystem, path: string): Promise<Place[] | undefined> {
  const fd = fileSystem.open(path, "read");
  try {
    const file = { fileSystem, fd, size: fileSystem.stat(fd).size };
    const head = readSegmentHeader(file);
    if (head.status !== "ok") return undefined;
    const places: Place[] = [];
    for (const item of scanRecords(file, head.header, "none")) {
      if (item.kind === "damage") return undefined;
      if (item.kind === "pause") await new Promise<void>(onNextTurn);
      else places.push({ at: item.at, length: item.header.length });
    }
    return places;
  } finally {
    closeQuietly(fileSystem, fd);
  }
}

function* bytesIn(
  fileSystem: FileSystem,
  path: string,
  places: readonly Place[],
  start: number,
  end: number,
): Generator<Uint8Array, void, undefined> {
  const fd = fileSystem.open(path, "read");
  const chunk = new Uint8Array(Math.min(chunkBytes, Math.max(0, end - start)));
  try {
    let before = 0;
    for (const { at, length } of places) {
      const last = Math.min(length, end - before);
      for (let from = Math.max(0, start - before); from < last; from += chunk.length) {
        const part = chunk.subarray(0, Math.min(chunk.length, last - from));
        if (fileSystem.read(fd, part, at + from) !== part.length)
          throw new Error(`${path} has become shorter`);
        yield part;
      }
      before += length;
      if (before >= end) return;
    }
  } finally {
    closeQuietly(fileSystem, fd);
  }
}

function bytesAt(fileSystem: FileSystem, fd: number, { at, length }: Place): Uint8Array {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, fileSystem.read(fd, bytes, at));
}
