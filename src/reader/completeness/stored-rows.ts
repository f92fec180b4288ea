import { collectionKey } from "../../layout/collection-key.ts";
import { type Span, partitionSpan, partitionStart, type TimeRange } from "../../layout/partition.ts";
import type { Catalog } from "../catalog.ts";
import type { DataFile } from "../data-file.ts";
import { readFooterSummary } from "../footer-summary.ts";
import type { OnUnusable } from "../listing/table-files.ts";
import { mapConcurrent } from "../map-concurrent.ts";
import { createBadFiles, type UnreadableFile } from "../unreadable.ts";

/** The files of one collection and hour, or day. */
export interface FoundFiles {
  readonly endpoint: string;
  readonly deployment: string;
  /** As its folder is spelled. */
  readonly collection: string;
  readonly span: Span;
  /** Undefined where files are JSON lines: those are not read. */
  rows: number | undefined;
  unreadable: number;
}

const footersAtOnce = 16;

/**
 * What there is of each collection and hour, by {@link placeKey}; `onUnreadable` is told of bad files, and of
 * Delta logs that cannot be used, whose files are all taken for bad.
 */
export async function findFiles(
  catalog: Catalog,
  range: TimeRange,
  onUnreadable?: (file: UnreadableFile) => void,
): Promise<Map<string, FoundFiles>> {
  const bad = createBadFiles(onUnreadable ?? (() => {}));
  const files: DataFile[] = [];
  const found = new Map<string, FoundFiles>();
  const foundOf = (file: DataFile): FoundFiles => {
    const { endpoint, deployment, collection } = file;
    const span = hourOf(file);
    const key = placeKey({ endpoint, deployment, collection, span });
    const known = found.get(key) ?? { endpoint, deployment, collection, span, rows: 0, unreadable: 0 };
    found.set(key, known);
    return known;
  };
  const onUnusable: OnUnusable = (log, thrown, file) => {
    bad.add(log, thrown);
    foundOf(file).unreadable++;
  };
  for await (const file of catalog.files({ range, onUnusable })) files.push(file);
  const counted = mapConcurrent(files, footersAtOnce, async (file) => ({
    file,
    rows:
      file.format === "jsonl"
        ? undefined
        : await readFooterSummary(catalog.store, file).catch((thrown: unknown) => {
            bad.add(file.path, thrown);
            return null;
          }),
  }));
  for await (const { file, rows } of counted) {
    const files = foundOf(file);
    if (rows === null) files.unreadable++;
    else files.rows = rows === undefined || files.rows === undefined ? undefined : files.rows + rows.rows;
  }
  return found;
}

/** What tells a place in the ledger from any other. */
export function placeKey({
  endpoint,
  deployment,
  collection,
  span,
}: Pick<FoundFiles, "endpoint" | "deployment" | "collection" | "span">): string {
  return [endpoint, deployment, span.start, collectionKey(collection)].join("\n");
}

/** The hour of a partition of minutes; others as they are. */
function hourOf({ start, end }: Span): Span {
  const hour = partitionSpan({ start: partitionStart(start, "hour"), rate: "hour" });
  return end > hour.end ? { start, end } : hour;
}
