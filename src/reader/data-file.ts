import { spanOf } from "../layout/dataset-path.ts";
import type { FileFormat } from "../layout/format.ts";
import { type IdRange, idRangeName, parseIdRange } from "../layout/filter/id-range.ts";
import type { Span } from "../layout/partition.ts";
import { parseAnyPath } from "../layout/paths/others-path.ts";
import type { StoreEntry } from "../store/store.ts";

/**
 * One stored file, as its path tells: see `layout/dataset-path.ts`. Its span is that of its rows'
 * request times.
 */
export interface DataFile extends Span {
  readonly format: FileFormat;
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly endpoint: string;
  readonly deployment: string;
  readonly collection: string;
  /** See `StoreEntry.etag`. */
  readonly etag: string | undefined;
  /** Bounds of its correlation ids, where the store tells them. */
  readonly ids: IdRange | undefined;
}

/**
 * The data file of a listing's entry, or undefined when the object is not one: a foreign file, or one of ours
 * that stands beside the collections or is referred to by one of JSON lines.
 */
export function parseDataFile({ path, size, etag, metadata }: StoreEntry): DataFile | undefined {
  const stored = parseAnyPath(path);
  if (stored?.kind !== "parquet" && stored?.kind !== "jsonl") return undefined;
  const { kind: format, endpoint, deployment, collection } = stored;
  const ids = parseIdRange(metadata?.[idRangeName]);
  return { format, path, size, etag, endpoint, deployment, collection, ids, ...spanOf(stored) };
}
