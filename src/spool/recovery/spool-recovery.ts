import type { FileSystem } from "../../base/files/file-system.ts";
import type { Clock } from "../../base/time/clock.ts";
import { type AdoptionOptions, adopt, ownFolders } from "../instance/adoption.ts";
import { removeFolderIfIdle } from "../instance/instance-claim.ts";
import type { Liveness } from "../instance/liveness.ts";
import type { OwnFolder } from "../instance/own-folder.ts";
import type { Quarantine } from "../quarantine.ts";
import type { SealedSegment, SpoolLoss } from "../sealed-segments.ts";
import type { SeenRecords } from "../segment/seen-records.ts";
import type { Found } from "./recover-file.ts";
import { recoverFolder } from "./recover-folder.ts";

/** What {@link SpoolRecovery} needs. */
export interface SpoolRecoveryOptions {
  /** The spool's folder. */
  readonly directory: string;
  readonly instance: string;
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly liveness: Liveness;
  readonly folder: OwnFolder;
  readonly quarantine: Quarantine;
  readonly seen: SeenRecords;
  /** See `FolderPlace`. */
  readonly nearWriter?: string | undefined;
  /** True once the spool is closed: nothing more is taken over. */
  readonly isClosed: () => boolean;
  /** True if this spool has the segment already. */
  readonly isKnown: (id: string) => boolean;
  /** Told each segment before it is yielded. */
  readonly onFound: (found: Found) => void;
}

type OnLeft = (name: string | undefined) => void;

/** Finds what dead threads of this process left, and then, folder by folder, what dead processes left. */
export class SpoolRecovery {
  readonly #options: SpoolRecoveryOptions;
  readonly #adoption: AdoptionOptions;
  /**
   * What recovery of our own had to leave, by folder: a thread that would not go yet, a disk that refused.
   */
  #ownLeft: ReadonlyMap<string, ReadonlySet<string> | undefined> | undefined;

  constructor(options: SpoolRecoveryOptions) {
    this.#options = options;
    this.#adoption = options;
  }

  /** See `SealedSegments.recover`. */
  async *recover(onLoss: (loss: SpoolLoss) => void): AsyncGenerator<SealedSegment, void, undefined> {
    yield* this.#recoverOwn(onLoss);
    for await (const folder of adopt(this.#adoption)) {
      yield* this.#recoverIn(folder, true, onLoss);
      this.#options.seen.forgetOthers();
      if (this.#options.isClosed()) return;
    }
  }

  /**
   * What dead threads of this process left, until all of it was found; if there was one, our folder was there
   * before us.
   */
  async *#recoverOwn(onLoss: (loss: SpoolLoss) => void): AsyncGenerator<SealedSegment, void, undefined> {
    const { fileSystem, folder, seen, isClosed } = this.#options;
    if (seen.isOwnRecovered || isClosed()) return;
    if (folder.claim === undefined && !exists(fileSystem, folder.home)) return;
    const claim = folder.tryClaim();
    if (claim === undefined) return;
    const left = new Map<string, Set<string> | undefined>();
    if (claim.shared && claim.directory === folder.home) {
      const before = this.#ownLeft;
      for (const path of before?.keys() ?? ownFolders(this.#adoption, claim)) {
        const onLeft = (name: string | undefined): void => {
          if (name === undefined) left.set(path, undefined);
          else left.set(path, (left.get(path) ?? new Set()).add(name));
        };
        yield* this.#recoverIn(path, path !== claim.directory, onLoss, before?.get(path), onLeft);
      }
    }
    this.#ownLeft = left;
    if (left.size === 0) seen.ownRecovered();
  }

  async *#recoverIn(
    directory: string,
    recovered: boolean,
    onLoss: (loss: SpoolLoss) => void,
    wanted?: ReadonlySet<string>,
    onLeft: OnLeft = () => {},
  ): AsyncGenerator<SealedSegment, void, undefined> {
    const { fileSystem, folder, liveness, quarantine, seen, isClosed, isKnown, onFound } = this.#options;
    const context = {
      ...{ fileSystem, quarantine, isKnown, onLoss, onLeft, nearWriter: this.#options.nearWriter },
      temporary: () => folder.temporary(directory),
      isWriterAlive: async (writer: string): Promise<boolean> => {
        const { claim } = folder;
        if (claim === undefined) return false;
        return writer === claim.writer || (await liveness.isWriterAlive(claim.directory, writer));
      },
      isRepeated: (instance: string, sequence: number) => seen.isRepeated(instance, sequence),
      recovered: (instance: string, sequences: Iterable<number>) => seen.recovered(instance, sequences),
    };
    for await (const found of recoverFolder(context, directory, recovered, wanted)) {
      if (isClosed()) return;
      onFound(found);
      yield found.segment;
    }
    if (directory !== folder.claim?.directory) removeFolderIfIdle(fileSystem, directory, true);
  }
}

function exists(fileSystem: FileSystem, path: string): boolean {
  try {
    return fileSystem.lstat(path) !== undefined;
  } catch {
    return false;
  }
}
