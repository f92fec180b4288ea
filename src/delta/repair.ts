import { isOwnName, parseAnyPath } from "../layout/paths/others-path.ts";
import type { DeltaTable } from "./delta-table.ts";
import type { RefusedFile, TableFile } from "./described-file.ts";

/** What a repair found, and did. */
export interface RepairedTable {
  /** `<endpoint>/<deployment>/<collection>`. */
  readonly table: string;
  /** Its version after it; undefined if there was and is no log. */
  readonly version: number | undefined;
  /** Files that were stored and not in the log. */
  readonly added: number;
  /** Files that the log had, and that others have replaced since. */
  readonly removed: number;
  /** Files that cannot be part of the table. */
  readonly refused: readonly RefusedFile[];
  /** Files that the log has, and that are not stored: as paths relative to the destination. */
  readonly missing: readonly string[];
}

/** Files that are added by one commit, at most. */
const maxFilesAtOnce = 1_000;

/**
 * Makes a table's log have what is stored of its collection, from the first file on if there is no log. To do
 * it again, or while others deliver, is harmless. Throws what a commit throws.
 *
 * @param present the files of the collection that no other one replaces.
 * @param replaced those that others replace.
 */
export async function repairTable(
  table: DeltaTable,
  present: readonly TableFile[],
  replaced: readonly string[],
  dryRun: boolean,
): Promise<RepairedTable> {
  const before = await table.read();
  const has = (path: string): boolean | undefined => before?.has(path.slice(table.folder.length + 1));
  // What another engine has written is part of a table once its own commit says so.
  const isMeant = (path: string): boolean => before === undefined || isOwnName(path);
  const wanted = present.filter(({ path }) => has(path) === undefined && isMeant(path));
  const gone = replaced.filter((path) => has(path) === true);
  if (wanted.length + gone.length > 0) before?.check(table.folder, "write");
  const missing = await missingFiles(table, present, replaced);
  const facts = { table: table.folder, missing };
  if (dryRun) {
    const counts = { added: wanted.length, removed: gone.length };
    return { ...facts, version: before?.version, ...counts, refused: [] };
  }
  const refused: RefusedFile[] = [];
  let added = 0;
  const operation = before === undefined ? "CONVERT" : "REPAIR";
  for (let at = 0; at < wanted.length || (at === 0 && gone.length > 0); at += maxFilesAtOnce) {
    const add = wanted.slice(at, at + maxFilesAtOnce);
    // With what replaces them, so that no version has both or neither.
    const remove = at === 0 ? gone : [];
    const result = await table.commit({ add, remove, operation, dataChange: remove.length === 0 });
    added += result.added.length;
    refused.push(...result.refused);
  }
  return { ...facts, version: (await table.read())?.version, added, removed: gone.length, refused };
}

/** Files that a log has, and that are not among those that are stored. */
export async function missingFiles(
  table: DeltaTable,
  present: readonly Pick<TableFile, "path">[],
  replaced: readonly string[],
): Promise<readonly string[]> {
  const stored = new Set([...present.map(({ path }) => path), ...replaced]);
  const missing: string[] = [];
  for (const [path, removedAt] of (await table.read())?.files ?? []) {
    const full = `${table.folder}/${path}`;
    if (removedAt === 0 && parseAnyPath(full) !== undefined && !stored.has(full)) missing.push(full);
  }
  return missing.sort();
}
