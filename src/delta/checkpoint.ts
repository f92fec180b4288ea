import { ownJson } from "../base/own-json.ts";
import type { NestedField, NestedType } from "../codec/parquet/nested/nested-type.ts";
import { writeNested } from "../codec/parquet/nested/nested-writer.ts";
import type { NestedRow } from "../codec/parquet/nested/shredded-rows.ts";
import type { Store } from "../store/store.ts";
import type { Action } from "./actions.ts";
import { checkpointPath, lastCheckpointPath, pathOfAction } from "./log-paths.ts";
import type { LogState } from "./log-state.ts";
import { checkpointActions } from "./read-log.ts";

const texts: NestedType = { map: "string" };

/**
 * The columns of a checkpoint (PROTOCOL.md of delta-io/delta, "Checkpoint Schema"): one row is one action.
 */
const columns: readonly NestedField[] = [
  struct("txn", { appId: "string", version: "int64", lastUpdated: "int64" }),
  struct("add", {
    path: "string",
    partitionValues: texts,
    size: "int64",
    modificationTime: "int64",
    dataChange: "boolean",
    stats: "string",
    tags: texts,
  }),
  struct("remove", {
    path: "string",
    deletionTimestamp: "int64",
    dataChange: "boolean",
    extendedFileMetadata: "boolean",
    partitionValues: texts,
    size: "int64",
  }),
  struct("metaData", {
    id: "string",
    name: "string",
    description: "string",
    format: structType({ provider: "string", options: texts }),
    schemaString: "string",
    partitionColumns: { list: "string" },
    createdTime: "int64",
    configuration: texts,
  }),
  struct("protocol", { minReaderVersion: "int32", minWriterVersion: "int32" }),
];

function struct(name: string, fields: Readonly<Record<string, NestedType>>): NestedField {
  return { name, type: structType(fields) };
}

function structType(fields: Readonly<Record<string, NestedType>>): NestedType {
  return { struct: Object.entries(fields).map(([name, type]) => ({ name, type })) };
}

/**
 * Stores a checkpoint of a table's state: what its last checkpoint has, passed on some rows at a time, and
 * what came after it, without what is `forgotten`, by paths within the table; and the pointer to it. Files
 * that were removed stay named however long ago that was: one that is still there would count again. False
 * if the store did not take it: the next commit tries again.
 */
export async function writeCheckpoint(
  store: Store,
  table: string,
  state: LogState,
  forgotten: ReadonlySet<string> = new Set(),
): Promise<boolean> {
  let [size, adds] = [0, 0];
  const rows = async function* (): AsyncGenerator<NestedRow> {
    for await (const action of stateActions(store, table, state)) {
      if (action.remove && forgotten.has(pathOfAction(action.remove.path))) continue;
      size++;
      if (action.add) adds++;
      yield action as NestedRow;
    }
  };
  const pieces: Uint8Array[] = [];
  for await (const piece of writeNested(columns, rows())) pieces.push(new Uint8Array(piece));
  const bytes = Buffer.concat(pieces);
  const contentType = "application/vnd.apache.parquet";
  const result = await store.put(checkpointPath(table, state.version), bytes, { contentType });
  // Another one's is as good.
  if (result.status !== "stored" && result.status !== "exists" && result.status !== "conflict") return false;
  const pointer = { version: state.version, size, sizeInBytes: bytes.length, numOfAddFiles: adds };
  await store.replace?.(lastCheckpointPath(table), new TextEncoder().encode(ownJson(pointer)));
  return true;
}

/** All actions that make a table what it is, each file named once. */
export async function* stateActions(
  store: Store,
  table: string,
  state: LogState,
): AsyncGenerator<Action, void, undefined> {
  const { protocol, metadata, transactions, recent, checkpoint } = state;
  if (protocol) yield { protocol };
  if (metadata) yield { metaData: metadata };
  for (const txn of transactions.values()) yield { txn };
  if (checkpoint >= 0) {
    for await (const { add, remove } of checkpointActions(store, table, checkpoint, "whole")) {
      const path = add?.path ?? remove?.path;
      if (path !== undefined && !recent.has(pathOfAction(path))) yield add ? { add } : { remove: remove! };
    }
  }
  for (const { add, remove } of recent.values()) yield add ? { add } : { remove: remove! };
}
