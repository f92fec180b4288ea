import { createHmac } from "node:crypto";
import { TempFolder } from "../base/files/temp-folder.ts";
import type { Filter } from "../layout/filter/filter.ts";
import type { Schema } from "../layout/schema.ts";
import { planPath, replacingStem } from "../layout/upkeep/upkeep-path.ts";
import type { CatalogScope } from "../reader/catalog.ts";
import type { DataFile } from "../reader/data-file.ts";
import { PinnedTypes } from "../reader/lines/pinned-types.ts";
import { stemOf } from "../reader/listing/without-replaced.ts";
import { TableFiles } from "../reader/listing/table-files.ts";
import { reasonOf } from "../reader/unreadable.ts";
import type { UpkeepStore } from "../store/store.ts";
import { requestFilters, rowsOf, withRejected } from "./erased-rows.ts";
import { LoadedRows, UnfitFilesError } from "./loaded-rows.ts";
import { NewFile } from "./new-file.ts";
import { NewLines } from "./new-lines.ts";
import { everyFile, isOf, lookAgain, type PartitionFiles, partitionsOf } from "./partition.ts";
import { isAlive, readPlan } from "./plan.ts";
import { writeRecord } from "./records.ts";
import {
  deleteAll,
  finishPlan,
  replaceFiles,
  type ReplacingFile,
  withoutLeftovers,
} from "./replace-files.ts";

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

/** What became of a file that has such rows, or of a Delta table whose log cannot be used. */
export interface ErasedFile {
  /** The file's, or the log's. */
  readonly path: string;
  /**
   * - `erased`: its bytes are gone; a file of its other rows is in its place, if it had any.
   * - `found`: it has such rows, and this was only a look.
   * - `busy`: somebody else replaces files of its partition: to be done again.
   * - `unfit`: it cannot be read, or not be rewritten; `reason` says why.
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
 * Erases somebody's rows: rewrites each file that has some without them, verifies the new one, and
 * takes the old one away, and the bodies that the rows refer to. Statistics and Bloom filters rule out most
 * files unread. A record of it has no value of the subject. Done again it finds nothing, or ends what was
 * begun. Throws what a store throws; what was done until then stays done.
 */
export async function erase(store: UpkeepStore, options: EraseOptions): Promise<ErasedFile[]> {
  const { collections = [], wholeRequests = false } = options;
  const pins = new PinnedTypes(store);
  const plans = new Set<string>();
  const partitions: PartitionFiles[] = [];
  const tables = new TableFiles(store);
  const files = everyFile(store, options, (path) => plans.add(path), tables);
  for await (const one of partitionsOf(files)) if (isOf(one.place, collections)) partitions.push(one);
  const asked = withRejected(options.filter);
  const erased = await unusableLogs(tables, partitions);
  await using temp = await TempFolder.make("mdc-erase");
  const erasure = new Erasure(store, options, temp.path, tables);
  if (!wholeRequests) {
    for (const one of partitions)
      erased.push(...(await erasure.run(one, asked, pins, { isPlanned: plans.has(planPath(one.place)) })));
    return erased;
  }
  // The rows by which the others are found go last: killed in between, the next run still finds these.
  const { filters, own } = await requestFilters(store, partitions, asked, pins);
  const left = new Map<string, ErasedFile>();
  for (const isLast of [false, true])
    for (const one of partitions) {
      const { place } = one;
      const deployment = `${place.endpoint}/${place.deployment}`;
      const filter = filters.get(deployment);
      if (filter === undefined) continue;
      const now = isLast ? await lookAgain(store, one) : one;
      const isMeant = ({ path }: DataFile): boolean => own.has(path) === isLast;
      const isPlanned = !isLast && plans.has(planPath(place));
      const hindrance = isLast ? hindranceOf(left.get(deployment)) : undefined;
      const done = await erasure.run(now, filter, pins, { isPlanned, isMeant, hindrance });
      erased.push(...done);
      if (isLast) continue;
      const stays = done.find(({ rows, status }) => rows > 0 && (status === "busy" || status === "unfit"));
      if (stays !== undefined) left.set(deployment, stays);
    }
  return erased;
}

/** Why rows are left for now. */
type Hindrance = Pick<ErasedFile, "reason"> & { readonly status: "busy" | "unfit" };

/** Where others of their requests are left, the rows by which these are found stay, too. */
function hindranceOf(left: ErasedFile | undefined): Hindrance | undefined {
  if (left === undefined) return undefined;
  const reason = `without it nobody would find the rows of the same requests in ${left.path}`;
  return { status: left.status === "busy" ? "busy" : "unfit", reason };
}

/** The logs of tables that cannot be used, of which no row can be erased. */
async function unusableLogs(
  tables: TableFiles,
  partitions: readonly PartitionFiles[],
): Promise<ErasedFile[]> {
  const logs = new Map<string, ErasedFile>();
  for (const { place, files } of partitions) {
    const [first] = files;
    const log = first?.format === "parquet" ? await tables.problemOf(first) : undefined;
    const facts = { collection: place.collection, status: "unfit", rows: 0, bodies: [] } as const;
    if (log !== undefined) logs.set(log.path, { ...facts, ...log });
  }
  return [...logs.values()];
}

/** One partition at a time. */
class Erasure {
  readonly #store: UpkeepStore;
  readonly #options: EraseOptions;
  readonly #folder: string;
  readonly #tables: TableFiles;

