import { CollectorError } from "../../base/errors.ts";
import { deltaLogName } from "../../layout/dataset-path.ts";
import { isOwnName } from "../../layout/paths/others-path.ts";
import { isLogPath, logFolder, parseLogName } from "../../delta/log-paths.ts";
import type { LogState } from "../../delta/log-state.ts";
import { readLog } from "../../delta/read-log.ts";
import { UnusableLogError } from "../../delta/unusable-log.ts";
import type { Store } from "../../store/store.ts";
import type { DataFile } from "../data-file.ts";
import { reasonOf, type UnreadableFile, unreadableFile } from "../unreadable.ts";

/*
 * Where a collection is a Delta table, other engines may replace its files, too: they write new ones, and say
 * in the log which ones count. So of such a collection there are
 *
 * - the files that the log has,
 * - files of ours that it does not know: they are delivered, or made by upkeep, and entered soon after,
 * - but no file that it had once, and no other engine's that it does not know: that commit is yet to come.
 *
 * The log is taken as it was just before the partitions were listed. A newer one could name files that were
 * not there to be listed.
 */

/** Is told of a file of which nobody knows whether it counts: its table's log, at `log`, cannot be used. */
export type OnUnusable = (log: string, thrown: unknown, file: DataFile) => void;

/** What the logs of tables say, as one listing comes to them. */
export class TableFiles {
  readonly #store: Store;
  /** By table: the newest commit that was listed. */
  readonly #versions = new Map<string, number>();
  readonly #states = new Map<string, Promise<LogState | undefined>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Is to be given every path of a listing that comes in path order: a log comes before the partitions. */
  see(path: string): void {
    if (!isLogPath(path)) return;
    const table = tableIn(path);
    const { version = -1 } = parseLogName(path.slice(logFolder(table).length)) ?? {};
    this.#versions.set(table, Math.max(version, this.#versions.get(table) ?? -1));
  }

  /** Reads a table's log as it is now, if it has one. */
  async look(table: string): Promise<void> {
    const state = readLog(this.#store, table);
    this.#states.set(table, state);
    // Whoever wants one of its files is told.
    await state.catch(() => {});
  }

  /** The folder of a file's table, if it is of one that was seen. */
  tableOf({ path }: Pick<DataFile, "path">): string | undefined {
    const table = tableIn(path);
    return this.has(table) ? table : undefined;
  }

  /** Whether a table, by its folder, was seen. */
  has(table: string): boolean {
    return this.#versions.has(table);
  }

  /** Whether no table was seen, so that all files count. */
  get isEmpty(): boolean {
    return this.#versions.size + this.#states.size === 0;
  }

  /**
   * Those that count. Throws a `CollectorError` where a log cannot be used, to read or also to `write`, and
   * `onUnusable` is not told of it, or what the store throws.
   */
  async *current(
    files: AsyncIterable<DataFile>,
    onUnusable?: OnUnusable,
    to: "read" | "write" = "read",
  ): AsyncGenerator<DataFile, void, undefined> {
    for await (const file of files) {
      try {
        if (!this.isEmpty && !(await this.counts(file, to))) continue;
      } catch (thrown) {
        if (onUnusable === undefined || !(thrown instanceof CollectorError)) throw thrown;
        onUnusable(`${tableIn(file.path)}/${deltaLogName}`, thrown, file);
        continue;
      }
      yield file;
    }
  }

  /** Whether a file counts. Throws as {@link current} does. */
  async counts({ path, format }: DataFile, to: "read" | "write" = "read"): Promise<boolean> {
    if (format !== "parquet") return true;
    const table = tableIn(path);
    const state = await this.#stateOf(table, to);
    const isThere = state?.has(path.slice(table.length + 1));
    return state === undefined || (isThere ?? isOwnName(path));
  }

  /** What keeps upkeep from telling the log of a file's table, if it has one, of a change. */
  async problemOf({ path }: Pick<DataFile, "path">): Promise<UnreadableFile | undefined> {
    const table = tableIn(path);
    try {
      await this.#stateOf(table, "write");
      return undefined;
    } catch (thrown) {
      return { path: `${table}/${deltaLogName}`, reason: reasonOf(thrown) };
    }
  }

  async #stateOf(table: string, to: "read" | "write"): Promise<LogState | undefined> {
    const version = this.#versions.get(table);
    let state = this.#states.get(table);
    if (state === undefined) {
      if (version === undefined) return undefined;
      this.#states.set(table, (state = readLog(this.#store, table, version)));
    }
    try {
      const known = await state;
      known?.check(table, to);
      return known;
    } catch (thrown) {
      throw unusable(`${table}/${deltaLogName}`, thrown);
    }
  }
}

/** What to throw where a log throws. */
function unusable(log: string, thrown: unknown): unknown {
  return thrown instanceof UnusableLogError ? unreadableFile(log, thrown) : thrown;
}

/** The first three folders of a path: the table's. */
function tableIn(path: string): string {
  return path.split("/", 3).join("/");
}
