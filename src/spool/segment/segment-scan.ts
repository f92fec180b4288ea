import { crc32 } from "../../base/checksum.ts";
import { addCounts, subtractCounts } from "../../base/counts.ts";
import type { FileSystem } from "../../base/files/file-system.ts";
import {
  decodeRecordHeader,
  decodeSegmentHeader,
  decodeTrailer,
  maxHeadersBytes,
  padded,
  recordHeaderBytes,
  recordMagic,
  type RecordHeader,
  recordSeed,
  type SegmentHeader,
  trailerBytes,
  type Totals,
  noTotals,
} from "./segment-format.ts";
import type { RecordMemory } from "../sealed-segments.ts";

/** An open file to scan. `size` is fixed at the start: what grows later is not looked at. */
export interface ScannedFile {
  readonly fileSystem: FileSystem;
  readonly fd: number;
  readonly size: number;
}

/** A segment's header and where its records begin, or why there is none. */
export type HeaderResult =
  | { readonly status: "ok"; readonly header: SegmentHeader; readonly start: number }
  /** Written by a later version. */
  | { readonly status: "unknown" }
  | { readonly status: "unreadable" };

/** What a scan comes upon, in the order of the file. */
export type ScanItem =
  /** A good record, whose bytes are `at` this place of the file; `bytes` only if they were asked for. */
  | {
      readonly kind: "record";
      readonly header: RecordHeader;
      readonly at: number;
      readonly bytes: Uint8Array | undefined;
    }
  /** Records that are lost here, exactly this many. */
  | { readonly kind: "damage"; readonly lost: Totals; readonly detail: string }
  /** About a MiB was read since the last pause: a chance to let others run. */
  | { readonly kind: "pause" };

/** How a scan ended. */
export interface ScanEnd {
  /** Where the last good record ends: the file may be cut here and appended to. */
  readonly end: number;
  /** The totals a footer must state if it is written at `end`: good and lost records alike. */
  readonly totals: Totals;
  readonly lastSequence: number;
  /** There was a good footer, so `totals` are known to be complete. */
  readonly complete: boolean;
  /** Bytes after `end` that are neither a record nor a footer. */
  readonly tornBytes: number;
}

const windowBytes = 256 * 1_024;
const pauseBytes = 1_024 * 1_024;

/** Finds the segment's header: either copy at the start, or the one in the footer. */
export function readSegmentHeader(file: ScannedFile): HeaderResult {
  const head = readAt(file, 0, Math.min(maxHeadersBytes, file.size));
  let unknown = false;
  // Copy B lies where copy A, whose label length may be damaged, would end: at its own size.
  for (let at = 0; at < head.length; at += 8) {
    const header = decodeSegmentHeader(head.subarray(at));
    if (header === "unknown") unknown = true;
    else if (header !== "bad" && (at === 0 || at === header.size))
      return { status: "ok", header, start: 2 * header.size };
  }
  if (unknown) return { status: "unknown" };
  const footer = decodeTrailer(readAt(file, Math.max(0, file.size - trailerBytes), trailerBytes));
  if (footer !== undefined && footer < file.size) {
    const at = footer + recordHeaderBytes;
    const header = decodeSegmentHeader(readAt(file, at, Math.max(0, file.size - trailerBytes - at)));
    if (typeof header === "object") return { status: "ok", header, start: 2 * header.size };
  }
  return { status: "unreadable" };
}

/**
 * Walks over a segment's records. Ends on any bytes, in time proportional to the file, with at most one
 * record in memory, or with the whole file in memory that was given. `memory` says whether each record comes
 * with its bytes, and where these are.
 */
export function* scanRecords(
  file: ScannedFile,
  header: SegmentHeader,
  memory: RecordMemory | "none",
): Generator<ScanItem, ScanEnd, undefined> {
  const whole = typeof memory === "function" ? memory(file.size).subarray(0, file.size) : undefined;
  const window = new Window(file, whole);
  let offset = 2 * header.size;
  let end = Math.min(offset, file.size);
  let totals = noTotals;
  let lastSequence = 0;
  let sincePause = 0;
  const finish = (complete: boolean, after = end): ScanEnd => ({
    end,
    totals,
    lastSequence,
    complete,
    tornBytes: complete ? 0 : Math.max(0, file.size - after),
  });

  while (offset + recordHeaderBytes <= file.size) {
    const head = window.exact(offset, recordHeaderBytes);
    const seed = recordSeed(offset, header);
    const record = head && decodeRecordHeader(head, seed);
    if (record === undefined || isBefore(record.before, totals)) {
      const next = window.indexOfMagic(offset + 8);
      sincePause += next - offset;
      offset = next;
    } else {
      if (record.before.records > totals.records) {
        yield {
          kind: "damage",
          lost: minus(record.before, totals),
          detail: `unreadable before byte ${offset}`,
        };
        totals = record.before;
      }
      const payloadAt = offset + recordHeaderBytes;
      if (record.kind === "footer") {
        lastSequence = Math.max(lastSequence, record.sequence);
        return finish(true);
      }
      if (payloadAt + record.length > file.size) return finish(false);
      const bytes = memory === "none" ? undefined : window.payload(payloadAt, record.length, memory);
      const good =
        memory === "none"
          ? yield* window.checksum(payloadAt, record.length, seed, record.payloadCrc)
          : bytes !== undefined && crc32(bytes, seed) === record.payloadCrc;
      const one: Totals = { ...record.counts, records: 1 };
      totals = plus(totals, one);
      lastSequence = Math.max(lastSequence, record.sequence);
      if (good) yield { kind: "record", header: record, at: payloadAt, bytes };
      else
        yield {
          kind: "damage",
          lost: one,
          detail: `record ${record.sequence} at byte ${offset} has a wrong checksum`,
        };
      const next = padded(payloadAt + record.length);
      sincePause += next - offset;
      offset = next;
      end = next;
    }
    if (sincePause >= pauseBytes) {
      sincePause = 0;
      yield { kind: "pause" };
    }
  }
  return finish(false);
}

