import { createHmac } from "node:crypto";
import { TempFolder } from "../base/files/temp-folder.ts";
import { openParquet, readParquetColumns } from "../codec/parquet/parquet-decoder.ts";
import { isBodyPath } from "../layout/body-path.ts";
import { collectionKey } from "../layout/collection-key.ts";
import type { Filter } from "../layout/filter/filter.ts";
import type { Schema } from "../layout/schema.ts";
import { systemColumns } from "../layout/system-columns.ts";
import { planPath, replacingStem } from "../layout/upkeep/upkeep-path.ts";
import type { CatalogScope } from "../reader/catalog.ts";
import type { DataFile } from "../reader/data-file.ts";
import { PinnedTypes } from "../reader/lines/pinned-types.ts";
import { stemOf } from "../reader/listing/without-replaced.ts";
import { scanFile } from "../reader/scan-file.ts";
import { openStoredFile } from "../reader/stored-file.ts";
import { reasonOf } from "../reader/unreadable.ts";
import type { UpkeepStore } from "../store/store.ts";
import { LoadedRows, UnfitFilesError } from "./loaded-rows.ts";
import { everyFile, isOf, lookAgain, type PartitionFiles, partitionsOf } from "./partition.ts";
import { isAlive, readPlan } from "./plan.ts";
import { writeRecord } from "./records.ts";
import { deleteAll, finishPlan, replaceFiles, withoutLeftovers } from "./replace-files.ts";

/** Whose rows to erase. */
export interface EraseOptions extends CatalogScope {
  /** Rows of which this is true. */
  readonly filter: Filter;
  /** What was asked, as text: of it the record has a keyed hash alone. */
  readonly asked: string;
  /** The key of that hash. */
  readonly key: string;
  /** And all other rows of the requests that these rows belong to, in all collections. Default false. */
  readonly wholeRequests?: boolean;
  /** Only these collections. Default: all. */
  readonly collections?: readonly string[];
  /** Now, milliseconds since 1970 UTC. */
  readonly now: number;
  /** Say what would be done, and do nothing. Default false. */
  readonly dryRun?: boolean;
}

/** What became of a file that has such rows. */
export interface ErasedFile {
  readonly path: string;
  /**
   * - `erased`: its bytes are gone; a file of its other rows is in its place, if it had any.
   * - `found`: it has such rows, and this was only a look.
   * - `busy`: somebody else replaces files of its partition: to be done again.
   * - `unfit`: it cannot be rewritten; `reason` says why.
   */
  readonly status: "erased" | "found" | "busy" | "unfit";
  readonly collection: string;
  /** Rows of the subject. */
  readonly rows: number;
  /** The bodies that went with it. */
  readonly bodies: readonly string[];
  readonly reason?: string;
}

/**
 * Erases somebody's rows: rewrites each Parquet file that has some without them, verifies the new one, and
 * takes the old one away, and the bodies that the rows refer to. Statistics and Bloom filters rule out most
 * files unread. A record of it has no value of the subject. Done again it finds nothing, or ends what was
 * begun. Throws what a store throws; what was done until then stays done.
 */
export async function erase(store: UpkeepStore, options: EraseOptions): Promise<ErasedFile[]> {
  const { collections = [], wholeRequests = false } = options;
  const pins = new PinnedTypes(store);
  const plans = new Set<string>();
  const partitions: PartitionFiles[] = [];
  const lines: DataFile[] = [];
  const files = everyFile(store, options, (path) => plans.add(path));
  async function* parquetFiles(): AsyncGenerator<DataFile, void, undefined> {
    for await (const file of files) {
      if (isOf(file, collections) && file.format === "jsonl") lines.push(file);
      yield file;
    }
  }
  for await (const one of partitionsOf(parquetFiles()))
    if (isOf(one.place, collections)) partitions.push(one);
  const erased: ErasedFile[] = [];
  await using temp = await TempFolder.make("mdc-erase");
  const erasure = new Erasure(store, options, temp.path);
  const filters = wholeRequests ? await requestFilters(store, partitions, options.filter) : undefined;
  for (const partition of partitions) {
    const { place } = partition;
    const filter =
      filters === undefined ? options.filter : filters.get(`${place.endpoint}/${place.deployment}`);
    const [first] = partition.files;
    if (filter === undefined || first === undefined) continue;
    erased.push(...(await erasure.run(partition, filter, await pins.of(first), plans.has(planPath(place)))));
  }
  for (const file of lines) {
    const { endpoint, deployment } = file;
    const filter = filters === undefined ? options.filter : filters.get(`${endpoint}/${deployment}`);
    if (filter !== undefined) erased.push(...(await linesOf(store, file, filter, pins)));
  }
  return erased;
}

const idColumn = systemColumns.correlationId.name;
const bodyColumn = "body_ref";

/** One partition at a time. */
class Erasure {
  readonly #store: UpkeepStore;
  readonly #options: EraseOptions;
  readonly #folder: string;

  constructor(store: UpkeepStore, options: EraseOptions, folder: string) {
    this.#store = store;
    this.#options = options;
    this.#folder = folder;
  }

