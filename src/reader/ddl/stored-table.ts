import type { ColumnType } from "../../layout/column-type.ts";
import { collectionKey } from "../../layout/collection-key.ts";
import { everyTime, partitionKeys, type RollingRate } from "../../layout/partition.ts";
import { systemColumnList } from "../../layout/system-columns.ts";
import type { Catalog } from "../catalog.ts";
import { type CollectionFiles, type DeploymentFiles, takeInventory, unusableLogs } from "../sql/inventory.ts";
import type { UnreadableFile } from "../unreadable.ts";

/** One folder of Parquet files, as an engine can define it as a table. */
export interface StoredTable {
  /**
   * The collection, or with endpoint and deployment before it where several have one of that name; of
   * letters, digits and `_`, which is what a table may be called in every engine.
   */
  readonly name: string;
  /** Below the root: `<endpoint>/<deployment>/<collection>`. */
  readonly folder: string;
  /** Features as they are pinned, then system columns. */
  readonly columns: readonly TableColumn[];
  /** The partition keys, from the outermost in; the first is a date, the others are whole numbers. */
  readonly keys: readonly string[];
  /** Whether it is a Delta table: then its log says which files count. */
  readonly isDelta: boolean;
}

/** A column of a {@link StoredTable}. */
export interface TableColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** A collection that engines cannot have as a table, and why. */
export interface LeftOut {
  readonly folder: string;
  readonly reason: string;
}

/** What a store has for engines. */
export interface StoredTables {
  /** By name. */
  readonly tables: readonly StoredTable[];
  readonly leftOut: readonly LeftOut[];
  /** Delta logs that cannot be used: their collections are left out, too. */
  readonly unreadable: readonly UnreadableFile[];
}

/** The tables of a store: from its listing and the pinned types, no data file is read. */
export async function storedTables(catalog: Catalog): Promise<StoredTables> {
  const tables: StoredTable[] = [];
  const leftOut: LeftOut[] = [];
  const unreadable: UnreadableFile[] = [];
  for (const collection of await takeInventory(catalog, everyTime)) {
    unreadable.push(...unusableLogs(collection));
    for (const files of collection.deployments.filter(({ unusable }) => unusable === undefined)) {
      const folder = `${files.endpoint}/${files.deployment}/${collection.name}`;
      const reason = fault(files);
      if (reason !== undefined) leftOut.push({ folder, reason });
      else tables.push(tableOf(collection, files, folder));
    }
  }
  return { tables: withNamesApart(tables), leftOut, unreadable };
}

function fault({ pins, sets }: DeploymentFiles): string | undefined {
  if (sets.length > 0 && sets.every(({ format }) => format === "jsonl"))
    return "it is stored as JSON lines; mdc export makes Parquet of them";
  if (pins === undefined) return "no types are pinned for it";
  const depths = new Set(sets.flatMap((set) => (set.format === "parquet" ? [set.rollingRate] : [])));
  if (depths.size > 1) return `its folders are of several depths: ${[...depths].join(", ")}`;
  return undefined;
}

function tableOf(
  { name, deployments }: CollectionFiles,
  files: DeploymentFiles,
  folder: string,
): StoredTable {
  const { endpoint, deployment, pins, sets } = files;
  const rate = sets.find(({ format }) => format === "parquet")?.rollingRate ?? pins?.rollingRate ?? "hour";
  return {
    name: identifier(deployments.length === 1 ? name : [endpoint, deployment, name].join("_")),
    folder,
    columns: [
      ...Array.from(pins?.columns ?? [], ([column, type]) => ({ name: column, type })),
      ...systemColumnList.map(({ name: column, type }) => ({ name: column, type })),
    ],
    keys: partitionKeys.slice(0, depths[rate]),
    isDelta: files.isDelta,
  };
}

function identifier(name: string): string {
  const word = name.replaceAll(/\W/g, "_");
  return /^\d/.test(word) ? `t_${word}` : word;
}

/** `a-b` and `a.b` are two collections. */
function withNamesApart(tables: readonly StoredTable[]): StoredTable[] {
  const seen = new Map<string, number>();
  return tables.map((table) => {
    const times = (seen.get(collectionKey(table.name)) ?? 0) + 1;
    seen.set(collectionKey(table.name), times);
    return times === 1 ? table : { ...table, name: `${table.name}_${times}` };
  });
}

const depths: Readonly<Record<RollingRate, number>> = { day: 1, hour: 2, minute: 3 };
