import { collectionKey } from "./collection-key.ts";
import type { DataFolder } from "./dataset-path.ts";
import { hivePartition, parseHivePartition } from "./partition.ts";

/** A body that is an object of its own: whose row's partition it belongs to, and its name. */
export interface StoredBody extends Omit<DataFolder, "format"> {
  /** 32 hex digits. */
  readonly id: string;
}

/**
 * The path of a body that is stored beside its collection, relative to the destination, whatever the format:
 *
 *     <endpoint>/<deployment>/_bodies/<collection, lower case>/
 *       inference_date=2026-11-22/inference_hour=05/<id>.bin
 *
 * The partition is that of its row, so that what is kept or deleted by time has both. Engines pass by what
 * begins with `_`, and no pattern for data matches the ending.
 */
export function bodyPath({
  endpoint,
  deployment,
  collection,
  partition,
  rollingRate,
  id,
}: StoredBody): string {
  const folders = hivePartition({ start: partition, rate: rollingRate });
  return `${endpoint}/${deployment}/${bodiesName}/${collectionKey(collection)}/${folders}/${id}.bin`;
}

const bodiesName = "_bodies";

/** Whether a path is one that {@link bodyPath} can have written. */
export function isBodyPath(path: string): boolean {
  return parseBodyPath(path) !== undefined;
}

/**
 * Reads a path that {@link bodyPath} can have written, whose collection is in lower case; undefined for any
 * other text.
 */
export function parseBodyPath(path: string): StoredBody | undefined {
  const [endpoint = "", deployment = "", name, collection = "", ...rest] = path.split("/", 8);
  const [, id] = /^([0-9a-f]{32})\.bin$/.exec(rest.at(-1) ?? "") ?? [];
  const partition = parseHivePartition(rest.slice(0, -1).join("/"));
  if (name !== bodiesName || id === undefined || partition === undefined) return undefined;
  const { start, rate: rollingRate } = partition;
  const body = { endpoint, deployment, collection, partition: start, rollingRate, id };
  return bodyPath(body) === path ? body : undefined;
}
