import { uuidHex } from "../base/ids.ts";
import { join } from "node:path";
import { errorCode, type FileSystem, listIfReadable, removeFile } from "../base/files/file-system.ts";
import { freezeBody, verifyBody } from "./frozen-body.ts";
import type { FolderWriter } from "./folder-writer.ts";
import type { FolderPlace } from "./instance/folder-place.ts";
import { removeFolderIfIdle } from "./instance/instance-claim.ts";
import { OpenSegmentFile } from "./open-segment-file.ts";
import type { OwnFolder } from "./instance/own-folder.ts";
import type { Quarantine } from "./quarantine.ts";
import type { Found } from "./recovery/recover-file.ts";
import { SpoolRecovery } from "./recovery/spool-recovery.ts";
import { joinRecords } from "./segment/joined-records.ts";
import { readRecords } from "./segment/segment-file-reader.ts";
import { parseSegmentName, sealedName } from "./segment/segment-name.ts";
import type {
  FrozenBody,
  JoinedRecords,
  RecordMemory,
  SealedSegment,
  SealedSegments,
  SpoolLoss,
  SpoolRecord,
} from "./sealed-segments.ts";
import type { SeenRecords } from "./segment/seen-records.ts";

/** What {@link FolderSealedSegments} needs. */
export interface FolderSealedOptions {
  readonly place: FolderPlace;
  readonly writer: FolderWriter;
  readonly quarantine: Quarantine;
  readonly seen: SeenRecords;
}

/** What is known of a segment beside the segment itself. */
interface Held {
  readonly segment: SealedSegment;
  name: string;
  attempts: number;
  progress: number;
  body: string | undefined;
  /** Frozen bytes that the disk had no room for. */
  inMemory: FrozenBody | undefined;
}

/** The sealed segments that this spool answers for, and the one place that knows the names of their files. */
export class FolderSealedSegments implements SealedSegments {
  readonly durable = true;
  readonly #options: FolderSealedOptions;
  readonly #fileSystem: FileSystem;
  readonly #folder: OwnFolder;
  readonly #recovery: SpoolRecovery;
  readonly #held = new Map<string, Held>();

