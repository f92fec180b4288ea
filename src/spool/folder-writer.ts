import type { Counts } from "../base/counts.ts";
import { asError, wrongValue } from "../base/errors.ts";
import { errorCode } from "../base/files/file-system.ts";
import { DiskGuard, isFull } from "./disk-guard.ts";
import { type FolderPlace, type FolderSpoolOptions, nearWriterOf, placeOf } from "./instance/folder-place.ts";
import { OwnFolder } from "./instance/own-folder.ts";
import { OpenSegments } from "./open-segments.ts";
import type { SealedSegment, UnsealedSegment } from "./sealed-segments.ts";
import type { SeenRecords } from "./segment/seen-records.ts";
import { maxLabelBytes, maxRecordBytes } from "./segment/segment-format.ts";
import type {
  AppendResult,
  CompleteResult,
  DiskUse,
  NearFiles,
  NearSpoolWriter,
  OpenSegment,
  SyncResult,
  Tended,
} from "./spool-writer.ts";

/** What joins a writer with the recovery of what dead threads of its process had written. */
export interface WriterLinks {
  readonly seen: SeenRecords;
  /** Told each segment as it is sealed. */
  readonly onSealed: (segment: SealedSegment) => void;
}

const tooLarge: AppendResult = Object.freeze({ status: "too_large" });
const appended: AppendResult = Object.freeze({ status: "appended" });
const synced: SyncResult = Object.freeze({ status: "synced" });

/**
 * The writing half of a spool in a folder, alone, for a thread that hands over what it seals: another
 * thread's spool of the same folder and instance answers for it.
 */
export function createFolderWriter(options: FolderSpoolOptions): NearSpoolWriter {
  return new FolderWriter({ ...placeOf(options), writer: nearWriterOf(options.instance) });
}

/** Writes segments in a folder. Alone, without `links`, it remembers nothing of what it has sealed. */
export class FolderWriter implements NearSpoolWriter {
  readonly durable = true;
  readonly folder: OwnFolder;
  readonly guard: DiskGuard;
  readonly #open: OpenSegments;
  readonly #seen: SeenRecords | undefined;
  /** Sealed and not yet returned. */
  #sealed: SealedSegment[] = [];
  #closed = false;
  /** Bytes by which the files grew that nobody was told of. */
  #grownBytes = 0;

  constructor(place: FolderPlace, links?: WriterLinks) {
    this.#seen = links?.seen;
    this.guard = new DiskGuard(place);
    this.folder = new OwnFolder({
      ...place,
      onClaimed: ({ shared }) => {
        if (shared) this.#seen?.expectOwn();
      },
      onMoved: (claim) => this.#open.moveTo(claim),
    });
    this.#open = new OpenSegments({
      ...place,
      folder: this.folder,
      onGrowth: (bytes) => {
        this.#grownBytes += bytes;
        this.guard.grew(bytes);
      },
      onSealed: (segment) => {
        links?.onSealed(segment);
        this.#sealed.push(segment);
      },
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  append(label: string, record: Uint8Array, counts: Counts, sequence: number, share = 1): AppendResult {
    const misuse = misuseOf(label, counts, sequence, this.#closed);
    if (misuse !== undefined) return { status: "failed", error: misuse };
    if (record.byteLength > maxRecordBytes) return tooLarge;
    if (this.#seen?.isFound(sequence) === true) return appended;
    const refusal = this.guard.refusal(record.byteLength, share);
    if (refusal !== undefined) return refusal;
    try {
      this.folder.look();
      this.#appendOnce(label, record, counts, sequence);
      return appended;
    } catch (error) {
      return this.guard.failed(error);
    }
  }

  /** Throws the system's error. */
  #appendOnce(label: string, record: Uint8Array, counts: Counts, sequence: number): void {
    try {
      this.#open.append(label, record, counts, sequence);
    } catch (error) {
      // The label's segment is left alone now. It may have been that file only: one at its size limit, one
      // bad block.
      if (isFull(error)) throw error;
      this.#open.append(label, record, counts, sequence);
    }
    this.#seen?.appended(sequence);
  }

  sync(): SyncResult {
    if (this.#closed || this.folder.claim === undefined) return synced;
    try {
      this.folder.look();
      this.#open.sync();
      return synced;
    } catch (error) {
      return { status: "failed", error: asError(error) };
    }
  }

  seal(which: (segment: OpenSegment) => boolean = () => true): readonly SealedSegment[] {
    this.#open.seal(which);
    const sealed = this.#sealed;
    this.#sealed = [];
    return sealed.sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  }

  discard(label: string): void {
    this.#open.discard(label);
  }

  letGo(which: (segment: OpenSegment) => boolean = () => true): readonly UnsealedSegment[] {
    return this.#open.letGo(which);
  }

  changes(): NearFiles {
    const unsynced = this.#open.changed(false);
    const grownBytes = this.#grownBytes;
    this.#grownBytes = 0;
    return { unsynced, grownBytes };
  }

  follow(disk: DiskUse | undefined): void {
    // Nobody knows what a thread had synced that is gone.
    if (disk === undefined) this.#open.changed(true);
    this.guard.follow(disk);
  }

  complete(segment: UnsealedSegment): CompleteResult {
    try {
      this.#open.complete(segment);
      return { status: "sealed" };
    } catch (error) {
      return errorCode(error) === "ENOENT" ? { status: "gone" } : { status: "failed", error: asError(error) };
    }
  }

  tend({ unsynced, grownBytes }: NearFiles): Tended {
    this.guard.grew(grownBytes);
    const disk = this.guard.use();
    try {
      this.#open.syncFiles(unsynced);
      return { sync: synced, disk };
    } catch (error) {
      return { sync: { status: "failed", error: asError(error) }, disk };
    }
  }

  open(): readonly OpenSegment[] {
    return this.#open.list();
  }

  close(): void {
    if (this.#closed) return;
    this.sync();
    this.#closed = true;
    this.#open.close();
    this.folder.release();
  }
}

function misuseOf(label: string, counts: Counts, sequence: number, closed: boolean): Error | undefined {
  if (closed) return new Error("the spool is closed");
  // A UTF-16 unit is at most three bytes of UTF-8: the exact count is rarely needed.
  if (label.length * 3 > maxLabelBytes && Buffer.byteLength(label) > maxLabelBytes) {
    return wrongValue("append: label", `at most ${maxLabelBytes} UTF-8 bytes`, Buffer.byteLength(label));
  }
  const bad = [sequence, counts.frames, counts.rows, counts.bytes].find(
    (n) => !Number.isSafeInteger(n) || n < 0,
  );
  return bad === undefined
    ? undefined
    : wrongValue("append: sequence and counts", "whole numbers from 0 to 2^53 - 1", bad);
}
