import { parsePath, spanOf } from "../layout/dataset-path.ts";
import type { Span } from "../layout/partition.ts";
import type { StoreEntry } from "../store/store.ts";

/**
 * One stored Parquet file, as its path tells: see `layout/dataset-path.ts`. Its span is that of its rows'
 * request times.
 */
export interface DataFile extends Span {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly endpoint: string;
  readonly deployment: string;
  readonly collection: string;
}

/**
 * The file of a listing's entry, or undefined when the object is not one: a foreign file, records, or one of
 * ours that stands beside the collections.
 */
export function parseDataFile({ path, size }: StoreEntry): DataFile | undefined {
  const stored = parsePath(path);
  if (stored?.kind !== "parquet") return undefined;
  const { endpoint, deployment, collection } = stored;
  return { path, size, endpoint, deployment, collection, ...spanOf(stored) };
}
