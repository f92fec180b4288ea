import { resolve } from "node:path";
import { type Clock, systemClock } from "../../base/time/clock.ts";
import { type FileSystem, systemFileSystem } from "../../base/files/file-system.ts";
import { type Ids, systemIds } from "../../base/ids.ts";
import { claimInstance } from "./instance-claim.ts";
import type { Liveness } from "./liveness.ts";
import { createSocketLiveness } from "./socket-liveness.ts";

/** Options of {@link holdInstance}. */
export interface HoldOptions {
  /** The spool's folder. */
  readonly directory: string;
  /** 32 hex digits: the same that the spools of this process get. */
  readonly instance: string;
  readonly fileSystem?: FileSystem;
  readonly clock?: Clock;
  readonly ids?: Ids;
  readonly liveness?: Liveness;
}

/**
 * Vouches for an instance from a thread that lives as long as the process, so that nobody takes its folder
 * over in the moments when the thread that writes has died and is being started again. Undefined if the disk
 * does not allow it.
 */
export function holdInstance(options: HoldOptions): Disposable | undefined {
  const { instance, fileSystem = systemFileSystem, clock = systemClock, ids = systemIds } = options;
  const directory = resolve(options.directory);
  const liveness = options.liveness ?? createSocketLiveness({ fileSystem, clock, ids });
  try {
    const claim = claimInstance({ directory, owner: instance, fileSystem, clock, ids, liveness });
    return { [Symbol.dispose]: () => claim.release() };
  } catch {
    return undefined;
  }
}