function plus(a: Totals, b: Totals): Totals {
  return { ...addCounts(a, b), records: a.records + b.records };
}

function minus(a: Totals, b: Totals): Totals {
  return { ...subtractCounts(a, b), records: a.records - b.records };
}

/** A header that claims fewer records before it than were already seen is not of this place. */
function isBefore(a: Totals, b: Totals): boolean {
  return a.records < b.records || a.frames < b.frames || a.rows < b.rows || a.bytes < b.bytes;
}

function readAt({ fileSystem, fd }: ScannedFile, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, fileSystem.read(fd, bytes, position));
}

/** Whether a file has no bytes but zeros: what a crash before the first write leaves. */
export function* scanZeros(file: ScannedFile): Generator<ScanItem, boolean, undefined> {
  // A big file that takes no room is one hole. Small ones may be kept inside the volume's own tables.
  if (file.size > pauseBytes && file.fileSystem.stat(file.fd).allocated === 0) return true;
  const zeros = new Uint8Array(Math.min(file.size, pauseBytes));
  for (let at = 0; at < file.size; at += zeros.length) {
    const part = readAt(file, at, Math.min(zeros.length, file.size - at));
    if (Buffer.compare(part, zeros.subarray(0, part.length)) !== 0) return false;
    yield { kind: "pause" };
  }
  return true;
}

/**
 * Reads a file in big pieces, whatever the order of small requests; or at once, into memory for all of it.
 */
class Window {
  readonly #file: ScannedFile;
  readonly #whole: Uint8Array | undefined;
  readonly #buffer: Buffer;
  #lent: Uint8Array = new Uint8Array(0);
  #start = 0;
  #length = 0;

  constructor(file: ScannedFile, whole: Uint8Array | undefined) {
    this.#file = file;
    this.#whole = whole;
    if (whole === undefined) {
      this.#buffer = Buffer.allocUnsafe(Math.min(windowBytes, Math.max(recordHeaderBytes, file.size)));
      return;
    }
    this.#buffer = Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength);
    this.#fill(0);
  }

  /** A record's payload, in memory as it was asked for; undefined if the file ends before. */
  payload(offset: number, length: number, memory: RecordMemory): Uint8Array | undefined {
    if (this.#whole !== undefined) {
      return offset + length <= this.#length ? this.#whole.subarray(offset, offset + length) : undefined;
    }
    if (memory === "lent" && this.#lent.length < length) this.#lent = new Uint8Array(length * 2);
    const bytes = memory === "lent" ? this.#lent.subarray(0, length) : new Uint8Array(length);
    const { fileSystem, fd } = this.#file;
    return fileSystem.read(fd, bytes, offset) === length ? bytes : undefined;
  }

  /** `length` bytes at `offset`, valid until the next call; undefined if the file ends before. */
  exact(offset: number, length: number): Uint8Array | undefined {
    // A whole file is read once: what was handed out of it stays where it is, though the file has become
    // shorter.
    const held = offset >= this.#start && offset + length <= this.#start + this.#length;
    if (!held && this.#whole === undefined) this.#fill(offset);
    const from = offset - this.#start;
    return from + length <= this.#length ? this.#buffer.subarray(from, from + length) : undefined;
  }

  /**
   * The next multiple of 8 at or after `offset` that begins like a record, or where the window or the file
   * ends.
   */
  indexOfMagic(offset: number): number {
    if (this.exact(offset, recordHeaderBytes) === undefined) return this.#file.size;
    let from = offset - this.#start;
    for (;;) {
      const found = this.#buffer.subarray(0, this.#length).indexOf(recordMagic, from);
      if (found < 0) break;
      if ((this.#start + found) % 8 === 0) return this.#start + found;
      from = found + 1;
    }
    // The last bytes of the window may be the start of a record that goes on behind it.
    const last = padded(this.#start + this.#length - recordHeaderBytes);
    return Math.max(last, offset);
  }

  *checksum(
    offset: number,
    length: number,
    seed: number,
    expected: number,
  ): Generator<ScanItem, boolean, undefined> {
    let crc = seed;
    for (let at = 0, sincePause = 0; at < length; ) {
      if (sincePause >= pauseBytes) {
        sincePause = 0;
        yield { kind: "pause" };
      }
      if (offset + at < this.#start || offset + at >= this.#start + this.#length) this.#fill(offset + at);
      const from = offset + at - this.#start;
      const part = this.#buffer.subarray(from, Math.min(this.#length, from + length - at));
      if (part.length === 0) return false;
      crc = crc32(part, crc);
      at += part.length;
      sincePause += part.length;
    }
    return crc === expected;
  }

  #fill(offset: number): void {
    const room = Math.min(this.#buffer.length, Math.max(0, this.#file.size - offset));
    this.#start = offset;
    this.#length = this.#file.fileSystem.read(this.#file.fd, this.#buffer.subarray(0, room), offset);
  }
}
