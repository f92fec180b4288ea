import { openParquet } from "../codec/parquet/parquet-file.ts";
import { hivePartition, type RollingRate } from "../layout/partition.ts";
import { parseAnyPath } from "../layout/paths/others-path.ts";
import { ObjectNotFoundError, type Store } from "../store/store.ts";
import { StoreError } from "../store/store-error.ts";
import { type AddFile, type Action } from "./actions.ts";
import { fileStats } from "./file-stats.ts";
import { actionPath } from "./log-paths.ts";
import { tableField, type TableField } from "./table-schema.ts";

/** A stored file that is to be part of its collection's table. */
export interface TableFile {
  /** Relative to the destination. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** When it was stored, milliseconds since 1970 UTC. */
  readonly modifiedAt: number;
}

/** What a table needs to know of a file. */
export interface DescribedFile {
  readonly path: string;
  readonly fields: readonly TableField[];
  readonly rate: RollingRate;
  readonly add: AddFile;
}

/** A file that cannot be part of a table, and why. */
export interface RefusedFile {
  readonly path: string;
  readonly problem: string;
}

/** The folder of the collection that a file is of: that of its table. Undefined for what is no data file. */
export function tableOf(path: string): string | undefined {
  const stored = parseAnyPath(path);
  if (stored?.kind !== "parquet") return undefined;
  return `${stored.endpoint}/${stored.deployment}/${stored.collection}`;
}

/**
 * Reads a file's footer: one request. Undefined if there is no such file any more. Throws what the store
 * throws.
 */
export async function describeFile(
  store: Store,
  { path, size, modifiedAt }: TableFile,
): Promise<DescribedFile | RefusedFile | undefined> {
  const stored = parseAnyPath(path);
  if (stored?.kind !== "parquet") return { path, problem: "it is no data file of a collection" };
  const { endpoint, deployment, collection, partition, rollingRate: rate } = stored;
  try {
    const read = (start: number, end: number): Promise<Uint8Array> =>
      store.get(path, { range: { start, end } });
    const file = await openParquet({ size, read }, "end");
    const fields: TableField[] = [];
    for (const { name, type } of file.info.columns) {
      const field = tableField(name, type);
      if (field === undefined) return { path, problem: `its column ${name} is of the type ${type}` };
      fields.push(field);
    }
    const add = {
      path: actionPath(path.slice(`${endpoint}/${deployment}/${collection}/`.length)),
      partitionValues: partitionValues(hivePartition({ start: partition, rate })),
      size,
      modificationTime: Math.trunc(modifiedAt),
      dataChange: true,
      stats: fileStats(file),
    };
    return { path, fields, rate, add };
  } catch (thrown) {
    if (thrown instanceof ObjectNotFoundError) return undefined;
    if (thrown instanceof StoreError) throw thrown;
    return { path, problem: thrown instanceof Error ? thrown.message : "it cannot be read" };
  }
}

/**
 * `inference_date=2026-11-22/inference_hour=05` as Delta writes values of columns: a date, and the number 5.
 */
function partitionValues(folders: string): AddFile["partitionValues"] {
  const pairs = folders.split("/").map((folder) => folder.split("=") as [string, string]);
  return Object.fromEntries(pairs.map(([key, value], i) => [key, i === 0 ? value : String(Number(value))]));
}

/** The action that takes a file out of a table. */
export function removal(
  file: Partial<AddFile> & Pick<AddFile, "path">,
  now: number,
  dataChange: boolean,
): Action {
  const { path, partitionValues, size } = file;
  const facts = { path, deletionTimestamp: now, dataChange };
  if (partitionValues === undefined || size === undefined) return { remove: facts };
  return { remove: { ...facts, extendedFileMetadata: true, partitionValues, size } };
}
