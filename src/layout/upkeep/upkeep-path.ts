import { sha256 } from "../../base/checksum.ts";
import { collectionKey } from "../collection-key.ts";
import type { FileFormat } from "../format.ts";
import { azureMlPartition, hivePartition, type Partition } from "../partition.ts";

/*
 * What upkeep (compaction, purge, erasure) writes beside the collections, relative to the destination:
 *
 *     <endpoint>/<deployment>/_upkeep/
 *       plans/<collection, lower case>/inference_date=2026-11-22/inference_hour=05/plan.json
 *       plans/<collection, lower case>/2026/11/22/05/plan.json   of its files of JSON lines
 *       records/2026-11-29/20261129T130000000Z-<id>.json
 *
 * A plan is there while somebody replaces files of that partition, so it is a lock, too. Records stay: they
 * tell what was taken away on purpose. Engines pass by what begins with `_`.
 */

/** Where a deployment's upkeep is written: no collection's name begins so. */
export const upkeepName = "_upkeep";

/** Files of one format in which partition of which collection. */
export interface PlanPlace extends Partition {
  readonly endpoint: string;
  readonly deployment: string;
  readonly collection: string;
  readonly format: FileFormat;
}

/** The path of the plan of a partition, of which there is one at most. */
export function planPath({ endpoint, deployment, collection, format, ...partition }: PlanPlace): string {
  const folders = format === "jsonl" ? azureMlPartition(partition.start) : hivePartition(partition);
  const folder = `${collectionKey(collection)}/${folders}`;
  return `${endpoint}/${deployment}/${upkeepName}/plans/${folder}/plan.json`;
}

/** The folder of a deployment's records. */
export function recordFolder(endpoint: string, deployment: string): string {
  return `${endpoint}/${deployment}/${upkeepName}/records/`;
}

/** The path of a record; `id`, 16 hex digits, tells it from others of its time. */
export function recordPath(endpoint: string, deployment: string, at: number, id: string): string {
  const time = new Date(at).toISOString();
  return `${recordFolder(endpoint, deployment)}${time.slice(0, 10)}/${time.replaceAll(/[-:.]/g, "")}-${id}.json`;
}

/** What an object of upkeep is, as its path tells; undefined for any other path. */
export function upkeepKind(path: string): "plan" | "record" | undefined {
  const [, , name, kind, ...rest] = path.split("/", 11);
  const last = rest.at(-1) ?? "";
  if (name !== upkeepName) return undefined;
  if (kind === "plans") return last === "plan.json" && rest.length >= 3 ? "plan" : undefined;
  const isRecord = kind === "records" && rest.length === 2 && /^\d{8}T\d{9}Z-[0-9a-f]{16}\.json$/.test(last);
  return isRecord ? "record" : undefined;
}

/**
 * The name, without its ending, of a file that replaces others of its folder: a pure function of their names,
 * and of what else decides what is in it.
 */
export function replacingStem(kind: "compacted" | "rewritten", parts: readonly string[]): string {
  return `${kind}-${sha256(parts.join("\n")).slice(0, 32)}`;
}

/** Whether a file of this name, without its ending, replaces others. */
export function isReplacingStem(stem: string): boolean {
  return /^(compacted|rewritten)-[0-9a-f]{32}$/.test(stem);
}

/** How a file that replaces others names one of them: 16 hex digits of its name without the ending. */
export function replacedMark(stem: string): string {
  return sha256(stem).slice(0, 16);
}

/** The marks in a text of them, one after another. */
export function* marksIn(text: string): Generator<string> {
  for (let at = 0; at + 16 <= text.length; at += 16) yield text.slice(at, at + 16);
}
