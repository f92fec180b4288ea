import { tableOf } from "../delta/described-file.ts";
import { parseBodyPath } from "../layout/body-path.ts";
import { pathPrefix, type StoredPath } from "../layout/dataset-path.ts";
import { parseAnyPath } from "../layout/paths/others-path.ts";
import { type Partition, partitionSpan, partitionStart } from "../layout/partition.ts";
import { planPath, upkeepKind } from "../layout/upkeep/upkeep-path.ts";
import type { CatalogScope } from "../reader/catalog.ts";
import { TableFiles } from "../reader/listing/table-files.ts";
import type { UnreadableFile } from "../reader/unreadable.ts";
import type { StoreEntry, UpkeepStore } from "../store/store.ts";
import { isOf, linesPartition } from "./partition.ts";
import { isAlive, readPlan } from "./plan.ts";
import { tellLog } from "./table-log.ts";
import { writeRecord } from "./records.ts";
import { deleteAll } from "./replace-files.ts";

/** What to purge. */
export interface PurgeOptions extends CatalogScope {
  /** Only these collections. Default: all, and profiles. */
  readonly collections?: readonly string[];
  /** Now, milliseconds since 1970 UTC. */
  readonly now: number;
  /** What ended so long ago goes, milliseconds. */
  readonly olderThanMs: number;
  /** Leave profiles, which tell of rows what they were like. Default false. */
  readonly keepProfiles?: boolean;
  /** Say what would go, and take nothing away. Default false. */
  readonly dryRun?: boolean;
}

/** What went of a collection, or of the profiles. */
export interface Purged {
  readonly endpoint: string;
  readonly deployment: string;
  readonly collection: string;
  readonly partitions: number;
  /** Start of the first one, and end of the last. */
  readonly from: Date;
  readonly to: Date;
  readonly objects: readonly string[];
  readonly bytes: number;
  /** Partitions that were left, for somebody replaces their files. */
  readonly busy: number;
  /** The log of its Delta table, if that cannot be told that files go: then all of them are left. */
  readonly unreadable?: UnreadableFile;
}

/**
 * Takes away whole partitions that ended long ago, by their paths: files, the bodies that their rows refer
 * to, and profiles begun then. The ledger stays, and a record says that they were purged, and not lost. What
 * was begun and not ended is ended by doing it again. Throws what a store throws.
 */
export async function purge(store: UpkeepStore, options: PurgeOptions): Promise<Purged[]> {
  const { now, olderThanMs, dryRun = false } = options;
  const before = now - olderThanMs;
  const purged: Purged[] = [];
  const tables = new TableFiles(store);
  const { groups, plans } = await oldObjects(store, options, before, tables);
  for (const group of groups) {
    const { place, partitions } = group;
    const busy = new Set<string>();
    const ended: string[] = [];
    for (const [key, { partition }] of partitions) {
      for (const format of ["parquet", "jsonl"] as const) {
        const at = { ...place, format, ...partition };
        if (!plans.has(planPath(at))) continue;
        const plan = await readPlan(store, at);
        if (plan !== undefined && isAlive(plan, now)) busy.add(key);
        else ended.push(planPath(at));
      }
    }
    const old = [...partitions].filter(([key]) => !busy.has(key)).map(([, one]) => one);
    const file = old.flatMap((one) => one.entries).find(({ path }) => tableOf(path) !== undefined);
    const unreadable = file === undefined ? undefined : await tables.problemOf(file);
    const going = unreadable === undefined ? old : [];
    // Where files stay, a plan says which of them others replace that the log does not know yet.
    if (!dryRun && unreadable === undefined) for (const path of ended) await store.delete(path);
    const entries = going.flatMap((one) => one.entries);
    const bytes = entries.reduce((sum, { size }) => sum + size, 0);
    const spans = old.map(({ partition }) => partitionSpan(partition));
    if (!dryRun && entries.length > 0) {
      const told = going.map(({ partition: { start, rate } }) => ({
        collection: place.collection,
        start: new Date(start).toISOString(),
        rate,
      }));
      await writeRecord(store, place, {
        kind: "purge",
        at: new Date(now).toISOString(),
        before: new Date(before).toISOString(),
        partitions: told,
        objects: entries.length,
        bytes,
      });
      await tellLog(store, entries, undefined, true);
      await deleteAll(store, entries);
    }
    purged.push({
      ...place,
      partitions: going.length,
      from: new Date(Math.min(...spans.map(({ start }) => start))),
      to: new Date(Math.max(...spans.map(({ end }) => end))),
      objects: entries.map(({ path }) => path),
      bytes,
      busy: busy.size,
      ...(unreadable === undefined ? {} : { unreadable }),
    });
  }
  return purged;
}

interface Group {
  readonly place: { readonly endpoint: string; readonly deployment: string; readonly collection: string };
  readonly partitions: Map<string, { readonly partition: Partition; readonly entries: StoreEntry[] }>;
}

/** Old objects by collection and partition, and the plans that there are. */
async function oldObjects(
  store: UpkeepStore,
  options: PurgeOptions,
  before: number,
  tables: TableFiles,
): Promise<{ readonly groups: Iterable<Group>; readonly plans: ReadonlySet<string> }> {
  const { endpoint, deployment, collections = [], keepProfiles = false } = options;
  const groups = new Map<string, Group>();
  const plans = new Set<string>();
  for await (const entry of store.list(pathPrefix(endpoint, deployment))) {
    if (upkeepKind(entry.path) === "plan") plans.add(entry.path);
    tables.see(entry.path);
    const found = parseBodyPath(entry.path) ?? parseAnyPath(entry.path);
    if (found === undefined || (deployment !== undefined && found.deployment !== deployment)) continue;
    const partition =
      "id" in found ? { start: found.partition, rate: found.rollingRate } : partitionOf(found);
    if (partition === undefined || partitionSpan(partition).end > before) continue;
    const isProfile = "kind" in found && found.kind === "profile";
    if (isProfile ? keepProfiles || collections.length > 0 : !isOf(found, collections)) continue;
    const key = [found.endpoint, found.deployment, found.collection.toLowerCase()].join("/");
    const place = { endpoint: found.endpoint, deployment: found.deployment, collection: found.collection };
    const group = groups.get(key) ?? { place, partitions: new Map() };
    groups.set(key, group);
    const at = `${partition.start} ${partition.rate}`;
    const known = group.partitions.get(at);
    if (known === undefined) group.partitions.set(at, { partition, entries: [entry] });
    else known.entries.push(entry);
  }
  return { groups: groups.values(), plans };
}

/** The partition that an object belongs to; undefined for what no purge takes away. */
function partitionOf(path: StoredPath): Partition | undefined {
  switch (path.kind) {
    case "parquet":
      return { start: path.partition, rate: path.rollingRate };
    case "jsonl":
    case "beside":
      return linesPartition(path.hour);
    case "profile":
      return { start: partitionStart(path.begunAt, "day"), rate: "day" };
    default:
      return undefined;
  }
}
