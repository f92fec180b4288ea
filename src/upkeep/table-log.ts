import { tableOf } from "../delta/described-file.ts";
import { DeltaTable } from "../delta/delta-table.ts";
import { CommitConflictError } from "../delta/unusable-log.ts";
import type { DataFile } from "../reader/data-file.ts";
import type { Store, StoreEntry } from "../store/store.ts";

/**
 * Tells the table's log, where a collection has one, that files are no longer part of it, and which one is
 * instead: in one commit, so that whoever reads by the log sees each row once. With `dataChange` the rows are
 * not the same any more. Done again it does nothing. Throws a `CommitConflictError`, and does nothing, where
 * another engine has replaced one of them, so that its rows are in another file already; and what a log and a
 * store throw.
 */
export async function tellLog(
  store: Store,
  gone: readonly Pick<DataFile, "path">[],
  instead: StoreEntry | undefined,
  dataChange: boolean,
): Promise<void> {
  const folder = gone.map(({ path }) => tableOf(path)).find((table) => table !== undefined);
  if (folder === undefined) return;
  const table = new DeltaTable(store, folder);
  const state = await table.read();
  if (state === undefined) return;
  const has = ({ path }: { readonly path: string }): boolean | undefined =>
    state.has(path.slice(folder.length + 1));
  const taken = gone.filter((file) => has(file) === false).map(({ path }) => path);
  if (taken.length > 0 && instead !== undefined && has(instead) === undefined)
    throw new CommitConflictError(`files of ${folder} were replaced meanwhile`, taken);
  const remove = gone.filter((file) => has(file) === true).map(({ path }) => path);
  const add =
    instead === undefined
      ? []
      : [{ path: instead.path, size: instead.size, modifiedAt: instead.lastModified }];
  const operation = dataChange ? "DELETE" : "OPTIMIZE";
  const { refused } = await table.commit({ add, remove, dataChange, operation, create: false });
  const [first] = refused;
  if (first !== undefined) throw new Error(`${first.path} cannot be part of its table: ${first.problem}`);
}
