import { collectionKey } from "../layout/collection-key.ts";
import { pathPrefix } from "../layout/dataset-path.ts";
import { parseAnyPath } from "../layout/paths/others-path.ts";
import { type Partition, partitionStart } from "../layout/partition.ts";
import { type PlanPlace, upkeepKind } from "../layout/upkeep/upkeep-path.ts";
import type { CatalogScope } from "../reader/catalog.ts";
import { type DataFile, parseDataFile } from "../reader/data-file.ts";
import type { TableFiles } from "../reader/listing/table-files.ts";
import { folderOf, type Store } from "../store/store.ts";

/** A partition of a collection, and its files of one format, in path order. */
export interface PartitionFiles {
  readonly place: PlanPlace;
  /** Where they are; ends in a slash. */
  readonly folder: string;
  readonly files: readonly DataFile[];
}

/** The partitions of files, which come in path order. */
export async function* partitionsOf(
  files: AsyncIterable<DataFile>,
): AsyncGenerator<PartitionFiles, void, undefined> {
  let together: DataFile[] = [];
  for await (const file of files) {
    const [first] = together;
    const isSame = folderIn(first?.path ?? "") === folderIn(file.path) && first?.format === file.format;
    if (first !== undefined && !isSame) {
      yield partitionOf(first, together);
      together = [];
    }
    together.push(file);
  }
  const [first] = together;
  if (first !== undefined) yield partitionOf(first, together);
}

/** The same partition as it is now. */
export async function lookAgain(store: Store, { place, folder }: PartitionFiles): Promise<PartitionFiles> {
  const { objects } = await folderOf(store, folder);
  const files = objects.map(parseDataFile).filter((file) => file !== undefined);
  return { place, folder, files: files.filter(({ format }) => format === place.format) };
}

/**
 * Every data file of a scope as it is stored, those that others replace included, in path order; `onPlan` is
 * told the paths of the plans that there are, and `tables` of all.
 */
export async function* everyFile(
  store: Store,
  { endpoint, deployment }: CatalogScope,
  onPlan?: (path: string) => void,
  tables?: TableFiles,
): AsyncGenerator<DataFile, void, undefined> {
  for await (const entry of store.list(pathPrefix(endpoint, deployment))) {
    if (upkeepKind(entry.path) === "plan") onPlan?.(entry.path);
    tables?.see(entry.path);
    const file = parseDataFile(entry);
    if (file !== undefined && (deployment === undefined || file.deployment === deployment)) yield file;
  }
}

/** Whether a file is of one of these collections; of all if none is named. */
export function isOf(file: Pick<DataFile, "collection">, collections: readonly string[]): boolean {
  const key = collectionKey(file.collection);
  return collections.length === 0 || collections.some((name) => collectionKey(name) === key);
}

function partitionOf(first: DataFile, files: readonly DataFile[]): PartitionFiles {
  const { endpoint, deployment, collection } = first;
  const path = parseAnyPath(first.path);
  if (path?.kind !== "parquet" && path?.kind !== "jsonl")
    throw new Error(`${first.path}: no path of a data file`);
  const partition =
    path.kind === "parquet" ? { start: path.partition, rate: path.rollingRate } : linesPartition(path.hour);
  const place = { endpoint, deployment, collection, format: first.format, ...partition };
  return { place, folder: folderIn(first.path), files };
}

/** The partition of JSON lines in an hour's folder; in that of a day's first are rows of all the day. */
export function linesPartition(hour: number): Partition {
  return { start: hour, rate: hour === partitionStart(hour, "day") ? "day" : "hour" };
}

function folderIn(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}
