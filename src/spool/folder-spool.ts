import { resolve } from "node:path";
import type { Counts } from "../base/counts.ts";
import type { Clock } from "../base/time/clock.ts";
import { asError, wrongKind, wrongValue } from "../base/errors.ts";
import { type FileSystem, systemFileSystem } from "../base/files/file-system.ts";
import type { Ids } from "../base/ids.ts";
import { createDiskGuard, type DiskGuard, isFull } from "./disk-guard.ts";
import { type InheritanceOptions, inherit, ownFolders } from "./instance/inheritance.ts";
import { removeFolderIfIdle } from "./instance/instance-claim.ts";
import type { Liveness } from "./instance/liveness.ts";
import { createOpenSegments, type OpenSegments } from "./open-segments.ts";
import { createOwnFolder, type OwnFolder } from "./instance/own-folder.ts";
import { createQuarantine, type Quarantine } from "./quarantine.ts";
import { recoverFolder } from "./recovery.ts";
import { createSealedSegments, type SealedSegments } from "./sealed-segments.ts";
import { createSeenRecords, type SeenRecords } from "./segment/seen-records.ts";
import { MAX_LABEL_BYTES, MAX_RECORD_BYTES } from "./segment/segment-format.ts";
import { sealedName } from "./segment/segment-name.ts";
import { createSocketLiveness } from "./instance/socket-liveness.ts";
import type {
  AppendResult,
  FrozenBody,
  OpenSegment,
  RecordMemory,
  SealedSegment,
  Spool,
  SpoolLoss,
  SpoolRecord,
  SpoolUsage,
  SyncResult,
} from "./spool.ts";

/** Options of {@link createFolderSpool}. */
export interface FolderSpoolOptions {
  /** The spool's folder, shared by all processes of this user; made when first needed. */
  readonly directory: string;
  /**
   * 32 hex digits that name this process; every thread's spool of it gets the same, no other process ever does.
   * Default: a new id.
   */
  readonly instance?: string;
  readonly clock: Clock;
  readonly ids: Ids;
  /**
   * Bytes that all processes together may keep in the folder, quarantine apart; beyond it `append` is `full`. Read on
   * each append, so a getter may change it. One segment more is possible.
   */
  readonly maxBytes: number;
  /** Bytes of the volume that are left to others; read on each append. */
  readonly minFreeBytes: number;
  /** Segments open at once, each a file descriptor; the one that rested longest is sealed to open another. Default 16. */
  readonly maxOpen?: number;
  /** Default {@link systemFileSystem}. */
  readonly fileSystem?: FileSystem;
  /** How other processes are told apart into living and dead. Default: by Unix sockets. */
  readonly liveness?: Liveness;
}

/** A spool in a folder: what is appended survives this process, and after a sync a power cut. */
export function createFolderSpool(options: FolderSpoolOptions): Spool {
  return new FolderSpool(options);
}

const tooLarge: AppendResult = Object.freeze({ status: "too_large" });
const appended: AppendResult = Object.freeze({ status: "appended" });
const synced: SyncResult = Object.freeze({ status: "synced" });

class FolderSpool implements Spool {
  readonly durable = true;
  readonly #fileSystem: FileSystem;
  readonly #liveness: Liveness;
  readonly #inheritance: InheritanceOptions;
  readonly #folder: OwnFolder;
  readonly #guard: DiskGuard;
  readonly #quarantine: Quarantine;
  readonly #seen: SeenRecords;
  readonly #open: OpenSegments;
  readonly #sealed: SealedSegments;
  #ownRecovered = false;
  /** What recovery of our own had to leave, by folder: a thread that would not go yet, a disk that refused. */
  #ownLeft: ReadonlyMap<string, ReadonlySet<string> | undefined> | undefined;
  #closed = false;

