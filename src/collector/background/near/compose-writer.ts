import { systemIds } from "../../../base/ids.ts";
import { systemClock } from "../../../base/time/clock.ts";
import type { CurrentSettings } from "../../../pipeline/live-settings.ts";
import { createFolderWriter } from "../../../spool/folder-writer.ts";
import type { FolderSpoolOptions } from "../../../spool/instance/folder-place.ts";
import type { NearSpoolWriter } from "../../../spool/spool-writer.ts";

/** Which part of which spool it is. */
export interface WriterSpec {
  /** Names this process's part of the spool: 32 hex digits. */
  readonly instance: string;
  readonly spoolDirectory: string;
}

/**
 * What a thread writes to that has no engine, if the spool is durable: the engine's spool, another thread's
 * of the same instance, delivers what it seals or lets go.
 */
export function composeWriter(spec: WriterSpec, settings: CurrentSettings): NearSpoolWriter {
  return createFolderWriter(folderOptions(spec, settings));
}

/** Segments that a thread writes at once: bodies that are stored aside, each of which is one, and others. */
const maxOpen = 96;

/** Of a spool, or a writer alone, within the bounds that hold now. */
export function folderOptions(
  { instance, spoolDirectory }: WriterSpec,
  settings: CurrentSettings,
): FolderSpoolOptions {
  return {
    clock: systemClock,
    ids: systemIds,
    directory: spoolDirectory,
    instance,
    maxOpen,
    get maxBytes() {
      return settings.current.spool.maxBytes;
    },
    get minFreeBytes() {
      return settings.current.spool.minFreeBytes;
    },
  };
}
