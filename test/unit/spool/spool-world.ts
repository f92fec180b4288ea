import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import type { Counts } from "../../../src/base/counts.ts";
import type { Clock } from "../../../src/base/time/clock.ts";
import type { Ids } from "../../../src/base/ids.ts";
import { createFolderSpool } from "../../../src/spool/folder-spool.ts";
import { createFolderWriter } from "../../../src/spool/folder-writer.ts";
import type { FolderSpoolOptions } from "../../../src/spool/instance/folder-place.ts";
import { isLiveName, type Liveness, liveName } from "../../../src/spool/instance/liveness.ts";
import type { SealedSegment, SpoolLoss } from "../../../src/spool/sealed-segments.ts";
import type { NearSpoolWriter } from "../../../src/spool/spool-writer.ts";
import type { Spool } from "../../../src/spool/spool.ts";
import { SimulatedFileSystem } from "../../support/simulated-file-system.ts";

/** A machine whose disk, time, ids and processes are made up. */
export class SpoolWorld {
  fileSystem: SimulatedFileSystem;
  nowMs = 1_700_000_000_000;
  readonly directory = "/spool";
  readonly #alive: Set<string>;
  #id = 0;

  constructor(fileSystem: SimulatedFileSystem = new SimulatedFileSystem(), firstId = 0) {
    this.fileSystem = fileSystem;
    this.#alive = new Set();
    this.#id = firstId;
    fileSystem.now = () => this.nowMs;
  }

  readonly clock: Clock = {
    now: () => this.nowMs,
    monotonic: () => this.nowMs,
    setTimer: () => ({ [Symbol.dispose]: () => {} }),
  };

  readonly ids: Ids = {
    uuid: () => `${(++this.#id).toString(16).padStart(8, "0")}-0000-7000-8000-000000000000`,
    random128: () =>
      createHash("sha256")
        .update(String(++this.#id))
        .digest("hex")
        .slice(0, 32),
  };

  /** Starts a process, or another thread of the process `instance`. */
  start(options: Partial<FolderSpoolOptions> = {}): Process {
    const { kill, ...place } = this.#process(options);
    return { spool: createFolderSpool(place), kill };
  }

  /** Starts a thread of the process `instance` that only writes. */
  startWriter(options: Partial<FolderSpoolOptions>): WritingThread {
    const { kill, ...place } = this.#process(options);
    return { writer: createFolderWriter(place), kill };
  }

  #process(options: Partial<FolderSpoolOptions>): FolderSpoolOptions & Pick<Process, "kill"> {
    const held: string[] = [];
    const fileSystem = this.fileSystem;
    const liveness: Liveness = {
      hold: (directory, writer) => {
        this.#alive.add(writer);
        held.push(writer);
        try {
          fileSystem.close(fileSystem.open(join(directory, liveName(writer)), "create"));
        } catch {
          // As the real one: never throws.
        }
        return {
          release: (now) => {
            this.#alive.delete(writer);
            try {
              fileSystem.unlink(join(now, liveName(writer)));
            } catch {
              // Gone with its folder.
            }
          },
        };
      },
      isAlive: async (directory) => {
        const names = fileSystem.lstat(directory) === undefined ? [] : fileSystem.list(directory);
        return names.some((name) => isLiveName(name) && this.#alive.has(name.slice(5, 13)));
      },
      isWriterAlive: async (directory, writer) =>
        fileSystem.lstat(join(directory, liveName(writer))) !== undefined && this.#alive.has(writer),
    };
    const { clock, ids, directory } = this;
    const bounds = { maxBytes: 1e12, minFreeBytes: 0 };
    return {
      ...{ directory, clock, ids, fileSystem, liveness, ...bounds, ...options },
      kill: () => {
        for (const writer of held) this.#alive.delete(writer);
      },
    };
  }

  /** Kills every process. */
  killAll(): void {
    this.#alive.clear();
  }

  /** Paths of files whose name ends so. */
  files(ending: string): string[] {
    return this.fileSystem.files().filter((path) => path.endsWith(ending) && !path.includes("/quarantine/"));
  }

  quarantined(): string[] {
    return this.fileSystem
      .files()
      .filter((path) => dirname(path).endsWith("/quarantine"))
      .map((path) => basename(path));
  }
}

export interface Process {
  readonly spool: Spool;
  /** Ends it without a word, as SIGKILL does. */
  kill(): void;
}

export interface WritingThread extends Pick<Process, "kill"> {
  readonly writer: NearSpoolWriter;
}

/** Counts of a record that are told apart from others'. */
export function countsOf(sequence: number): Counts {
  return { frames: sequence, rows: sequence * 10, bytes: sequence * 1_000 };
}

/** The bytes of a record, told apart from others'. */
export function recordOf(sequence: number, size = 40): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let index = 0; index < size; index++) bytes[index] = (sequence * 31 + index * 7) % 251;
  return bytes;
}

/** Pieces of a body, each of which holds only until the next one is asked for. */
export async function* bodyOf(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) {
    const piece = Buffer.from(text);
    yield piece;
    piece.fill(0);
  }
}

/** Everything that recovery finds, read back. */
export async function recoverAll(spool: Spool): Promise<Recovered> {
  const losses: SpoolLoss[] = [];
  const segments: SealedSegment[] = [];
  const records: { label: string; sequence: number; bytes: Uint8Array; counts: Counts }[] = [];
  for await (const segment of spool.sealed.recover((loss) => losses.push(loss))) {
    segments.push(segment);
    for (const record of spool.sealed.read(segment)) records.push({ label: segment.label, ...record });
  }
  return { segments, records, losses };
}

export interface Recovered {
  readonly segments: readonly SealedSegment[];
  readonly records: readonly { label: string; sequence: number; bytes: Uint8Array; counts: Counts }[];
  readonly losses: readonly SpoolLoss[];
}
