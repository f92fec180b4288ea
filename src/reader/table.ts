import { allOf, type Filter, timeBetween } from "../layout/filter/filter.ts";
import { parseWhere, type Where } from "../layout/filter/where.ts";
import { quote, wrongKind, wrongValue } from "../base/errors.ts";
import { nearest } from "../base/nearest.ts";
import { collectionKey } from "../layout/collection-key.ts";
import { pathPrefix } from "../layout/dataset-path.ts";
import type { TimeRange } from "../layout/partition.ts";
import { systemColumns } from "../layout/system-columns.ts";
import { ObjectNotFoundError, type Store } from "../store/store.ts";
import { smallFileBytes } from "../codec/parquet/reading/footer.ts";
import type { Catalog } from "./catalog.ts";
import { type ColumnBatch, partsOf } from "../layout/column-batch.ts";
import type { DataFile } from "./data-file.ts";
import { filesNow, partitionFolder } from "./listing/files-now.ts";
import { mapConcurrent } from "./map-concurrent.ts";
import { PinnedTypes } from "./lines/pinned-types.ts";
import type { Row } from "../layout/row.ts";
import { scanFile } from "./scan-file.ts";
import { rangeOption } from "./time-option.ts";
import { type BadFiles, checkCallback, createBadFiles, type UnreadableFile } from "./unreadable.ts";

/** Options of `Dataset.table`. */
export interface TableOptions {
  /**
   * Only rows whose request started at this time or later: a Date, milliseconds since 1970 UTC, or an ISO
   * 8601 text.
   */
  readonly from?: Date | number | string;
  /** Only rows whose request started before this time. */
  readonly to?: Date | number | string;
  /**
   * Only these columns, in this order; a file that lacks one gives null for it. Or those of each file of
   * whose names a function says true. Default: every column of each file. Batches of different files can
   * have different columns then.
   */
  readonly columns?: readonly string[] | ((name: string) => boolean);
  /** Only rows of which this is true: see {@link Where}. Default: all. */
  readonly where?: Where;
  /**
   * At most this many rows, a whole number of at least 0. Default: all. Pages behind the last one are not
   * fetched.
   */
  readonly limit?: number;
  /**
   * At most this many rows in a batch, a whole number of at least 1. Default: as they are stored, up to some
   * ten thousand, and of values as large as bodies about 32 MiB. What a batch has of numbers is not copied
   * for it.
   */
  readonly batchRows?: number;
  /**
   * Called with each file whose bytes are bad, when its turn comes; the rows of all others are given, and
   * those before the bad place. Default: the same rows are given, and then the iteration throws a
   * `CollectorError` with code `CORRUPT` that names the file.
   */
  readonly onUnreadable?: (file: UnreadableFile) => void;
}

/**
 * The rows of a collection: column batches when iterated, objects through {@link Table.rows}. Nothing is read
 * before the iteration, and only what it needs: partitions outside the times asked for are not opened,
 * columns not asked for not fetched. Rows come by partition and file; a file's rows in the order of
 * `collect`. Each iteration starts anew.
 */
export interface Table extends AsyncIterable<ColumnBatch> {
  /** The same rows one by one. */
  rows(): AsyncIterable<Row>;
}

/**
 * The table of one collection of a catalog. Throws for options that are not what {@link TableOptions} says.
 */
export function createTable(
  catalog: Catalog,
  name: string,
  options: TableOptions,
  timestamps?: "micros",
): Table {
  const range = rangeOption(options, "table");
  checkColumnsOption(options.columns);
  const { columns } = options;
  const limit = countOption(options.limit, "limit", 0);
  const batchRows = countOption(options.batchRows, "batchRows", 1);
  const where = options.where === undefined ? undefined : parseWhere(options.where, "table: where");
  checkCallback(options.onUnreadable, "table");
  async function* batches(): AsyncGenerator<ColumnBatch, void, undefined> {
    const bad = createBadFiles(options.onUnreadable);
    const pins = new PinnedTypes(catalog.store);
    const scan = (file: DataFile, left: number): AsyncGenerator<ColumnBatch, void, undefined> =>
      scanFile(catalog.store, file, {
        columns,
        limit: left,
        pins,
        timestamps,
        filter: allOf(cutting(file, range), where),
        isSearch: where !== undefined,
      });
    const reading = { store: catalog.store, scan, bad, batchRows, left: limit };
    yield* rowsOfFiles(reading, await filesOf(catalog, name, range));
    bad.end();
  }
  return {
    [Symbol.asyncIterator]: batches,
    async *rows() {
      for await (const batch of batches()) yield* batch.rows();
    },
  };
}

/** One reading of a table, and how many rows are still to be given. */
interface Reading {
  readonly store: Store;
  readonly scan: (file: DataFile, left: number) => AsyncGenerator<ColumnBatch, void, undefined>;
  readonly bad: BadFiles;
  readonly batchRows: number;
  left: number;
}

