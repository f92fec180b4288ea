import { DeltaTable } from "../../delta/delta-table.ts";
import type { TableFile } from "../../delta/described-file.ts";
import { type RepairedTable, repairTable } from "../../delta/repair.ts";
import { UnusableLogError } from "../../delta/unusable-log.ts";
import { vacuumTable, type Vacuumed } from "../../delta/vacuum.ts";
import { deltaLogName } from "../../layout/dataset-path.ts";
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
  /** Why its log cannot be used, if so: nothing is deleted then. */
  readonly problem?: string;
}

/**
 * Makes the logs of tables have what is stored: of collections that have no log yet (`new`), or of those that
 * have one (`known`). A log that cannot be used is one that is refused.
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
    const unusable = { table: folder, version: undefined, added: 0, removed: 0, missing: [] };
    const one = await orProblem(
      async () => {
        if (((await table.read()) === undefined) !== (which === "new")) return undefined;
        const present: TableFile[] = [];
        for await (const { path, size } of withoutReplaced(store, each(files)))
          present.push({ path, size, modifiedAt: now });
        const kept = new Set(present.map(({ path }) => path));
        const replaced = files.filter(({ path }) => !kept.has(path)).map(({ path }) => path);
        return await repairTable(table, present, replaced, dryRun);
      },
      (problem) => ({ ...unusable, refused: [{ path: `${folder}/${deltaLogName}`, problem }] }),
    );
    if (one !== undefined) repaired.push(one);
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
    const one = await orProblem<Omit<VacuumedTable, "table"> | undefined>(
      async () =>
        (await table.read()) === undefined ? undefined : await vacuumTable(store, table, { now, dryRun }),
      (problem) => ({ deleted: 0, kept: 0, problem }),
    );
    if (one !== undefined) vacuumed.push({ table: folder, ...one });
  }
  return vacuumed;
}

/** What `does` gives, or `otherwise` of why a log cannot be used. */
async function orProblem<T>(does: () => Promise<T>, otherwise: (problem: string) => T): Promise<T> {
  try {
    return await does();
  } catch (thrown) {
    if (thrown instanceof UnusableLogError) return otherwise(thrown.message);
    throw thrown;
  }
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
