import { join } from "node:path";
import type { Clock } from "../base/time/clock.ts";
import { asError } from "../base/errors.ts";
import { errorCode, type FileSystem, listIfReadable } from "../base/files/file-system.ts";
import { layoutPath } from "./spool-folder.ts";
import type { AppendResult, DiskUse } from "./spool-writer.ts";

/** Bounds on the disk, looked at on every append, so that they may change. */
export interface DiskBounds {
  /** Most bytes in the spool's folder, of all processes, quarantine apart. One segment more is possible. */
  readonly maxBytes: number;
  /** Bytes of the volume that are left to others. */
  readonly minFreeBytes: number;
}

/** What {@link DiskGuard} needs. */
export interface DiskGuardOptions {
  readonly directory: string;
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly bounds: DiskBounds;
}

// Counting by `stat` instead of adding up for ever: a counter that drifts would close the spool, or never.
const measureMs = 10_000;
const freeMs = 1_000;
const probeMs = 5_000;

/** True if the disk, or what this user may have of it, has no room left. */
export function isFull(error: unknown): boolean {
  const code = errorCode(error);
  return code === "ENOSPC" || code === "EDQUOT";
}

/** Says whether there is room, and after a failed write waits before the disk is tried again. */
export class DiskGuard {
  readonly #options: DiskGuardOptions;
  #total = 0;
  #measuredAt = Number.NEGATIVE_INFINITY;
  #free = Number.POSITIVE_INFINITY;
  #freeAt = Number.NEGATIVE_INFINITY;
  #failedAt = Number.NEGATIVE_INFINITY;
  #failure: AppendResult | undefined;
  /** Another thread looks at the disk for this one. */
  #follows = false;

  constructor(options: DiskGuardOptions) {
    this.#options = options;
  }

  /** Why `bytes` more must not be written now, or undefined; `share` of all bytes may be taken then. */
  refusal(bytes: number, share: number): AppendResult | undefined {
    const { clock, bounds } = this.#options;
    const maxBytes = bounds.maxBytes * share;
    if (bytes > maxBytes) return { status: "too_large" };
    const now = clock.monotonic();
    if (this.#failure !== undefined) {
      if (now - this.#failedAt < probeMs) return this.#failure;
      this.#failure = undefined;
    }
    const full = this.#total + bytes > maxBytes;
    if (!this.#follows && now - this.#measuredAt >= (full ? probeMs : measureMs)) this.#measure(now);
    if (this.#total + bytes > maxBytes) return { status: "full", reason: "spool_full" };
    if (!this.#follows && now - this.#freeAt >= freeMs) this.#measureFree(now);
    if (this.#free - bytes < bounds.minFreeBytes) return { status: "full", reason: "disk_low" };
    return undefined;
  }

  /** A write failed: no further one for five seconds. */
  failed(error: unknown): AppendResult {
    this.#failure = isFull(error)
      ? { status: "full", reason: "disk_low" }
      : { status: "failed", error: asError(error) };
    this.#failedAt = this.#options.clock.monotonic();
    return this.#failure;
  }

  /** The folder grew, or with a negative number shrank, through us. */
  grew(bytes: number): void {
    this.#total = Math.max(0, this.#total + bytes);
    this.#free -= bytes;
  }

  /** What is on the disk, when it is looked at as often as for appends. */
  use(): DiskUse {
    const now = this.#options.clock.monotonic();
    if (now - this.#measuredAt >= measureMs) this.#measure(now);
    if (now - this.#freeAt >= freeMs) this.#measureFree(now);
    return { totalBytes: this.#total, freeBytes: this.#free };
  }

  /** Goes by what another thread found; undefined: looks itself again. */
  follow(disk: DiskUse | undefined): void {
    this.#follows = disk !== undefined;
    if (disk === undefined) return;
    this.#total = disk.totalBytes;
    this.#free = disk.freeBytes;
  }

  #measure(now: number): void {
    const { fileSystem, directory } = this.#options;
    this.#measuredAt = now;
    let total = 0;
    const parent = layoutPath(directory);
    for (const owner of listIfReadable(fileSystem, parent)) {
      if (owner === "quarantine") continue;
      const folder = join(parent, owner);
      for (const name of listIfReadable(fileSystem, folder)) total += sizeOf(fileSystem, join(folder, name));
    }
    this.#total = total;
  }

  #measureFree(now: number): void {
    const { fileSystem, directory } = this.#options;
    this.#freeAt = now;
    try {
      this.#free = fileSystem.freeBytes(directory);
    } catch {
      // Not there yet, or gone: the write itself will tell.
      this.#free = Number.POSITIVE_INFINITY;
    }
  }
}

function sizeOf(fileSystem: FileSystem, path: string): number {
  try {
    const stat = fileSystem.lstat(path);
    return stat?.kind === "file" ? stat.size : 0;
  } catch {
    return 0;
  }
}