  async run(
    given: PartitionFiles,
    filter: Filter,
    pins: Schema,
    isPlanned: boolean,
  ): Promise<readonly ErasedFile[]> {
    const { now, dryRun = false } = this.#options;
    const plan = isPlanned ? await readPlan(this.#store, given.place) : undefined;
    const isBusy = plan !== undefined && isAlive(plan, now);
    let partition = given;
    if (plan !== undefined && !isBusy && !dryRun) {
      await finishPlan(this.#store, given, plan, this.#folder, pins);
      partition = await lookAgain(this.#store, given);
    }
    const all: ErasedFile[] = [];
    for (const file of await withoutLeftovers(this.#store, partition, dryRun || isBusy)) {
      const found = await rowsOf(this.#store, file, filter);
      if (found.rows.length === 0) continue;
      const facts = {
        path: file.path,
        collection: file.collection,
        rows: found.rows.length,
        bodies: found.bodies,
      };
      if (dryRun) all.push({ ...facts, status: "found" });
      else if (isBusy) all.push({ ...facts, status: "busy" });
      else all.push(await this.#rewrite(partition, file, facts, new Set(found.rows), pins));
    }
    return all;
  }

  async #rewrite(
    partition: PartitionFiles,
    file: DataFile,
    facts: Omit<ErasedFile, "status">,
    going: ReadonlySet<number>,
    pins: Schema,
  ): Promise<ErasedFile> {
    try {
      const rows = await LoadedRows.load(this.#store, [file], pins, { all: true });
      const order = Uint32Array.from({ length: rows.length }, (_, row) => row).filter(
        (row) => !going.has(row),
      );
      await this.#record(partition, facts);
      // First, for its rows alone tell of them.
      await deleteAll(
        this.#store,
        facts.bodies.map((path) => ({ path })),
      );
      const stem = replacingStem("rewritten", [stemOf(file.path), String(order.length)]);
      const replacement = { kind: "erase" as const, stem, order, folder: this.#folder };
      const outcome = await replaceFiles(this.#store, partition, [file], rows, replacement);
      return { ...facts, status: outcome === "busy" ? "busy" : "erased" };
    } catch (thrown) {
      const reason = thrown instanceof UnfitFilesError ? thrown.message : reasonOf(thrown);
      return { ...facts, status: "unfit", reason };
    }
  }

  async #record(
    { place }: PartitionFiles,
    { path, rows, bodies }: Omit<ErasedFile, "status">,
  ): Promise<void> {
    const { now, key, asked } = this.#options;
    const partition = {
      collection: place.collection,
      start: new Date(place.start).toISOString(),
      rate: place.rate,
    };
    await writeRecord(this.#store, place, {
      kind: "erase",
      at: new Date(now).toISOString(),
      subject: createHmac("sha256", key).update(asked).digest("hex"),
      files: [{ ...partition, path, rows }],
      bodies,
    });
  }
}

/** The places in a file of the rows that a filter wants, and the bodies that they refer to. */
async function rowsOf(
  store: UpkeepStore,
  file: DataFile,
  filter: Filter,
): Promise<{ readonly rows: readonly number[]; readonly bodies: readonly string[] }> {
  const stored = openStoredFile(store, file);
  const rows: number[] = [];
  const bodies = new Set<string>();
  try {
    const opened = await openParquet(stored.source, "end");
    const columns = opened.info.types.has(bodyColumn) ? [bodyColumn] : [];
    for await (const part of readParquetColumns(opened, { columns, filter })) {
      for (let i = 0; i < part.length; i++) rows.push(part.rows[i] ?? 0);
      for (const ref of Array.from(part.columns.get(bodyColumn) ?? []))
        if (typeof ref === "string" && isBodyPath(ref)) bodies.add(ref);
    }
  } catch (thrown) {
    throw stored.explain(thrown);
  }
  return { rows, bodies: [...bodies] };
}

/** What to erase of each deployment: all rows of the requests of which a filter wants one. */
async function requestFilters(
  store: UpkeepStore,
  partitions: readonly PartitionFiles[],
  filter: Filter,
): Promise<ReadonlyMap<string, Filter>> {
  const ids = new Map<string, Set<string>>();
  for (const { place, files } of partitions) {
    const key = `${place.endpoint}/${place.deployment}`;
    const known = ids.get(key) ?? new Set<string>();
    ids.set(key, known);
    for (const file of files) {
      const stored = openStoredFile(store, file);
      try {
        const opened = await openParquet(stored.source, "end");
        for await (const { columns } of readParquetColumns(opened, { columns: [idColumn], filter }))
          for (const id of Array.from(columns.get(idColumn) ?? [])) known.add(String(id));
      } catch (thrown) {
        throw stored.explain(thrown);
      }
    }
  }
  const filters = new Map<string, Filter>();
  for (const [key, values] of ids) {
    const test = { kind: "in", values: [...values] } as const;
    if (values.size > 0)
      filters.set(key, { kind: "any", of: [filter, { kind: "column", column: idColumn, test }] });
  }
  return filters;
}

/** What is found in a file of JSON lines, which is not rewritten. */
async function linesOf(
  store: UpkeepStore,
  file: DataFile,
  filter: Filter,
  pins: PinnedTypes,
): Promise<readonly ErasedFile[]> {
  let rows = 0;
  for await (const { length } of scanFile(store, file, { columns: [idColumn], filter, pins })) rows += length;
  if (rows === 0) return [];
  const reason = "JSON lines are not rewritten: purge the partition, or take the records out by hand";
  const { path, collection } = file;
  return [{ path, collection: collectionKey(collection), rows, bodies: [], status: "unfit", reason }];
}
