import { TempFolder } from "../base/files/temp-folder.ts";
import type { Schema } from "../layout/schema.ts";
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
import { ObjectNotFoundError, type UpkeepStore } from "../store/store.ts";
import { LoadedRows, UnfitFilesError } from "./loaded-rows.ts";
import { NewFile } from "./new-file.ts";
import { everyFile, isOf, lookAgain, type PartitionFiles, partitionsOf } from "./partition.ts";
import { isAlive, readPlan } from "./plan.ts";
import { compactedStem, finishPlan, replaceFiles, withoutLeftovers } from "./replace-files.ts";

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
}

/** What became of a partition. */
export interface CompactedPartition {
  /** Its folder. */
  readonly folder: string;
  /**
   * - `compacted`: files were made fewer; with `dryRun`, they would be.
   * - `waiting`: the ledger tells of frames that are not delivered yet.
   * - `busy`: somebody else is at it.
   * - `unfit`: its files cannot be made one, or its table's log cannot be used; `reason` says why.
   */
  readonly status: "compacted" | "waiting" | "busy" | "unfit";
  readonly filesBefore: number;
  readonly filesAfter: number;
  readonly rows: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly reason?: string;
}

/** Files of this size are large enough to be left alone. */
const largeBytes = 128 * 1024 * 1024;
/** So much is put into one file, as it is stored. */
const maxFileBytes = 512 * 1024 * 1024;

/**
 * Makes the Parquet files of closed partitions few and large: sorted by request and correlation id, and
 * verified before the files that they are made of are taken away. Ends what others had begun and not ended.
 * Throws what a store throws; all that was done until then stays done.
 */
export async function compact(store: UpkeepStore, options: CompactOptions): Promise<CompactedPartition[]> {
  const { now, olderThanMs, collections = [], onProgress, onLines } = options;
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
  for (const [folder, { files, reason }] of unknown) {
    const one = { ...result("unfit", folder, files, files, 0), reason };
    all.push(one);
    onProgress?.(one);
  }
  await using temp = await TempFolder.make("mdc-compact");
  let left: readonly PartitionFiles[] = closed;
  // Two that went by the same order would read the same files: the other begins at the end.
  let isShared = false;
  for (let partition = left[0]; partition !== undefined; partition = left[0]) {
    left = left.slice(1);
    const [first] = partition.files;
    const types = first === undefined ? new Map<string, never>() : await pins.of(first);
    const one = hoursOf(partition).some((hour) => pending.has(hour))
      ? result("waiting", partition.folder, partition.files, partition.files, 0)
      : await new Compaction(store, types, temp.path, tables, options).run(partition);
    if (one === undefined) continue;
    if (one.status === "busy") left = isShared ? shuffled(left) : left.toReversed();
    isShared ||= one.status === "busy";
    all.push(one);
    onProgress?.(one);
  }
  return all;
}

/** One partition at a time. */
class Compaction {
  readonly #store: UpkeepStore;
  readonly #pins: Schema;
  readonly #folder: string;
  readonly #tables: TableFiles;
  readonly #dryRun: boolean;
  readonly #now: number;

  constructor(
    store: UpkeepStore,
    pins: Schema,
    folder: string,
    tables: TableFiles,
    { dryRun = false, now }: Pick<CompactOptions, "dryRun" | "now">,
  ) {
    this.#now = now;
    this.#store = store;
    this.#pins = pins;
    this.#folder = folder;
    this.#tables = tables;
    this.#dryRun = dryRun;
  }

  /** Undefined where nothing is to be done. */
  async run(given: PartitionFiles): Promise<CompactedPartition | undefined> {
    const plan = await readPlan(this.#store, given.place);
    if (plan !== undefined) {
      if (isAlive(plan, this.#now) || this.#dryRun)
        return result("busy", given.folder, given.files, given.files, 0);
      await finishPlan(this.#store, given, plan, this.#folder, this.#pins);
    }
    const partition = plan === undefined ? given : await lookAgain(this.#store, given);
    const files: DataFile[] = [];
    for (const file of await withoutLeftovers(this.#store, partition, this.#dryRun))
      if (await this.#tables.counts(file)) files.push(file);
    try {
      return await this.#fewer(given, { ...partition, files }, plan !== undefined);
    } catch (thrown) {
      // Somebody else has replaced it, or taken it away.
      if (thrown instanceof ObjectNotFoundError) return result("busy", given.folder, given.files, files, 0);
      const reason = thrown instanceof UnfitFilesError ? thrown.message : reasonOf(thrown);
      return { ...result("unfit", given.folder, given.files, files, 0), reason };
    }
  }

  async #fewer(
    given: PartitionFiles,
    partition: PartitionFiles,
    changed: boolean,
  ): Promise<CompactedPartition | undefined> {
    let left = partition.files.filter(({ size }) => size < largeBytes);
    let rows = 0;
    let didAny = changed || partition.files.length < given.files.length;
    while (left.length > 1) {
      const fitting = firstOf(left, maxFileBytes);
      const loaded = await LoadedRows.load(this.#store, fitting, this.#pins);
      const sources = fitting.slice(0, loaded.files);
      left = left.slice(sources.length);
      if (sources.length < 2) continue;
      rows += loaded.length;
      didAny = true;
      if (this.#dryRun) continue;
      const stem = compactedStem(sources);
      const make = (): Promise<NewFile> => NewFile.write(loaded, loaded.byRequest(), stem, this.#folder);
      const outcome = await replaceFiles(this.#store, partition, sources, { kind: "compact", stem, make });
      if (outcome === "busy") return result("busy", given.folder, given.files, given.files, 0);
    }
    if (!didAny) return undefined;
    if (this.#dryRun) return result("compacted", given.folder, given.files, [], rows);
    const now = await lookAgain(this.#store, partition);
    return result("compacted", given.folder, given.files, now.files, rows);
  }
}

function shuffled<T>(items: readonly T[]): T[] {
  const drawn = items.map((item) => ({ item, at: Math.random() }));
  return drawn.sort((a, b) => a.at - b.at).map(({ item }) => item);
}

/** The first of them that are not larger together; at least two, if there are. */
function firstOf(files: readonly DataFile[], maxBytes: number): readonly DataFile[] {
  let bytes = 0;
  const end = files.findIndex(({ size }, i) => (bytes += size) > maxBytes && i > 1);
  return end < 0 ? files : files.slice(0, end);
}

function result(
  status: CompactedPartition["status"],
  folder: string,
  before: readonly DataFile[],
  after: readonly DataFile[],
  rows: number,
): CompactedPartition {
  const sum = (files: readonly DataFile[]): number => files.reduce((bytes, { size }) => bytes + size, 0);
  return {
    folder,
    status,
    rows,
    filesBefore: before.length,
    filesAfter: after.length,
    bytesBefore: sum(before),
    bytesAfter: sum(after),
  };
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