  constructor(options: FolderSealedOptions) {
    const { place, writer, quarantine, seen } = options;
    this.#options = options;
    this.#fileSystem = place.fileSystem;
    this.#folder = writer.folder;
    this.#recovery = new SpoolRecovery({
      ...{ ...place, quarantine, seen },
      folder: writer.folder,
      isClosed: () => writer.closed,
      isKnown: (id) => this.#held.has(id),
      onFound: (found) => this.#add(found),
    });
  }

  /** The writer sealed a segment. */
  sealed(segment: SealedSegment): void {
    this.#add({ segment, name: sealedName(segment.id, 0), body: undefined, attempts: 0, progress: 0 });
  }

  recover(onLoss: (loss: SpoolLoss) => void): AsyncIterable<SealedSegment> {
    return this.#recovery.recover(onLoss);
  }

  list(): readonly SealedSegment[] {
    return Array.from(this.#held.values(), ({ segment }) => segment);
  }

  read(segment: SealedSegment, memory?: RecordMemory): Generator<SpoolRecord, void, undefined> {
    return readRecords(this.#fileSystem, this.#locate(segment), memory);
  }

  joined(segment: SealedSegment): Promise<JoinedRecords | undefined> {
    return joinRecords(this.#fileSystem, () => this.#locate(segment));
  }

  attempt(segment: SealedSegment): number {
    return this.#count(segment, 1);
  }

  forgive(segment: SealedSegment): void {
    this.#count(segment, -1);
  }

  advance(segment: SealedSegment, progress: number): void {
    this.#hold(segment).progress = progress;
    this.#rename(segment);
  }

  progress(segment: SealedSegment): number {
    return this.#hold(segment).progress;
  }

  #count(segment: SealedSegment, more: 1 | -1): number {
    this.#hold(segment).attempts += more;
    this.#rename(segment);
    return this.attempts(segment);
  }

  /** Gives a segment's file the name that says what is known of it. */
  #rename(segment: SealedSegment): void {
    const held = this.#hold(segment);
    const from = this.#locate(segment);
    const name = sealedName(segment.id, held.attempts, held.progress);
    try {
      this.#fileSystem.rename(from, join(segment.directory, name));
      held.name = name;
    } catch {
      // Known in memory at least; reading the segment will tell what is wrong.
    }
  }

  attempts(segment: SealedSegment): number {
    return this.#hold(segment).attempts;
  }

  async freeze(segment: SealedSegment, body: AsyncIterable<Uint8Array>): Promise<FrozenBody> {
    const earlier = this.frozen(segment);
    if (earlier !== undefined) return earlier;
    const { directory, id } = segment;
    const temporary = this.#folder.temporary(directory);
    const frozen = await freezeBody({ fileSystem: this.#fileSystem, directory, id, temporary }, body);
    const held = this.#hold(segment);
    held.body = frozen.name;
    held.inMemory = frozen.name === undefined ? frozen.body : undefined;
    if (frozen.name !== undefined) this.#options.writer.guard.grew(frozen.body.size);
    return frozen.body;
  }

  frozen(segment: SealedSegment): FrozenBody | undefined {
    const held = this.#hold(segment);
    if (held.inMemory !== undefined) return held.inMemory;
    if (held.body === undefined) return undefined;
    try {
      const body = verifyBody(this.#fileSystem, segment.directory, segment.id, held.body);
      if (body !== undefined) return body;
      removeFile(this.#fileSystem, join(segment.directory, held.body));
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
    }
    held.body = undefined;
    return undefined;
  }

  release(segment: SealedSegment): void {
    const held = this.#hold(segment);
    removeFile(this.#fileSystem, this.#locate(segment));
    this.#forget(segment, held);
  }

  quarantine(segment: SealedSegment, reason: string): void {
    const held = this.#hold(segment);
    const { id, label, counts } = segment;
    try {
      this.#options.quarantine.take(this.#locate(segment), { id, label, reason, counts });
    } catch (error) {
      if (errorCode(error) !== "ENOENT") {
        // Left where it is: the next process finds it again and comes to its own conclusion.
        this.#held.delete(id);
        return;
      }
    }
    this.#forget(segment, held);
  }

  quarantineRecord(segment: SealedSegment, record: SpoolRecord, reason: string): void {
    const { fileSystem, ids, instance } = this.#options.place;
    const { directory, label, createdAt } = segment;
    const [path, temporary, sealed] = [0, 1, 2].map(() => this.#folder.temporary(directory)) as [
      string,
      string,
      string,
    ];
    try {
      const id = uuidHex(ids);
      const copy = new OpenSegmentFile({
        fileSystem,
        path,
        temporary,
        id,
        instance,
        label,
        now: createdAt,
      });
      try {
        copy.append(record.bytes, record.counts, record.sequence, createdAt);
        copy.seal(sealed);
        this.#options.quarantine.take(sealed, { id, label, reason, counts: record.counts });
      } finally {
        copy.close();
        removeFile(fileSystem, copy.path);
      }
    } catch {
      // A copy for people to look at, and there is no room for it.
    }
  }

  #add({ segment, name, body, attempts, progress }: Found): void {
    this.#held.set(segment.id, { segment, name, attempts, progress, body, inMemory: undefined });
  }

  /** What is known of a segment; of one that another thread's spool sealed, what its folder shows. */
  #hold(segment: SealedSegment): Held {
    const known = this.#held.get(segment.id);
    if (known !== undefined) return known;
    const { id, directory } = segment;
    const held: Held = {
      segment,
      name: sealedName(id, 0),
      attempts: 0,
      progress: 0,
      body: undefined,
      inMemory: undefined,
    };
    for (const name of listIfReadable(this.#fileSystem, directory)) {
      const parsed = parseSegmentName(name);
      if (parsed?.id !== id) continue;
      if (parsed.state === "body") held.body = name;
      if (parsed.state === "sealed") {
        held.name = name;
        held.attempts = parsed.attempts;
        held.progress = parsed.progress;
      }
    }
    this.#held.set(id, held);
    return held;
  }

  #locate(segment: SealedSegment): string {
    return join(segment.directory, this.#hold(segment).name);
  }

  /**
   * The segment's file is gone. Now its frozen bytes go, after it, so that bytes without a segment are known
   * to be delivered; and in the end the folder that was taken over.
   */
  #forget(segment: SealedSegment, { body }: Held): void {
    const { directory } = segment;
    let size = segment.size;
    if (body !== undefined) {
      const path = join(directory, body);
      size += sizeOf(this.#fileSystem, path);
      removeFile(this.#fileSystem, path);
    }
    this.#held.delete(segment.id);
    this.#options.writer.guard.grew(-size);
    // Another thread of this process may live in the folder of this instance, with nothing in it now.
    if (directory === this.#folder.claim?.directory || directory === this.#folder.home) return;
    for (const { segment: other } of this.#held.values()) if (other.directory === directory) return;
    removeFolderIfIdle(this.#fileSystem, directory, true);
  }
}

function sizeOf(fileSystem: FileSystem, path: string): number {
  try {
    return fileSystem.lstat(path)?.size ?? 0;
  } catch {
    return 0;
  }
}