  constructor(options: FolderSpoolOptions) {
    validate(options);
    const { clock, ids, maxOpen = 16 } = options;
    const directory = resolve(options.directory);
    const instance = options.instance ?? ids.random128();
    const fileSystem = options.fileSystem ?? systemFileSystem;
    const liveness = options.liveness ?? createSocketLiveness({ fileSystem, clock, ids });
    this.#fileSystem = fileSystem;
    this.#liveness = liveness;
    this.#guard = createDiskGuard({ directory, fileSystem, clock, bounds: options });
    this.#quarantine = createQuarantine({ directory, fileSystem, clock });
    this.#seen = createSeenRecords(instance);
    const folder = createOwnFolder({
      ...{ directory, instance, fileSystem, clock, ids, liveness },
      onClaimed: ({ shared }) => {
        if (shared && !this.#ownRecovered) this.#seen.expectOwn();
      },
      onMoved: (claim) => this.#open.moveTo(claim),
    });
    const onGrowth = (bytes: number): void => this.#guard.grew(bytes);
    const common = { fileSystem, clock, ids, instance, folder, onGrowth };
    this.#folder = folder;
    this.#sealed = createSealedSegments({ ...common, quarantine: this.#quarantine });
    this.#open = createOpenSegments({
      ...{ ...common, maxOpen },
      onSealed: (segment) =>
        this.#sealed.add({ segment, name: sealedName(segment.id, 0), body: undefined, attempts: 0 }),
    });
    this.#inheritance = { directory, instance, fileSystem, clock, liveness, folder };
  }

  append(label: string, record: Uint8Array, counts: Counts, sequence: number): AppendResult {
    const misuse = misuseOf(label, counts, sequence, this.#closed);
    if (misuse !== undefined) return { status: "failed", error: misuse };
    if (record.byteLength > MAX_RECORD_BYTES) return tooLarge;
    if (this.#seen.isFound(sequence)) return appended;
    const refusal = this.#guard.refusal(record.byteLength);
    if (refusal !== undefined) return refusal;
    try {
      this.#folder.look();
      this.#appendOnce(label, record, counts, sequence);
      return appended;
    } catch (error) {
      return this.#guard.failed(error);
    }
  }

  /** Throws the system's error. */
  #appendOnce(label: string, record: Uint8Array, counts: Counts, sequence: number): void {
    try {
      this.#open.append(label, record, counts, sequence);
    } catch (error) {
      // The label's segment is left alone now. It may have been that file only: one at its size limit, one bad block.
      if (isFull(error)) throw error;
      this.#open.append(label, record, counts, sequence);
    }
    this.#seen.appended(sequence);
  }

  sync(): SyncResult {
    if (this.#closed || this.#folder.claim === undefined) return synced;
    try {
      this.#folder.look();
      this.#open.sync();
      return synced;
    } catch (error) {
      return { status: "failed", error: asError(error) };
    }
  }

  seal(which: (segment: OpenSegment) => boolean = () => true): readonly SealedSegment[] {
    return this.#open.seal(which);
  }

  open(): readonly OpenSegment[] {
    return this.#open.list();
  }

  sealed(): readonly SealedSegment[] {
    return this.#sealed.list();
  }

  async *recover(onLoss: (loss: SpoolLoss) => void): AsyncGenerator<SealedSegment, void, undefined> {
    yield* this.#recoverOwn(onLoss);
    for await (const folder of inherit(this.#inheritance)) {
      yield* this.#recoverIn(folder, true, onLoss);
      this.#seen.forgetOthers();
      if (this.#closed) return;
    }
  }

  read(segment: SealedSegment, memory?: RecordMemory): Iterable<SpoolRecord> {
    return this.#sealed.read(segment, memory);
  }

  attempt(segment: SealedSegment): number {
    return this.#sealed.attempt(segment);
  }

  forgive(segment: SealedSegment): void {
    this.#sealed.forgive(segment);
  }

  attempts(segment: SealedSegment): number {
    return this.#sealed.attempts(segment);
  }

  freeze(segment: SealedSegment, body: AsyncIterable<Uint8Array>): Promise<FrozenBody> {
    return this.#sealed.freeze(segment, body);
  }

  frozen(segment: SealedSegment): FrozenBody | undefined {
    return this.#sealed.frozen(segment);
  }

  release(segment: SealedSegment): void {
    this.#sealed.release(segment);
  }

  forget(segment: SealedSegment): void {
    this.#sealed.forget(segment);
  }

  quarantine(segment: SealedSegment, reason: string): void {
    this.#sealed.quarantine(segment, reason);
  }

  quarantineRecord(segment: SealedSegment, record: SpoolRecord, reason: string): void {
    this.#sealed.quarantineRecord(segment, record, reason);
  }

  usage(): SpoolUsage {
    const all = [...this.#open.list(), ...this.#sealed.list()];
    let bytes = 0;
    let oldest: number | undefined;
    for (const { size, createdAt } of all) {
      bytes += size;
      oldest = Math.min(oldest ?? createdAt, createdAt);
    }
    return { bytes, segments: all.length, quarantined: this.#quarantine.count(), oldest };
  }

  close(): void {
    if (this.#closed) return;
    this.sync();
    this.#closed = true;
    this.#open.close();
    this.#folder.release();
  }

  /** What dead threads of this process left, until all of it was found; if there was one, our folder was there before us. */
  async *#recoverOwn(onLoss: (loss: SpoolLoss) => void): AsyncGenerator<SealedSegment, void, undefined> {
    const folder = this.#folder;
    if (this.#ownRecovered || this.#closed) return;
    if (folder.claim === undefined && !exists(this.#fileSystem, folder.home)) return;
    const claim = folder.tryClaim();
    if (claim === undefined) return;
    const left = new Map<string, Set<string> | undefined>();
    if (claim.shared && claim.directory === folder.home) {
      const before = this.#ownLeft;
      for (const path of before?.keys() ?? ownFolders(this.#inheritance, claim)) {
        const onLeft = (name: string | undefined): void => {
          if (name === undefined) left.set(path, undefined);
          else left.set(path, (left.get(path) ?? new Set()).add(name));
        };
        yield* this.#recoverIn(path, path !== claim.directory, onLoss, { wanted: before?.get(path), onLeft });
      }
    }
    this.#ownLeft = left;
    if (left.size > 0) return;
    this.#ownRecovered = true;
    this.#seen.ownRecovered();
  }

  async *#recoverIn(
    directory: string,
    recovered: boolean,
    onLoss: (loss: SpoolLoss) => void,
    own?: { readonly wanted: ReadonlySet<string> | undefined; onLeft(name: string | undefined): void },
  ): AsyncGenerator<SealedSegment, void, undefined> {
    const seen = this.#seen;
    const context = {
      fileSystem: this.#fileSystem,
      quarantine: this.#quarantine,
      temporary: () => this.#folder.temporary(directory),
      isWriterAlive: async (writer: string): Promise<boolean> => {
        const { claim } = this.#folder;
        if (claim === undefined) return false;
        return writer === claim.writer || (await this.#liveness.isWriterAlive(claim.directory, writer));
      },
      isKnown: (id: string) => this.#sealed.has(id),
      isRepeated: (instance: string, sequence: number) => seen.isRepeated(instance, sequence),
      recovered: (instance: string, sequences: Iterable<number>) => seen.recovered(instance, sequences),
      onLoss,
      onLeft: (name: string | undefined) => own?.onLeft(name),
    };
    for await (const found of recoverFolder(context, directory, recovered, own?.wanted)) {
      if (this.#closed) return;
      this.#sealed.add(found);
      yield found.segment;
    }
    if (directory !== this.#folder.claim?.directory) removeFolderIfIdle(this.#fileSystem, directory, true);
  }
}

function validate({ directory, instance, maxOpen }: FolderSpoolOptions): void {
  if (typeof directory !== "string" || directory === "") {
    throw wrongKind("createFolderSpool: directory", "a path", directory);
  }
  if (instance !== undefined && !/^[0-9a-f]{32}$/.test(instance)) {
    throw wrongValue("createFolderSpool: instance", "32 hex digits", instance);
  }
  if (maxOpen !== undefined && !(Number.isInteger(maxOpen) && maxOpen > 0)) {
    throw wrongValue("createFolderSpool: maxOpen", "a whole number from 1", maxOpen);
  }
}

function misuseOf(label: string, counts: Counts, sequence: number, closed: boolean): Error | undefined {
  if (closed) return new Error("the spool is closed");
  // A UTF-16 unit is at most three bytes of UTF-8: the exact count is rarely needed.
  if (label.length * 3 > MAX_LABEL_BYTES && Buffer.byteLength(label) > MAX_LABEL_BYTES) {
    return wrongValue("append: label", `at most ${MAX_LABEL_BYTES} UTF-8 bytes`, Buffer.byteLength(label));
  }
  const bad = [sequence, counts.frames, counts.rows, counts.bytes].find(
    (n) => !Number.isSafeInteger(n) || n < 0,
  );
  return bad === undefined
    ? undefined
    : wrongValue("append: sequence and counts", "whole numbers from 0 to 2^53 - 1", bad);
}

function exists(fileSystem: FileSystem, path: string): boolean {
  try {
    return fileSystem.lstat(path) !== undefined;
  } catch {
    return false;
  }
}
