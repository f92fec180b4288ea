import type { UpkeepStore } from "../store/store.ts";
import type { DeltaTable } from "./delta-table.ts";

/** How long a removed file is kept: Delta's own default. */
const removedKeptMs = 7 * 86_400_000;
/** How long it stays named, so that whoever delivers it again, late, does not add it again. */
const removedNamedMs = 30 * 86_400_000;

/** What a vacuum did. */
export interface Vacuumed {
  /** Files that were deleted, or would be. */
  readonly deleted: number;
  /** Files that were removed from the table and are kept, for whoever reads an older version. */
  readonly kept: number;
}

/**
 * Deletes the files that were removed from a table longer than seven days ago, Delta's own time for that. No
 * other file is touched: one that the log does not know may only just have been delivered. What is gone for
 * long the log need not name any more. Throws an `UnusableLogError` where this version may not commit.
 */
export async function vacuumTable(
  store: UpkeepStore,
  table: DeltaTable,
  { now, dryRun = false }: { readonly now: number; readonly dryRun?: boolean },
): Promise<Vacuumed> {
  const state = await table.read();
  let [deleted, kept] = [0, 0];
  const removed = new Map<string, number>();
  for (const [path, at] of state?.files ?? []) if (at > 0) removed.set(`${table.folder}/${path}`, at);
  if (removed.size === 0) return { deleted, kept };
  state?.check(table.folder, "write");
  const gone = new Map(removed);
  for await (const { path } of store.list(`${table.folder}/`)) {
    const at = removed.get(path);
    if (at === undefined) continue;
    gone.delete(path);
    if (at + removedKeptMs >= now) {
      kept++;
      continue;
    }
    deleted++;
    if (!dryRun) await store.delete(path);
  }
  const old = [...gone].filter(([, at]) => at + removedNamedMs < now);
  const paths = old.map(([path]) => path.slice(table.folder.length + 1));
  if (!dryRun && paths.length > 0) await table.forget(new Set(paths));
  return { deleted, kept };
}