  constructor(store: UpkeepStore, options: EraseOptions, folder: string, tables: TableFiles) {
    this.#tables = tables;
    this.#store = store;
    this.#options = options;
    this.#folder = folder;
  }

  async run(
    given: PartitionFiles,
    filter: Filter,
    pins: PinnedTypes,
    how: {
      readonly isPlanned: boolean;
      /** Which files are meant. Default: all. */
      readonly isMeant?: (file: DataFile) => boolean;
      readonly hindrance?: Hindrance | undefined;
    },
  ): Promise<readonly ErasedFile[]> {
    const { now, dryRun = false } = this.#options;
    const [first] = given.files;
    const log = first?.format === "parquet" ? await this.#tables.problemOf(first) : undefined;
    const hindrance = log === undefined ? how.hindrance : ({ status: "unfit", reason: log.reason } as const);
    const isLook = dryRun || hindrance !== undefined;
    const plan = how.isPlanned ? await readPlan(this.#store, given.place) : undefined;
    const isBusy = plan !== undefined && isAlive(plan, now);
    let partition = given;
    const types = first === undefined ? new Map<string, never>() : await pins.of(first);
    if (plan !== undefined && !isBusy && !isLook) {
      await finishPlan(this.#store, given, plan, this.#folder, types);
      partition = await lookAgain(this.#store, given);
    }
    const all: ErasedFile[] = [];
    for (const file of await withoutLeftovers(this.#store, partition, isLook || isBusy)) {
      if (how.isMeant?.(file) === false) continue;
      const { path, collection } = file;
      let found: Awaited<ReturnType<typeof rowsOf>>;
      try {
        found = await rowsOf(this.#store, file, filter, pins);
      } catch (thrown) {
        all.push({ path, collection, rows: 0, bodies: [], status: "unfit", reason: reasonOf(thrown) });
        continue;
      }
      if (found.rows.length === 0) continue;
      const facts = { path, collection, rows: found.rows.length, bodies: found.bodies };
      if (hindrance !== undefined) all.push({ ...facts, ...hindrance });
      else if (dryRun) all.push({ ...facts, status: "found" });
      else if (isBusy) all.push({ ...facts, status: "busy" });
      else all.push(await this.#rewrite(partition, file, facts, new Set(found.rows), types));
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
      const stem = replacingStem("rewritten", [stemOf(file.path), ...going].map(String));
      const rest =
        file.format === "jsonl"
          ? await NewLines.write(this.#store, file, going, stem, this.#folder)
          : await this.#restOf(file, going, stem, pins);
      await this.#record(partition, facts);
      // First, for its rows alone tell of them.
      await deleteAll(
        this.#store,
        facts.bodies.map((path) => ({ path })),
      );
      const make = rest === undefined ? undefined : (): Promise<ReplacingFile> => Promise.resolve(rest);
      const outcome = await replaceFiles(this.#store, partition, [file], { kind: "erase", stem, make });
      return { ...facts, status: outcome === "busy" ? "busy" : "erased" };
    } catch (thrown) {
      const reason = thrown instanceof UnfitFilesError ? thrown.message : reasonOf(thrown);
      return { ...facts, status: "unfit", reason };
    }
  }

  /** The other rows of a Parquet file; undefined if there is none. */
  async #restOf(
    file: DataFile,
    going: ReadonlySet<number>,
    stem: string,
    pins: Schema,
  ): Promise<ReplacingFile | undefined> {
    // What is no file of its table any more is not rewritten: its rows are in another one.
    if (!(await this.#tables.counts(file))) return undefined;
    const rows = await LoadedRows.load(this.#store, [file], pins, { all: true });
    const all = Uint32Array.from({ length: rows.length }, (_, row) => row);
    const order = all.filter((row) => !going.has(row));
    return order.length === 0 ? undefined : await NewFile.write(rows, order, stem, this.#folder);
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
