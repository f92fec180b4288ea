import { TempFolder } from "../base/files/temp-folder.ts";
import { partitionSpan, partitionStart } from "../layout/partition.ts";
import { planPath } from "../layout/upkeep/upkeep-path.ts";
import type { DataFile } from "../reader/data-file.ts";
import { createCatalog, type CatalogScope } from "../reader/catalog.ts";
import { readLedgers } from "../reader/completeness/stored-ledger.ts";
import { partitionFolder } from "../reader/listing/files-now.ts";
import { type OnUnusable, TableFiles } from "../reader/listing/table-files.ts";
import { PinnedTypes } from "../reader/lines/pinned-types.ts";
import { reasonOf } from "../reader/unreadable.ts";
import { collectionKey } from "../layout/collection-key.ts";
import type { UpkeepStore } from "../store/store.ts";
import { compactEach } from "./compacting/compact-each.ts";
import { type CompactedPartition, Compaction, result } from "./compacting/compaction.ts";
import { SecondThread } from "./compacting/second-thread.ts";
import { everyFile, isOf, type PartitionFiles, partitionsOf } from "./partition.ts";

/** What to compact. */
export interface CompactOptions extends CatalogScope {
  /** Only these collections. Default: all. */
  readonly collections?: readonly string[];
  /** Now, milliseconds since 1970 UTC. */
  readonly now: number;
  /** A partition is left alone until its end is so long ago, milliseconds: late files still come. */
  readonly olderThanMs: number;
  /** Say what would be done, and do nothing. Default false. */
  readonly dryRun?: boolean;
  /** Told of each partition that was looked at. */
  readonly onProgress?: (partition: CompactedPartition) => void;
  /** Told how many files of JSON lines were passed by, if any. */
  readonly onLines?: (files: number) => void;
  /**
   * Where the store is, as for `openRoot`: if there is much to do and the machine has another core, a second
   * thread opens it, too, and does its share. Default: all is done on the caller's thread.
   */
  readonly shared?: { readonly root: string | undefined } | undefined;
}

/**
 * Makes the Parquet files of closed partitions few and large: sorted by request and correlation id, and
 * verified before the files that they are made of are taken away. Ends what others had begun and not ended.
 * Throws what a store throws; all that was done until then stays done.
 */
export async function compact(store: UpkeepStore, options: CompactOptions): Promise<CompactedPartition[]> {
  const { now, olderThanMs, collections = [], dryRun = false, shared, onProgress, onLines } = options;
  const pins = new PinnedTypes(store);
  const found: PartitionFiles[] = [];
  const plans = new Set<string>();
  const tables = new TableFiles(store);
  const every = everyFile(store, options, (path) => plans.add(path), tables);
  async function* wanted(): AsyncGenerator<DataFile, void, undefined> {
    for await (const file of every) if (isOf(file, collections)) yield file;
  }
  const unknown = new Map<string, { readonly files: DataFile[]; readonly reason: string }>();
  const onUnusable: OnUnusable = (_log, thrown, file) => {
    const folder = partitionFolder(file);
    const known = unknown.get(folder) ?? { files: [], reason: reasonOf(thrown) };
    unknown.set(folder, known);
    known.files.push(file);
  };
  let lines = 0;
  for await (const partition of partitionsOf(tables.current(wanted(), onUnusable, "write"))) {
    if (partition.place.format === "parquet") found.push(partition);
    else lines += partition.files.length;
  }
  if (lines > 0) onLines?.(lines);
  const closed = found.filter(
    ({ place, files: some }) =>
      (some.length > 1 || plans.has(planPath(place))) && partitionSpan(place).end <= now - olderThanMs,
  );
  const pending = closed.length === 0 ? new Set<string>() : await pendingHours(store, options);
  const all: CompactedPartition[] = [];
  const tell = (one: CompactedPartition): void => {
    all.push(one);
    onProgress?.(one);
  };
  for (const [folder, { files, reason }] of unknown)
    tell({ ...result("unfit", folder, files, files, 0), reason });
  const isWaiting = (partition: PartitionFiles): boolean =>
    hoursOf(partition).some((hour) => pending.has(hour));
  for (const { folder, files } of closed.filter(isWaiting)) tell(result("waiting", folder, files, files, 0));
  const ready = closed.filter((partition) => !isWaiting(partition));
  await using temp = await TempFolder.make("mdc-compact");
  const task = { now, dryRun, folder: temp.path };
  await compactEach(ready, {
    here: new Compaction(store, tables, task),
    beside: shared === undefined || dryRun ? undefined : () => new SecondThread({ ...task, ...shared }),
    workOf: async (partition) => {
      const first = partition.files[0] as DataFile;
      return { partition, pins: await pins.of(first), table: tables.tableOf(first) };
    },
    tell,
  });
  return all;
}

/** Hours, or days, of collections of which the ledger tells frames that are still to be delivered. */
async function pendingHours(store: UpkeepStore, scope: CatalogScope): Promise<ReadonlySet<string>> {
  const pending = new Set<string>();
  const { endpoint, deployment } = scope;
  for (const ledger of await readLedgers(createCatalog(store, { endpoint, deployment }), -Infinity)) {
    for (const sum of ledger.counts) {
      const dropped = [...sum.dropped.values()].reduce((frames, [more]) => frames + more, 0);
      const ended = sum.sampledOut[0] + sum.disabled[0] + sum.delivered[0] + dropped;
      // What a process that was killed had is found in its spool, or lost: nobody knows when.
      const wasKilled = ledger.processes.get(sum.instance)?.wasKilled ?? true;
      if (sum.offered[0] > ended && !wasKilled)
        pending.add(hourKey({ ...ledger, collection: sum.collection }, Date.parse(sum.hour)));
    }
  }
  return pending;
}

/** The keys under which the ledger may tell of a partition. */
function hoursOf({ place }: PartitionFiles): readonly string[] {
  return [
    hourKey(place, partitionStart(place.start, "hour")),
    hourKey(place, partitionStart(place.start, "day")),
  ];
}

function hourKey(
  { endpoint, deployment, collection }: Pick<DataFile, "endpoint" | "deployment" | "collection">,
  hour: number,
): string {
  return [endpoint, deployment, collectionKey(collection), hour].join("\n");
}
