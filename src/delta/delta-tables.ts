import { messageOf } from "../base/errors.ts";
import type { Store } from "../store/store.ts";
import { StoreError } from "../store/store-error.ts";
import { type TableFile, tableOf } from "./described-file.ts";
import { DeltaTable, type DeltaTableOptions } from "./delta-table.ts";
import type { TableLogs, TableTrouble } from "./table-logs.ts";
import { BusyLogError, UnusableLogError } from "./unusable-log.ts";

/** The Delta tables of a destination, one for each collection. */
export class DeltaTables implements TableLogs {
  readonly #store: Store;
  readonly #options: DeltaTableOptions;
  readonly #tables = new Map<string, DeltaTable>();

  constructor(store: Store, options: DeltaTableOptions = {}) {
    this.#store = store;
    this.#options = options;
  }

  async enter(files: readonly TableFile[]): Promise<readonly TableTrouble[]> {
    const troubles: TableTrouble[] = [];
    for (const [table, own] of byTable(files)) troubles.push(...(await this.#enter(table, own)));
    return troubles;
  }

  async #enter(table: string, files: readonly TableFile[]): Promise<readonly TableTrouble[]> {
    const log = this.#tables.get(table) ?? new DeltaTable(this.#store, table, this.#options);
    this.#tables.set(table, log);
    try {
      const { refused } = await log.commit({ add: files });
      return refused.map(({ path, problem }) => {
        const name = path.slice(path.lastIndexOf("/") + 1);
        return { table, files: 1, passes: false, problem: `${name} cannot be part of it: ${problem}` };
      });
    } catch (thrown) {
      // What it was known to be may be what is wrong with it, unless others were quicker or the store failed.
      if (!(thrown instanceof BusyLogError || thrown instanceof StoreError)) this.#tables.delete(table);
      const isFinal =
        thrown instanceof UnusableLogError || (thrown instanceof StoreError && thrown.failure === "rejected");
      const problem = thrown instanceof UnusableLogError ? thrown.message : messageOf(thrown);
      return [{ table, files: files.length, passes: !isFinal, problem }];
    }
  }
}

/** Files by the folder of their table; what is no data file is left out. */
export function byTable<F extends Pick<TableFile, "path">>(files: readonly F[]): ReadonlyMap<string, F[]> {
  const tables = new Map<string, F[]>();
  for (const file of files) {
    const table = tableOf(file.path);
    if (table === undefined) continue;
    const own = tables.get(table) ?? [];
    own.push(file);
    tables.set(table, own);
  }
  return tables;
}
