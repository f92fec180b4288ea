import { dirname, join } from "node:path";
import type { Counts } from "../base/counts.ts";
import type { Clock } from "../base/time/clock.ts";
import { errorCode, type FileSystem, removeFile } from "../base/files/file-system.ts";
import { type Ids, uuidHex } from "../base/ids.ts";
import type { InstanceClaim } from "./instance/instance-claim.ts";
import { closeQuietly, OpenSegmentFile } from "./open-segment-file.ts";
import type { OwnFolder } from "./instance/own-folder.ts";
import { openName, sealedName } from "./segment/segment-name.ts";
import type { SealedSegment, UnsealedSegment } from "./sealed-segments.ts";
import type { OpenSegment } from "./spool-writer.ts";

/** What {@link OpenSegments} needs. */
export interface OpenSegmentsOptions {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly instance: string;
  readonly folder: OwnFolder;
  readonly maxOpen: number;
  /** Told how many bytes the files grew, or with a negative number shrank. */
  readonly onGrowth: (bytes: number) => void;
  /** Told each segment as it is sealed, also of those that are sealed to make room. */
  readonly onSealed: (segment: SealedSegment) => void;
}

/** The segments that one thread is writing. */
export class OpenSegments {
  readonly #options: OpenSegmentsOptions;
  /** Those that take records, by label. */
  readonly #current = new Map<string, OpenSegmentFile>();
  /** All of them, the longest-rested first. */
  readonly #unsealed = new Set<OpenSegmentFile>();
  /** Folders whose entries may not survive a power cut. */
  readonly #unsynced = new Set<string>();

  constructor(options: OpenSegmentsOptions) {
    this.#options = options;
  }

  /** Appends to the label's segment. Throws the system's error; the record is then not there. */
  append(label: string, record: Uint8Array, counts: Counts, sequence: number): void {
    const { clock, onGrowth } = this.#options;
    const segment = this.#current.get(label) ?? this.#open(label);
    const before = segment.size;
    try {
      segment.append(record, counts, sequence, clock.now());
    } catch (error) {
      this.#current.delete(label);
      throw error;
    }
    onGrowth(segment.size - before);
    this.#unsealed.delete(segment);
    this.#unsealed.add(segment);
  }

