import { dirname } from "node:path";
import { type Counts, noCounts, onlyCounts } from "../base/counts.ts";
import { type FileSystem, removeFile } from "../base/files/file-system.ts";
import {
  encodeRecordHeader,
  encodeSegmentHeader,
  encodeTrailer,
  padded,
  recordHeaderBytes,
  recordSeed,
  type SegmentHeader,
  type Totals,
  viewOf,
  noTotals,
} from "./segment/segment-format.ts";
import type { UnsealedSegment } from "./sealed-segments.ts";
import { scanRecords } from "./segment/segment-scan.ts";
import type { OpenSegment } from "./spool-writer.ts";

/** What a new segment is made from. */
export interface NewSegment {
  readonly fileSystem: FileSystem;
  readonly path: string;
  /** A name that the segment may use while it writes itself anew. */
  readonly temporary: string;
  readonly id: string;
  readonly instance: string;
  readonly label: string;
  readonly now: number;
  /** What another writer let go, to be completed: its file is there. */
  readonly unsealed?: UnsealedSegment;
}

// Reused from record to record; all segments of a thread are written one after another.
const recordHead = newRecordHead();
const zeros = new Uint8Array(8);
const paddings = Array.from({ length: 8 }, (_, size) => zeros.subarray(0, size));
// Without an empty part at the end, for which the system would be called once more.
const bare: Uint8Array[] = [recordHead.bytes, zeros];
const withPadding: Uint8Array[] = [recordHead.bytes, zeros, zeros];
const copyBytes = 256 * 1_024;

/** One segment being written. Every method throws the system's error, and can be called again after it. */
export class OpenSegmentFile implements OpenSegment {
  readonly id: string;
  readonly label: string;
  readonly createdAt: number;
  appendedAt: number;
  size: number;
  /** Where it is now. */
  path: string;
  readonly #fileSystem: FileSystem;
  readonly #header: SegmentHeader;
  readonly #temporary: string;
  #fd: number;
  #lastSequence = 0;
  /** Changed in place: nothing is allocated per record. */
  readonly #totals: { -readonly [K in keyof Totals]: Totals[K] } = { ...noTotals };
  /** Bytes that a power cut may still take. */
  #dirty = true;
  /** It has bytes that whoever syncs it in this object's place was not told of. */
  isChanged = true;
  /** The file may be longer than `size`. */
  #overlong = false;
  /**
   * A sync failed: the system may have thrown the unwritten pages away, so a second try would prove nothing.
   */
  #suspect = false;

