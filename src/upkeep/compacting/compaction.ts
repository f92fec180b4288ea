import type { Schema } from "../../layout/schema.ts";
import type { DataFile } from "../../reader/data-file.ts";
import type { TableFiles } from "../../reader/listing/table-files.ts";
import { reasonOf } from "../../reader/unreadable.ts";
import { ObjectNotFoundError, type UpkeepStore } from "../../store/store.ts";
import { LoadedRows, UnfitFilesError } from "../loaded-rows.ts";
import { NewFile } from "../new-file.ts";
import { lookAgain, type PartitionFiles } from "../partition.ts";
import { isAlive, readPlan } from "../plan.ts";
import { compactedStem, finishPlan, replaceFiles, withoutLeftovers } from "../replace-files.ts";

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

/** How partitions are compacted. */
export interface CompactionOptions {
  /** Now, milliseconds since 1970 UTC. */
  readonly now: number;
  /** Say what would be done, and do nothing. Default false. */
  readonly dryRun?: boolean | undefined;
  /** Where new files are made before they are stored. */
  readonly folder: string;
}

/** Compacts one partition at a time. */
export class Compaction {
  readonly #store: UpkeepStore;
  readonly #tables: TableFiles;
  readonly #options: CompactionOptions;

  constructor(store: UpkeepStore, tables: TableFiles, options: CompactionOptions) {
    this.#store = store;
    this.#tables = tables;
    this.#options = options;
  }

  /** Undefined where nothing is to be done. `pins`: the pinned types of its columns. */
  async run(given: PartitionFiles, pins: Schema): Promise<CompactedPartition | undefined> {
    const { now, dryRun = false, folder } = this.#options;
    const plan = await readPlan(this.#store, given.place);
    if (plan !== undefined) {
      if (isAlive(plan, now) || dryRun) return result("busy", given.folder, given.files, given.files, 0);
      await finishPlan(this.#store, given, plan, folder, pins);
    }
    const partition = plan === undefined ? given : await lookAgain(this.#store, given);
    const files: DataFile[] = [];
    for (const file of await withoutLeftovers(this.#store, partition, dryRun))
      if (await this.#tables.counts(file)) files.push(file);
    try {
      return await this.#fewer(given, { ...partition, files }, plan !== undefined, pins);
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
    pins: Schema,
  ): Promise<CompactedPartition | undefined> {
    const { dryRun = false, folder } = this.#options;
    let left = partition.files.filter(({ size }) => size < largeBytes);
    let rows = 0;
    let didAny = changed || partition.files.length < given.files.length;
    while (left.length > 1) {
      const fitting = firstOf(left, maxFileBytes);
      const loaded = await LoadedRows.load(this.#store, fitting, pins);
      const sources = fitting.slice(0, loaded.files);
      left = left.slice(sources.length);
      if (sources.length < 2) continue;
      rows += loaded.length;
      didAny = true;
      if (dryRun) continue;
      const stem = compactedStem(sources);
      const make = (): Promise<NewFile> => NewFile.write(loaded, loaded.byRequest(), stem, folder);
      const outcome = await replaceFiles(this.#store, partition, sources, { kind: "compact", stem, make });
      if (outcome === "busy") return result("busy", given.folder, given.files, given.files, 0);
    }
    if (!didAny) return undefined;
    if (dryRun) return result("compacted", given.folder, given.files, [], rows);
    const now = await lookAgain(this.#store, partition);
    return result("compacted", given.folder, given.files, now.files, rows);
  }
}

/** The first of them that are not larger together; at least two, if there are. */
function firstOf(files: readonly DataFile[], maxBytes: number): readonly DataFile[] {
  let bytes = 0;
  const end = files.findIndex(({ size }, i) => (bytes += size) > maxBytes && i > 1);
  return end < 0 ? files : files.slice(0, end);
}

/** What became of a partition of these files. */
export function result(
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
