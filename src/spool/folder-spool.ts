import { resolve } from "node:path";
import { wrongKind, wrongValue } from "../base/errors.ts";
import { type FileSystem, systemFileSystem } from "../base/files/file-system.ts";
import type { Ids } from "../base/ids.ts";
import type { Clock } from "../base/time/clock.ts";
import { FolderSealedSegments } from "./folder-sealed-segments.ts";
import { type FolderPlace, FolderWriter } from "./folder-writer.ts";
import type { Liveness } from "./instance/liveness.ts";
import { createSocketLiveness } from "./instance/socket-liveness.ts";
import { Quarantine } from "./quarantine.ts";
import { SeenRecords } from "./segment/seen-records.ts";
import type { NearSpoolWriter } from "./spool-writer.ts";
import { isAwaited, type Spool, type SpoolUsage } from "./spool.ts";

/** Options of {@link createFolderSpool} and {@link createFolderWriter}. */
export interface FolderSpoolOptions {
  /** The spool's folder, shared by all processes of this user; made when first needed. */
  readonly directory: string;
  /**
   * 32 hex digits that name this process; every thread's spool of it gets the same, no other process ever
   * does. Default: a new id.
   */
  readonly instance?: string;
  readonly clock: Clock;
  readonly ids: Ids;
  /**
   * Bytes that all processes together may keep in the folder, quarantine apart; beyond it `append` is `full`.
   * Read on each append, so a getter may change it. One segment more is possible.
   */
  readonly maxBytes: number;
  /** Bytes of the volume that are left to others; read on each append. */
  readonly minFreeBytes: number;
  /**
   * Segments open at once, each a file descriptor; the one that rested longest is sealed to open another.
   * Default 16.
   */
  readonly maxOpen?: number;
  /** Default {@link systemFileSystem}. */
  readonly fileSystem?: FileSystem;
  /** How other processes are told apart into living and dead. Default: by Unix sockets. */
  readonly liveness?: Liveness;
}

/** A spool in a folder: what is appended survives this process, and after a sync a power cut. */
export function createFolderSpool(options: FolderSpoolOptions): Spool {
  const place = placeOf(options);
  const seen = new SeenRecords(place.instance);
  const quarantine = new Quarantine(place);
  const writer = new FolderWriter(place, { seen, onSealed: (segment) => sealed.sealed(segment) });
  const sealed = new FolderSealedSegments({ place, writer, seen, quarantine });
  return {
    writer,
    sealed,
    usage(): SpoolUsage {
      const all = [...writer.open(), ...sealed.list()].filter(isAwaited);
      let bytes = 0;
      let oldest: number | undefined;
      for (const { size, createdAt } of all) {
        bytes += size;
        oldest = Math.min(oldest ?? createdAt, createdAt);
      }
      return { bytes, segments: all.length, quarantined: quarantine.count(), oldest };
    },
  };
}

/**
 * The writing half of a spool in a folder, alone, for a thread that hands over what it seals: another
 * thread's spool of the same folder and instance answers for it.
 */
export function createFolderWriter(options: FolderSpoolOptions): NearSpoolWriter {
  return new FolderWriter({ ...placeOf(options), writer: nearWriterOf(options.instance) });
}

function placeOf(options: FolderSpoolOptions): FolderPlace {
  validate(options);
  const { clock, ids, maxOpen = 16, fileSystem = systemFileSystem } = options;
  return {
    directory: resolve(options.directory),
    instance: options.instance ?? ids.random128(),
    ...{ fileSystem, clock, ids, maxOpen },
    nearWriter: nearWriterOf(options.instance),
    liveness: options.liveness ?? createSocketLiveness({ fileSystem, clock, ids }),
    bounds: options,
  };
}

/**
 * Names the writer of {@link createFolderWriter} in its files' names: the other thread's spool knows so that
 * they are no dead thread's. Undefined without an instance that both have.
 */
function nearWriterOf(instance: string | undefined): string | undefined {
  return instance?.slice(0, 8);
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
