import { parsePath, spanOf } from "../layout/dataset-path.ts";
import type { FileFormat } from "../layout/format.ts";
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

/** A stored file of either format, of which only Parquet is read. */
export interface ListedFile {
  readonly format: FileFormat;
  readonly file: DataFile;
}

/**
 * The Parquet file of a listing's entry, or undefined when the object is not one: a foreign file, records, or
 * one of ours that stands beside the collections.
 */
export function parseDataFile(entry: StoreEntry): DataFile | undefined {
  const listed = parseListedFile(entry);
  return listed?.format === "parquet" ? listed.file : undefined;
}

/** The same of a file of either format. */
export function parseListedFile({ path, size }: StoreEntry): ListedFile | undefined {
  const stored = parsePath(path);
  if (stored?.kind !== "parquet" && stored?.kind !== "jsonl") return undefined;
  const { kind: format, endpoint, deployment, collection } = stored;
  return { format, file: { path, size, endpoint, deployment, collection, ...spanOf(stored) } };
}
