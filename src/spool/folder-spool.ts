import { FolderSealedSegments } from "./folder-sealed-segments.ts";
import { FolderWriter } from "./folder-writer.ts";
import { type FolderSpoolOptions, placeOf } from "./instance/folder-place.ts";
import { Quarantine } from "./quarantine.ts";
import { SeenRecords } from "./segment/seen-records.ts";
import { isAwaited, type Spool, type SpoolUsage } from "./spool.ts";

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
