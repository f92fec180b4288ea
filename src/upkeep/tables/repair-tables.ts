import { DeltaTable } from "../../delta/delta-table.ts";
import type { TableFile } from "../../delta/described-file.ts";
import { type RepairedTable, repairTable } from "../../delta/repair.ts";
import { vacuumTable, type Vacuumed } from "../../delta/vacuum.ts";
import type { CatalogScope } from "../../reader/catalog.ts";
import { withoutReplaced } from "../../reader/listing/without-replaced.ts";
import type { DataFile } from "../../reader/data-file.ts";
import type { Store, UpkeepStore } from "../../store/store.ts";
import { everyFile, isOf } from "../partition.ts";

/** Which tables, and what to do. */
export interface TablesOptions extends CatalogScope {
  /** Only these collections. Default: all. */
  readonly collections?: readonly string[];
  /** Say what would be done, and do nothing. Default false. */
  readonly dryRun?: boolean;
  /** Now, milliseconds since 1970 UTC. */
  readonly now: number;
}

/** What became of the files that were removed from a table. */
export interface VacuumedTable extends Vacuumed {
  /** `<endpoint>/<deployment>/<collection>`. */
  readonly table: string;
}

/**
 * Makes the logs of tables have what is stored: of collections that have no log yet (`new`), or of those that
 * have one (`known`).
 */
export async function repairTables(
  store: Store,
  which: "new" | "known",
  { collections = [], dryRun = false, now, ...scope }: TablesOptions,
): Promise<RepairedTable[]> {
  const tables = await tablesOf(store, scope, collections);
  const repaired: RepairedTable[] = [];
  for (const [folder, files] of tables) {
    const table = new DeltaTable(store, folder);
    if (((await table.read()) === undefined) !== (which === "new")) continue;
    const present: TableFile[] = [];
    for await (const { path, size } of withoutReplaced(store, each(files)))
      present.push({ path, size, modifiedAt: now });
    const kept = new Set(present.map(({ path }) => path));
    const replaced = files.filter(({ path }) => !kept.has(path)).map(({ path }) => path);
    repaired.push(await repairTable(table, present, replaced, dryRun));
  }
  return repaired;
}

/** Deletes what was removed from tables long enough ago. */
export async function vacuumTables(
  store: UpkeepStore,
  { collections = [], dryRun = false, now, ...scope }: TablesOptions,
): Promise<VacuumedTable[]> {
  const vacuumed: VacuumedTable[] = [];
  for (const folder of (await tablesOf(store, scope, collections)).keys()) {
    const table = new DeltaTable(store, folder);
    if ((await table.read()) === undefined) continue;
    vacuumed.push({ table: folder, ...(await vacuumTable(store, table, { now, dryRun })) });
  }
  return vacuumed;
}

async function tablesOf(
  store: Store,
  scope: CatalogScope,
  collections: readonly string[],
): Promise<ReadonlyMap<string, DataFile[]>> {
  const tables = new Map<string, DataFile[]>();
  for await (const file of everyFile(store, scope)) {
    if (file.format !== "parquet" || !isOf(file, collections)) continue;
    const folder = `${file.endpoint}/${file.deployment}/${file.collection}`;
    const own = tables.get(folder) ?? [];
    own.push(file);
    tables.set(folder, own);
  }
  return tables;
}

async function* each<T>(items: Iterable<T>): AsyncGenerator<T, void, undefined> {
  yield* items;
}
