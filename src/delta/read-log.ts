import { openParquet } from "../codec/parquet/parquet-file.ts";
import { readParquetColumns } from "../codec/parquet/parquet-decoder.ts";
import { withOnlyFields } from "../codec/parquet/nested/pruned.ts";
import { ObjectNotFoundError, type Store, type StoreEntry } from "../store/store.ts";
import { StoreError } from "../store/store-error.ts";
import { type Action, checkAction, parseCommit } from "./actions.ts";
import { checkpointPrefix, commitPath, lastCheckpointPath, logFolder, parseLogName } from "./log-paths.ts";
import { LogState } from "./log-state.ts";
import { UnusableLogError } from "./unusable-log.ts";

/** Commits that are asked for at once, at most. */
const maxAtOnce = 32;

/**
 * What a table is now, or was at version `upTo`, by its newest checkpoint and the commits after it; undefined
 * where there is no log. Throws an {@link UnusableLogError}, or what the store throws.
 */
export async function readLog(
  store: Store,
  table: string,
  upTo: number = Number.POSITIVE_INFINITY,
): Promise<LogState | undefined> {
  const pointed = await lastCheckpoint(store, table);
  const isEarly = pointed !== undefined && pointed <= upTo;
  const state = (isEarly ? await fromCheckpoint(store, table, pointed) : undefined) ?? new LogState();
  await readOn(store, table, state, upTo);
  if (state.version >= 0) return state;
  // No pointer and no first commit: whoever cleans logs up leaves neither.
  const listed = await newestCheckpoint(store, table, upTo);
  if (listed === undefined) return undefined;
  const found = await fromCheckpoint(store, table, listed);
  if (found === undefined) throw new UnusableLogError(`the log of ${table} lacks its first commits`);
  await readOn(store, table, found, upTo);
  return found;
}

/** Reads the versions that came since, up to this one. */
export async function readOn(
  store: Store,
  table: string,
  state: LogState,
  upTo: number = Number.POSITIVE_INFINITY,
): Promise<void> {
  for (let atOnce = 1; state.version < upTo; atOnce = Math.min(atOnce * 2, maxAtOnce)) {
    const length = Math.min(atOnce, upTo - state.version);
    const asked = Array.from({ length }, (_, i) => commitPath(table, state.version + 1 + i));
    const commits = await Promise.all(asked.map((path) => readCommit(store, path)));
    for (const actions of commits) {
      if (actions === undefined) return;
      state.advance(actions);
    }
  }
}

async function readCommit(store: Store, path: string): Promise<readonly Action[] | undefined> {
  try {
    return parseCommit(path, await store.get(path));
  } catch (thrown) {
    if (thrown instanceof ObjectNotFoundError) return undefined;
    throw thrown;
  }
}

/** Which checkpoint `_last_checkpoint` names. */
export async function lastCheckpoint(store: Store, table: string): Promise<number | undefined> {
  try {
    const text = new TextDecoder().decode(await store.get(lastCheckpointPath(table)));
    const { version } = JSON.parse(text) as { readonly version?: unknown };
    return Number.isSafeInteger(version) ? (version as number) : undefined;
  } catch (thrown) {
    // Half a pointer is none: it only saves a look at the folder.
    if (thrown instanceof ObjectNotFoundError || thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

async function newestCheckpoint(store: Store, table: string, upTo: number): Promise<number | undefined> {
  let newest: number | undefined;
  for await (const { path } of store.list(logFolder(table))) {
    const { version, parts } = parseLogName(path.slice(logFolder(table).length)) ?? {};
    if (version !== undefined && version <= upTo && parts !== undefined)
      newest = Math.max(newest ?? 0, version);
  }
  return newest;
}

/** The state of a checkpoint; undefined if it is not there, not whole or cannot be read. */
async function fromCheckpoint(store: Store, table: string, version: number): Promise<LogState | undefined> {
  const state = new LogState();
  try {
    for await (const action of checkpointActions(store, table, version, "paths")) state.restore(action);
  } catch (thrown) {
    if (thrown instanceof StoreError) throw thrown;
    return undefined;
  }
  if (state.metadata === undefined) return undefined;
  state.version = state.checkpoint = version;
  return state;
}

const addFields = ["path", "partitionValues", "size", "modificationTime", "dataChange", "stats", "tags"];

/**
 * The actions of a checkpoint, some rows at a time in memory: whole, or of files that are there only their
 * `paths`. Throws an {@link UnusableLogError} if it is not there, or lacks a part.
 */
export async function* checkpointActions(
  store: Store,
  table: string,
  version: number,
  what: "whole" | "paths",
): AsyncGenerator<Action, void, undefined> {
  const columns = ["protocol", "metaData", "txn", "add", "remove"];
  const files = await checkpointFiles(store, table, version);
  if (files.length === 0)
    throw new UnusableLogError(`checkpoint ${version} of ${table} is not there, or not whole`);
  for (const { path, size } of files) {
    const read = (start: number, end: number): Promise<Uint8Array> =>
      store.get(path, { range: { start, end } });
    const file = await openParquet({ size, read });
    const fields = what === "paths" ? ["path"] : addFields;
    for await (const part of readParquetColumns(withOnlyFields(file, "add", fields), { columns })) {
      for (let row = 0; row < part.length; row++) {
        const action = Object.fromEntries(
          columns.map((name) => [name, plain(part.columns.get(name)?.[row])]),
        );
        if (what === "whole") checkAction(path, action);
        yield action as Action;
      }
    }
  }
}

async function checkpointFiles(store: Store, table: string, version: number): Promise<readonly StoreEntry[]> {
  const found: (StoreEntry & { readonly parts: number })[] = [];
  for await (const entry of store.list(checkpointPrefix(table, version))) {
    const { parts } = parseLogName(entry.path.slice(logFolder(table).length)) ?? {};
    if (parts !== undefined) found.push({ ...entry, parts });
  }
  const single = found.find(({ parts }) => parts === 1);
  if (single !== undefined) return [single];
  return found.length > 0 && found.length === found[0]?.parts ? found : [];
}

/** As an action of a commit has it: no null members, and numbers for integers. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value ?? undefined;
  const members = Object.entries(value).filter(([, member]) => member !== null && member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, plain(member)]));
}
