import { systemClock } from "../../src/base/time/clock.ts";
import { systemFileSystem } from "../../src/base/files/file-system.ts";
import { systemIds } from "../../src/base/ids.ts";
import { createFolderSpool } from "../../src/spool/folder-spool.ts";
import type { FolderSpoolOptions } from "../../src/spool/instance/folder-place.ts";
import type { SealedSegment } from "../../src/spool/sealed-segments.ts";
import type { Spool } from "../../src/spool/spool.ts";
import type { World } from "./world.ts";

/** A spool in a world's folder, worked by the test itself, without bounds. */
export function spoolOf(world: World, options: Partial<FolderSpoolOptions> = {}): Spool {
  return createFolderSpool({
    directory: world.spool,
    clock: systemClock,
    ids: systemIds,
    maxBytes: 2 ** 40,
    minFreeBytes: 0,
    ...options,
  });
}

/** The machine's file system without its syncs, for files that need not survive a power cut. */
export const quickFileSystem: typeof systemFileSystem = {
  ...systemFileSystem,
  datasync: () => {},
  syncDirectory: () => {},
};

/** What killed processes left, found by `spool`. */
export async function leftTo(spool: Spool): Promise<readonly SealedSegment[]> {
  const left: SealedSegment[] = [];
  for await (const segment of spool.sealed.recover(() => {})) left.push(segment);
  return left;
}
