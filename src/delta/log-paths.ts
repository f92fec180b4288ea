import { deltaLogName } from "../layout/dataset-path.ts";

/*
 * The names in a table's log, as PROTOCOL.md of delta-io/delta has them ("Delta Log Entries", "Checkpoint
 * Naming Scheme"):
 *
 *     <collection's folder>/_delta_log/00000000000000000042.json
 *                                      00000000000000000042.checkpoint.parquet
 *                                      00000000000000000042.checkpoint.0000000001.0000000002.parquet   by others
 *                                      _last_checkpoint
 */

/** The folder of a table's log, which stands beside its partitions. */
export function logFolder(table: string): string {
  return `${table}/${deltaLogName}/`;
}

/** Whether an object is of a table's log. */
export function isLogPath(path: string): boolean {
  return path.split("/", 5)[3] === deltaLogName;
}

/** The commit of a version. */
export function commitPath(table: string, version: number): string {
  return `${logFolder(table)}${twentyDigits(version)}.json`;
}

/** What the paths of all checkpoints of a version begin with. */
export function checkpointPrefix(table: string, version: number): string {
  return `${logFolder(table)}${twentyDigits(version)}.checkpoint`;
}

/** The checkpoint of a version, in one file. */
export function checkpointPath(table: string, version: number): string {
  return `${checkpointPrefix(table, version)}.parquet`;
}

/** Says which checkpoint was made last. */
export function lastCheckpointPath(table: string): string {
  return `${logFolder(table)}_last_checkpoint`;
}

/** The version that a file of a log is of, and whether it is a checkpoint; undefined for any other name. */
export function parseLogName(
  name: string,
): { readonly version: number; readonly parts: number | undefined } | undefined {
  const [, version, checkpoint, parts] =
    /^(\d{20})(?:\.json|(\.checkpoint)(?:\.\d{10}\.(\d{10}))?\.parquet)$/.exec(name) ?? [];
  if (version === undefined || !Number.isSafeInteger(Number(version))) return undefined;
  return { version: Number(version), parts: checkpoint === undefined ? undefined : Number(parts ?? 1) };
}

/**
 * A path as an action says it, relative to the table: a URI reference, so that a sign of percent is encoded.
 */
export function actionPath(path: string): string {
  return path.split("/").map(encodeSegment).join("/");
}

function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replaceAll("%3D", "=");
}

/** Reads what {@link actionPath} wrote; others' paths, which may be whole URLs, stay what they are. */
export function pathOfAction(path: string): string {
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function twentyDigits(version: number): string {
  return String(version).padStart(20, "0");
}
