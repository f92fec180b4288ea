import type { Action, Metadata, Protocol, RemoveFile, Transaction } from "./actions.ts";
import { pathOfAction } from "./log-paths.ts";
import { parseSchema, type TableField } from "./table-schema.ts";
import { UnusableLogError } from "./unusable-log.ts";

/** What somebody of this version can read, and write. */
const known = { reader: 1, writer: 2 };

/** What the last action that names a file does to it, and the version that does it. */
export type FileAction = Pick<Action, "add" | "remove"> & { readonly version: number };

/**
 * What a table is at one version ("Action Reconciliation"). Of files before its checkpoint it knows no more
 * than whether they are part of the table, so that a table of many files takes little memory; what came after
 * the checkpoint it has whole.
 */
export class LogState {
  version = -1;
  protocol: Protocol | undefined;
  metadata: Metadata | undefined;
  readonly transactions: Map<string, Transaction> = new Map();
  /** The version of the newest checkpoint that it knows; -1 for none. */
  checkpoint = -1;
  /**
   * By path within the table: of each file when it was removed, milliseconds since 1970 UTC; 0 if it is
   * there.
   */
  readonly files: Map<string, number> = new Map();
  /** What came after the checkpoint, by path within the table. */
  readonly recent: Map<string, FileAction> = new Map();

  /** Whether a file, by its path within the table, is part of it; undefined for one that it never knew. */
  has(path: string): boolean | undefined {
    const removedAt = this.files.get(path);
    return removedAt === undefined ? undefined : removedAt === 0;
  }

  /** The table's columns. */
  get fields(): readonly TableField[] {
    return this.metadata === undefined ? [] : parseSchema(this.metadata.schemaString);
  }

  /** An action of a checkpoint: its files are not kept whole. */
  restore(action: Action): void {
    this.#apply(action);
    const { add, remove } = action;
    if (add) this.files.set(pathOfAction(add.path), 0);
    else if (remove) this.files.set(pathOfAction(remove.path), removedAt(remove));
  }

  /** The actions of the next version. */
  advance(actions: readonly Action[]): void {
    const added = new Set(actions.map(({ add }) => add?.path));
    for (const action of actions) {
      this.#apply(action);
      const { add, remove } = action;
      if (add) this.#file(add.path, 0, { add, version: this.version + 1 });
      // A commit's actions have no order, and one that is added in it is there.
      else if (remove && !added.has(remove.path))
        this.#file(remove.path, removedAt(remove), { remove, version: this.version + 1 });
    }
    this.version++;
  }

  /** There is a checkpoint of this version: what came until then is in it, and no longer kept whole. */
  checkpointed(version: number): void {
    if (version <= this.checkpoint || version > this.version) return;
    this.checkpoint = version;
    for (const [path, action] of this.recent) if (action.version <= version) this.recent.delete(path);
  }

  #file(path: string, at: number, action: FileAction): void {
    const plain = pathOfAction(path);
    this.files.set(plain, at);
    this.recent.set(plain, action);
  }

  #apply({ protocol, metaData, txn }: Action): void {
    if (protocol) this.protocol = protocol;
    if (metaData) this.metadata = metaData;
    if (txn) this.transactions.set(txn.appId, txn);
  }

  /** Throws an {@link UnusableLogError} if a table of this protocol is not for this version. */
  check(table: string, to: "read" | "write"): void {
    if (this.protocol === undefined || this.metadata === undefined)
      throw new UnusableLogError(`the log of ${table} does not say what the table is`);
    const { minReaderVersion: reader, minWriterVersion: writer } = this.protocol;
    if (reader > known.reader || (to === "write" && writer > known.writer)) {
      throw new UnusableLogError(
        `the log of ${table} wants version ${reader} of the protocol for reading and ${writer} for writing; this version knows ${known.reader} and ${known.writer}`,
      );
    }
  }
}

/** When a file was removed; one that does not say it, long ago. */
export function removedAt({ deletionTimestamp }: RemoveFile): number {
  return Math.max(1, deletionTimestamp ?? 1);
}
