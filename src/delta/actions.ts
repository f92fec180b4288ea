import { ownJson } from "../base/own-json.ts";
import { UnusableLogError } from "./unusable-log.ts";

/*
 * What a commit does: lines of JSON, each an object of one action (PROTOCOL.md of delta-io/delta, "Actions").
 * What stands in an action and is not here is of no use to us, and stays in the commit.
 */

/** Which versions of the protocol one must know to read the table, and to write it. */
export interface Protocol {
  readonly minReaderVersion: number;
  readonly minWriterVersion: number;
}

/** What the table is. */
export interface Metadata {
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly format: { readonly provider: string; readonly options: Readonly<Record<string, string>> };
  /** JSON: see `table-schema.ts`. */
  readonly schemaString: string;
  readonly partitionColumns: readonly string[];
  readonly createdTime?: number;
  readonly configuration: Readonly<Record<string, string>>;
}

/** A file is part of the table. */
export interface AddFile {
  /** See `actionPath`. */
  readonly path: string;
  readonly partitionValues: Readonly<Record<string, string | null>>;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970 UTC. */
  readonly modificationTime: number;
  readonly dataChange: boolean;
  /** JSON: see `file-stats.ts`. */
  readonly stats?: string;
  readonly tags?: Readonly<Record<string, string | null>>;
}

/** A file is part of the table no more. It stays where it is until it may be vacuumed. */
export interface RemoveFile {
  readonly path: string;
  /** Milliseconds since 1970 UTC. */
  readonly deletionTimestamp?: number;
  readonly dataChange: boolean;
  readonly extendedFileMetadata?: boolean;
  readonly partitionValues?: Readonly<Record<string, string | null>>;
  readonly size?: number;
}

/** How far an application has come. */
export interface Transaction {
  readonly appId: string;
  readonly version: number;
  readonly lastUpdated?: number;
}

/** One action; several of them are set in a checkpoint's columns only. */
export interface Action {
  readonly protocol?: Protocol;
  readonly metaData?: Metadata;
  readonly add?: AddFile;
  readonly remove?: RemoveFile;
  readonly txn?: Transaction;
  readonly commitInfo?: Readonly<Record<string, unknown>>;
}

/** The bytes of a commit. */
export function commitBytes(actions: readonly Action[]): Uint8Array {
  return new TextEncoder().encode(actions.map((action) => `${ownJson(action)}\n`).join(""));
}

const decoder = new TextDecoder();

/** Reads a commit; throws an {@link UnusableLogError} that names it for what is none. */
export function parseCommit(path: string, bytes: Uint8Array): readonly Action[] {
  const actions: Action[] = [];
  for (const line of decoder.decode(bytes).split("\n")) {
    if (line.trim() === "") continue;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw new UnusableLogError(`${path} has a line that is not JSON`);
    }
    actions.push(checkAction(path, value));
  }
  return actions;
}

/** Throws unless what is used of an action is of the right kind. */
export function checkAction(path: string, value: unknown): Action {
  const action = value as Action;
  const { protocol, metaData, add, remove, txn } = isObject(value) ? action : ({} as Action);
  const isSound =
    isObject(value) &&
    (!has(protocol) || (isWhole(protocol.minReaderVersion) && isWhole(protocol.minWriterVersion))) &&
    (!has(metaData) || isMetadata(metaData)) &&
    (!has(add) || (typeof add.path === "string" && isObject(add.partitionValues) && isWhole(add.size))) &&
    (!has(remove) || typeof remove.path === "string") &&
    (!has(txn) || (typeof txn.appId === "string" && Number.isSafeInteger(txn.version)));
  if (!isSound) throw new UnusableLogError(`${path} has an action that is not as the protocol says`);
  return action;
}

function isMetadata({ id, schemaString, partitionColumns }: Metadata): boolean {
  return typeof id === "string" && typeof schemaString === "string" && Array.isArray(partitionColumns);
}

function has<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isWhole(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
