import type { StoreEntry } from "../store/store.ts";

/**
 * One stored Parquet file, as its path tells:
 *
 * ```text
 * <endpoint>/<deployment>/<collection>/inference_date=2026-11-22/inference_hour=05/inference_minute=08/<name>.parquet
 *                                      ^ always                   ^ rolling rate hour  ^ rolling rate minute
 * ```
 *
 * The partition is the UTC truncation of the *request's* time, and a file holds rows of one partition only, so a path
 * alone tells whether a file can hold rows of a time range.
 */
export interface DataFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly endpoint: string;
  readonly deployment: string;
  readonly collection: string;
  /** The partition, milliseconds since 1970 UTC; `end` is not part of it. */
  readonly start: number;
  readonly end: number;
}

const pattern =
  /^([^/]+)\/([^/]+)\/([^/_.][^/]*)\/inference_date=(\d{4}-\d\d-\d\d)(?:\/inference_hour=(\d\d)(?:\/inference_minute=(\d\d))?)?\/[^/]+\.parquet$/;

/**
 * The file of a listing's entry, or undefined when the object is not one: a foreign file, or one of ours that stands beside the
 * collections, in `_schema`.
 */
export function parseDataFile({ path, size }: StoreEntry): DataFile | undefined {
  const [, endpoint, deployment, collection, date, hour, minute] = pattern.exec(path) ?? [];
  if (endpoint === undefined || deployment === undefined || collection === undefined) return undefined;
  // An absent hour or minute starts at zero and spans the longer unit.
  const start = Date.parse(`${date}T${hour ?? "00"}:${minute ?? "00"}:00.000Z`);
  if (Number.isNaN(start)) return undefined;
  const span = minute !== undefined ? 60_000 : hour !== undefined ? 3_600_000 : 86_400_000;
  return { path, size, endpoint, deployment, collection, start, end: start + span };
}

/** True when the file can hold a row whose request time is in `[from, to)`. */
export function overlaps(file: DataFile, range: TimeRange): boolean {
  return file.start < range.to && file.end > range.from;
}

/** Milliseconds since 1970 UTC, `to` not included; infinite where open. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}