const filesAtOnce = 8;
/** So often the files of a partition are looked for again: each time somebody has replaced them meanwhile. */
const maxRenewals = 3;

/**
 * The rows of files. Where one is gone, for its partition was compacted since it was listed, and no row of
 * the partition has been given yet, those of the files that are there now are given instead.
 */
async function* rowsOfFiles(
  reading: Reading,
  files: readonly DataFile[],
  renewals = 0,
): AsyncGenerator<ColumnBatch, void, undefined> {
  const { scan, bad, batchRows } = reading;
  const given = new Set<string>();
  const renewed = new Set<string>();
  // Of small files, which are fetched at once, the next ones are begun meanwhile.
  const begun = mapConcurrent(
    reading.left === 0 ? [] : files,
    Number.isFinite(reading.left) ? 1 : filesAtOnce,
    async (file) => {
      const batches = scan(file, reading.left);
      if (file.size > smallFileBytes) return { file, batches };
      const first = batches.next();
      await first.catch(() => {});
      return { file, batches, first };
    },
  );
  for await (const { file, batches, first } of begun) {
    const folder = partitionFolder(file);
    if (renewed.has(folder)) continue;
    try {
      const head = await first;
      if (head?.done === true) continue;
      for await (const batch of head === undefined ? batches : chained(head.value, batches)) {
        reading.left -= batch.length;
        if (batch.length > 0) given.add(folder);
        yield* partsOf(batch, batchRows);
      }
    } catch (thrown) {
      const isGone = thrown instanceof ObjectNotFoundError && renewals < maxRenewals;
      if (isGone && !given.has(folder)) renewed.add(folder);
      else bad.add(file.path, thrown);
    }
    if (renewed.has(folder)) yield* rowsOfFiles(reading, await filesNow(reading.store, file), renewals + 1);
    if (reading.left === 0) break;
  }
}

async function* chained<T>(head: T, tail: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  yield head;
  yield* tail;
}

/** A number of rows that may be given; infinite if it is not. */
function countOption(value: unknown, option: string, min: number): number {
  if (value === undefined || value === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  if (typeof value !== "number") throw wrongKind(`table: ${option}`, "a number", value);
  if (Number.isSafeInteger(value) && value >= min) return value;
  throw wrongValue(`table: ${option}`, `a whole number of at least ${min}`, value);
}

function checkColumnsOption(columns: unknown): void {
  if (columns === undefined || typeof columns === "function" || Array.isArray(columns)) return;
  throw wrongKind("table: columns", "an array of column names, or a function of one", columns);
}

/** The row filter a file needs: none when its whole partition is inside the range. */
function cutting(file: DataFile, { from, to }: TimeRange): Filter | undefined {
  return timeBetween(
    systemColumns.requestTime.name,
    file.start >= from ? Number.NEGATIVE_INFINITY : from,
    file.end <= to ? Number.POSITIVE_INFINITY : to,
  );
}

/** The files of a collection in a range, by time. {@link NoCollectionError} if it has none at any time. */
export async function filesOf(catalog: Catalog, name: string, range: TimeRange): Promise<DataFile[]> {
  const files: DataFile[] = [];
  const names = new Map<string, string>();
  const note = ({ collection }: DataFile): void => void names.set(collectionKey(collection), collection);
  const key = collectionKey(name);
  for await (const file of catalog.files({ range, collection: name })) files.push(file);
  if (files.length > 0) return files.sort((a, b) => a.start - b.start);
  for await (const file of catalog.files({ onUnusable: (_log, _thrown, one) => note(one) })) {
    note(file);
    if (names.has(key)) break;
  }
  if (names.has(key)) return [];
  throw new NoCollectionError(name, catalog, [...names.values()]);
}

/** That there is no such collection, which ones there are, and which may have been meant. */
export class NoCollectionError extends RangeError {
  readonly code = "INVALID_ARGUMENT";
  readonly collection: string;

  constructor(collection: string, { store, scope }: Catalog, names: readonly string[]) {
    const { endpoint, deployment } = scope;
    const folder = pathPrefix(endpoint, deployment).slice(0, -1);
    const root = folder === "" ? store.description : `${store.description}/${folder}`;
    const of = deployment === undefined || endpoint !== undefined ? "" : ` of deployment ${deployment}`;
    const near = nearest(collection, names);
    const hint = near === undefined ? "" : `; did you mean ${quote(near)}?`;
    const there = names.length === 0 ? "there is none" : `there are: ${names.toSorted().join(", ")}`;
    super(`no collection ${quote(collection)} under ${root}${of}; ${there}${hint}`);
    this.collection = collection;
  }
}
