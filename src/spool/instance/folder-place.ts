import { resolve } from "node:path";
import { wrongKind, wrongValue } from "../../base/errors.ts";
import { type FileSystem, systemFileSystem } from "../../base/files/file-system.ts";
import type { Ids } from "../../base/ids.ts";
import type { Clock } from "../../base/time/clock.ts";
import type { DiskBounds } from "../disk-guard.ts";
import type { Liveness } from "./liveness.ts";
import { createSocketLiveness } from "./socket-liveness.ts";

/** Options of `createFolderSpool` and `createFolderWriter`. */
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

/** A thread's place in a spool folder, and what it works there with. */
export interface FolderPlace {
  /** The spool's folder, an absolute path. */
  readonly directory: string;
  /** 32 hex digits that name this process. */
  readonly instance: string;
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly liveness: Liveness;
  readonly bounds: DiskBounds;
  /** Segments open at once. */
  readonly maxOpen: number;
  /** 8 hex digits of this thread in the names of its files. Default random ones. */
  readonly writer?: string | undefined;
  /** Those of the thread of this process whose segments are completed here. */
  readonly nearWriter?: string | undefined;
}

/** Throws a `TypeError` or `RangeError` for options that are none. */
export function placeOf(options: FolderSpoolOptions): FolderPlace {
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
 * Names the writer of `createFolderWriter` in its files' names: the other thread's spool knows so that
 * they are no dead thread's. Undefined without an instance that both have.
 */
export function nearWriterOf(instance: string | undefined): string | undefined {
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