  /** Makes all of it survive a power cut. Throws the last error, after trying everything. */
  sync(): void {
    let failure: unknown;
    for (const action of [
      ...[...this.#unsealed].map((segment) => () => segment.sync()),
      () => this.#syncFolders(),
    ]) {
      try {
        action();
      } catch (error) {
        failure = error;
      }
    }
    if (failure !== undefined) throw failure;
  }

  /** Seals those that `which` picks. */
  seal(which: (segment: OpenSegment) => boolean): void {
    const { folder } = this.#options;
    // If the folder turns out to be lost, the segments are others now, in another folder: once more.
    for (let pass = 0, claim = folder.claim; pass === 0 || (pass === 1 && folder.claim !== claim); pass++) {
      for (const segment of [...this.#unsealed].filter(which)) {
        if (this.#unsealed.has(segment)) this.#seal(segment);
      }
    }
    try {
      this.#syncFolders();
    } catch {
      // They stay on the list for the next sync, which reports it.
    }
  }

  /** Removes the segments of a label: that which takes records, and those that were left alone. */
  discard(label: string): void {
    for (const segment of [...this.#unsealed]) if (segment.label === label) this.#remove(segment);
  }

  /** Lets those go that `which` picks, for another thread to complete. */
  letGo(which: (segment: OpenSegment) => boolean): UnsealedSegment[] {
    const picked = [...this.#unsealed].filter((segment) => which(segment) && !this.#removeEmpty(segment));
    return picked.map((segment) => {
      this.#forget(segment);
      return segment.letGo();
    });
  }

  /** Seals a segment that another thread let go, in the folder where it is. Throws the system's error. */
  complete(unsealed: UnsealedSegment): void {
    const { fileSystem, instance, folder, onGrowth, onSealed } = this.#options;
    const { id, directory, path, label, createdAt, counts } = unsealed;
    const temporary = folder.temporary(directory);
    const about = { fileSystem, path, temporary, id, instance, label, now: createdAt };
    const segment = new OpenSegmentFile({ ...about, unsealed });
    try {
      segment.seal(join(directory, sealedName(id, 0)));
    } finally {
      segment.close();
    }
    this.#unsynced.add(directory);
    onGrowth(segment.size - unsealed.size);
    onSealed({ id, directory, label, createdAt, size: segment.size, counts, recovered: false });
    try {
      this.#syncFolders();
    } catch {
      // They stay on the list for the next sync, which reports it.
    }
  }

  /** The files with records that were not told before; `again`: all of them. */
  changed(again: boolean): string[] {
    const changed = [...this.#unsealed].filter(({ isChanged }) => isChanged || again);
    for (const segment of changed) segment.isChanged = again;
    return changed.map(({ path }) => path);
  }

  /**
   * Makes another thread's files survive a power cut, and what is in their folders. Throws the last error.
   */
  syncFiles(paths: readonly string[]): void {
    const { fileSystem } = this.#options;
    let failure: unknown;
    for (const path of paths) {
      try {
        const fd = fileSystem.open(path, "update");
        try {
          fileSystem.datasync(fd);
        } finally {
          closeQuietly(fileSystem, fd);
        }
        this.#unsynced.add(dirname(path));
      } catch (error) {
        // It was let go meanwhile, or its folder is lost, which its writer notices.
        if (errorCode(error) !== "ENOENT") failure = error;
      }
    }
    this.#syncFolders();
    if (failure !== undefined) throw failure;
  }

  list(): readonly OpenSegmentFile[] {
    return [...this.#unsealed];
  }

  /** Writes all segments anew in the claim's folder, because theirs is lost. */
  moveTo(claim: InstanceClaim): void {
    for (const segment of [...this.#unsealed]) {
      try {
        this.#replace(segment, claim);
      } catch {
        // Its descriptor still shows everything; sealing tries again.
      }
    }
  }

  close(): void {
    for (const segment of this.#unsealed) segment.close();
    this.#unsealed.clear();
    this.#current.clear();
  }

  #open(label: string): OpenSegmentFile {
    for (const rested of [...this.#unsealed]) {
      if (this.#unsealed.size < this.#options.maxOpen) break;
      this.#seal(rested);
    }
    if (this.#unsealed.size >= this.#options.maxOpen) {
      throw Object.assign(new Error("no segment can be sealed to open another"), { code: "EMFILE" });
    }
    const now = this.#options.clock.now();
    let segment: OpenSegmentFile;
    try {
      segment = this.#create(label, this.#options.folder.claimed(), now);
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
      segment = this.#create(label, this.#options.folder.relocate(), now);
    }
    this.#current.set(label, segment);
    this.#unsealed.add(segment);
    return segment;
  }

  #create(label: string, { directory, writer }: InstanceClaim, now: number): OpenSegmentFile {
    const { fileSystem, ids, instance, folder, onGrowth } = this.#options;
    const id = uuidHex(ids);
    const path = join(directory, openName(id, writer));
    const temporary = folder.temporary(directory);
    const segment = new OpenSegmentFile({ fileSystem, path, temporary, id, instance, label, now });
    this.#unsynced.add(directory);
    onGrowth(segment.size);
    return segment;
  }

  /**
   * The records in a new segment, under a new id: somebody who took the lost folder over may deliver them
   * under the old one, and two files of one name with different contents would be a conflict.
   */
  #replace(segment: OpenSegmentFile, claim: InstanceClaim): OpenSegmentFile {
    if (dirname(segment.path) === claim.directory) return segment;
    const { fileSystem } = this.#options;
    const copy = this.#create(segment.label, claim, segment.createdAt);
    try {
      segment.copyTo(copy);
      copy.sync();
    } catch (error) {
      copy.close();
      removeFile(fileSystem, copy.path);
      throw error;
    }
    segment.close();
    removeFile(fileSystem, segment.path);
    this.#unsealed.delete(segment);
    this.#unsealed.add(copy);
    if (this.#current.get(segment.label) === segment) this.#current.set(segment.label, copy);
    return copy;
  }

  /** One that holds nothing is removed; one that the disk does not let it seal stays open. */
  #seal(rested: OpenSegmentFile): void {
    const { folder, onGrowth, onSealed } = this.#options;
    if (this.#current.get(rested.label) === rested) this.#current.delete(rested.label);
    if (this.#removeEmpty(rested)) return;
    let segment = rested;
    let directory: string;
    const before = segment.size;
    try {
      ({ directory } = folder.claimed());
      segment = this.#replace(rested, folder.claimed());
      segment.seal(join(directory, sealedName(segment.id, 0)));
    } catch (error) {
      if (errorCode(error) === "ENOENT") this.#tryRelocate();
      return;
    }
    segment.close();
    this.#unsealed.delete(segment);
    this.#unsynced.add(directory);
    onGrowth(segment.size - before);
    const { id, label, createdAt, size, counts } = segment;
    onSealed({ id, directory, label, createdAt, size, counts, recovered: false });
  }

  /** True if it held nothing, and is gone. */
  #removeEmpty(segment: OpenSegmentFile): boolean {
    if (segment.records > 0) return false;
    this.#remove(segment);
    return true;
  }

  #remove(segment: OpenSegmentFile): void {
    const { fileSystem, onGrowth } = this.#options;
    segment.close();
    removeFile(fileSystem, segment.path);
    this.#forget(segment);
    onGrowth(-segment.size);
  }

  #forget(segment: OpenSegmentFile): void {
    this.#unsealed.delete(segment);
    if (this.#current.get(segment.label) === segment) this.#current.delete(segment.label);
  }

  #tryRelocate(): void {
    try {
      this.#options.folder.relocate();
    } catch {
      // The next look tries again.
    }
  }

  #syncFolders(): void {
    for (const folder of this.#unsynced) {
      try {
        this.#options.fileSystem.syncDirectory(folder);
      } catch (error) {
        // A lost folder is noticed elsewhere; its segments move.
        if (errorCode(error) !== "ENOENT") throw error;
      }
      this.#unsynced.delete(folder);
    }
  }
}
