import { collectionKey } from "../layout/collection-key.ts";
import type { Catalog } from "./catalog.ts";
import { readFooterSummary } from "./footer-summary.ts";
import { systemColumnList } from "../layout/system-columns.ts";
import { PinnedTypes } from "./lines/pinned-types.ts";
import { reasonOf } from "./unreadable.ts";

/** Columns that were asked for, against those that there are. */
export interface ColumnCheck {
  /** Those that no file has, in the order in which they were asked for. */
  readonly missing: readonly string[];
  /** All that were seen, in the order in which they were first seen; all there are if one is missing. */
  readonly known: readonly string[];
}

/** Looks through the footers of a collection's files, or of all, until each of these columns was seen. */
export async function checkColumns(
  catalog: Catalog,
  collection: string | undefined,
  columns: readonly string[],
): Promise<ColumnCheck> {
  const missing = new Set(columns);
  const known = new Set<string>();
  const pins = new PinnedTypes(catalog.store);
  // So is a log that cannot be used.
  for await (const file of catalog.files({ onUnusable: () => {} })) {
    if (missing.size === 0) break;
    if (collection !== undefined && collectionKey(file.collection) !== collectionKey(collection)) continue;
    if (file.format === "jsonl") {
      const pinned = await pins.of(file);
      // Where nothing is pinned, its records alone know.
      if (pinned.size === 0) missing.clear();
      for (const name of [...systemColumnList.map((column) => column.name), ...pinned.keys()]) {
        known.add(name);
        missing.delete(name);
      }
      continue;
    }
    try {
      for (const { name } of (await readFooterSummary(catalog.store, file)).columns) {
        known.add(name);
        missing.delete(name);
      }
    } catch (thrown) {
      // A bad file is told when its rows are read.
      reasonOf(thrown);
    }
  }
  return { missing: [...missing], known: [...known] };
}