  /** Creates the file, or opens that of `unsealed`. Leaves nothing behind when it throws. */
  constructor({ fileSystem, path, temporary, id, instance, label, now, unsealed }: NewSegment) {
    const { bytes, header } = encodeSegmentHeader({ id, instance, label, createdAt: now });
    this.#fileSystem = fileSystem;
    this.#header = header;
    this.#temporary = temporary;
    this.id = id;
    this.label = label;
    this.createdAt = now;
    this.appendedAt = now;
    this.path = path;
    this.#fd = fileSystem.open(path, unsealed === undefined ? "create" : "update");
    this.size = unsealed?.size ?? 2 * bytes.length;
    if (unsealed !== undefined) {
      const { counts, records, lastSequence } = unsealed;
      Object.assign(this.#totals, counts, { records });
      this.#lastSequence = lastSequence;
      this.#overlong = true;
      return;
    }
    try {
      fileSystem.write(this.#fd, [bytes, bytes], 0);
    } catch (error) {
      this.close();
      removeFile(fileSystem, path);
      throw error;
    }
  }

  get counts(): Counts {
    return onlyCounts(this.#totals);
  }

  get records(): number {
    return this.#totals.records;
  }

  /** Lets it go: another writer is to complete it, and this object is of no use any more. */
  letGo(): UnsealedSegment {
    this.close();
    const { id, path, label, createdAt, size, counts, records } = this;
    const segment = { id, directory: dirname(path), label, createdAt, size, counts, recovered: false };
    return { ...segment, path, records, lastSequence: this.#lastSequence };
  }

  /** After it threw, nothing more may be appended: the file can still be synced and sealed. */
  append(record: Uint8Array, counts: Counts, sequence: number, now: number): void {
    encodeRecordHeader(
      recordHead,
      "data",
      record,
      sequence,
      counts,
      this.#totals,
      recordSeed(this.size, this.#header),
    );
    const padding = padded(record.byteLength) - record.byteLength;
    const parts = padding === 0 ? bare : withPadding;
    parts[1] = record;
    if (padding > 0) parts[2] = paddings[padding] ?? zeros;
    try {
      this.#fileSystem.write(this.#fd, parts, this.size);
    } catch (error) {
      this.#overlong = true;
      this.#cut();
      throw error;
    } finally {
      parts[1] = zeros;
    }
    this.size += recordHeaderBytes + padded(record.byteLength);
    this.appendedAt = now;
    this.#totals.frames += counts.frames;
    this.#totals.rows += counts.rows;
    this.#totals.bytes += counts.bytes;
    this.#totals.records++;
    this.#lastSequence = Math.max(this.#lastSequence, sequence);
    this.#dirty = true;
    this.isChanged = true;
  }

  /**
   * Makes what was appended survive a power cut; after an error it is first written anew, to a fresh file.
   */
  sync(): void {
    if (!this.#dirty) return;
    if (this.#suspect) this.#rewrite();
    else this.#syncOrRewrite();
  }

  /**
   * Writes the footer if there is room for it, syncs, and moves the file to `path`. Afterwards only `close`
   * is allowed.
   */
  seal(path: string): void {
    const end = this.size;
    if (this.#overlong) this.#fileSystem.truncate(this.#fd, end);
    this.#overlong = true;
    try {
      const parts = footer(this.#header, end, this.#totals, this.#lastSequence);
      this.#fileSystem.write(this.#fd, parts, end);
      this.size = end + parts.reduce((sum, part) => sum + part.length, 0);
      this.#overlong = false;
    } catch {
      // No room for a footer: the records count without it, and sealing is what makes room.
      this.#fileSystem.truncate(this.#fd, end);
      this.#overlong = false;
    }
    try {
      this.#dirty = true;
      this.sync();
      this.#fileSystem.rename(this.path, path);
    } catch (error) {
      this.size = end;
      this.#overlong = true;
      throw error;
    }
    this.path = path;
  }

  /**
   * Appends to `target` every record that can be read back through the descriptor, even if the file has lost
   * its name.
   */
  copyTo(target: OpenSegmentFile): void {
    const file = { fileSystem: this.#fileSystem, fd: this.#fd, size: this.size };
    for (const item of scanRecords(file, this.#header, "lent")) {
      if (item.kind !== "record" || item.bytes === undefined) continue;
      target.append(item.bytes, item.header.counts, item.header.sequence, this.appendedAt);
    }
  }

  close(): void {
    if (this.#fd >= 0) closeQuietly(this.#fileSystem, this.#fd);
    this.#fd = -1;
  }

  #syncOrRewrite(): void {
    try {
      this.#fileSystem.datasync(this.#fd);
      this.#dirty = false;
    } catch {
      this.#suspect = true;
      this.#rewrite();
    }
  }

  /**
   * Into a fresh file that takes this one's name; what the system still shows of this one is what was
   * written.
   */
  #rewrite(): void {
    const fileSystem = this.#fileSystem;
    const temporary = this.#temporary;
    const fd = fileSystem.open(temporary, "create");
    try {
      const buffer = new Uint8Array(Math.min(copyBytes, this.size));
      for (let at = 0; at < this.size; ) {
        const part = buffer.subarray(0, Math.min(buffer.length, this.size - at));
        const got = fileSystem.read(this.#fd, part, at);
        if (got === 0) throw new Error(`${this.path} is shorter than what was written to it`);
        fileSystem.write(fd, [part.subarray(0, got)], at);
        at += got;
      }
      fileSystem.datasync(fd);
      fileSystem.rename(temporary, this.path);
    } catch (error) {
      closeQuietly(fileSystem, fd);
      removeFile(fileSystem, temporary);
      throw error;
    }
    closeQuietly(fileSystem, this.#fd);
    this.#fd = fd;
    this.#dirty = false;
    this.#suspect = false;
    this.#overlong = false;
  }

  #cut(): void {
    try {
      this.#fileSystem.truncate(this.#fd, this.size);
      this.#overlong = false;
    } catch {
      // Tried again when the segment is sealed; until then a reader sees a torn tail.
    }
  }
}

/** The footer and the trailer of a segment whose records end at `end`, ready to be written there. */
export function footer(
  header: SegmentHeader,
  end: number,
  totals: Totals,
  lastSequence: number,
): Uint8Array[] {
  const { bytes: payload } = encodeSegmentHeader(header);
  const head = newRecordHead();
  encodeRecordHeader(head, "footer", payload, lastSequence, noCounts, totals, recordSeed(end, header));
  return [head.bytes, payload, encodeTrailer(end)];
}

/**
 * Closes a descriptor whose last write was already checked by a sync, so that an error here says nothing new.
 */
export function closeQuietly(fileSystem: FileSystem, fd: number): void {
  try {
    fileSystem.close(fd);
  } catch {
    // The descriptor is gone either way.
  }
}

function newRecordHead(): { readonly bytes: Uint8Array; readonly view: DataView } {
  const bytes = new Uint8Array(recordHeaderBytes);
  return { bytes, view: viewOf(bytes) };
}
