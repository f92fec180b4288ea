import { type OpenedParquet, openParquet, readParquetColumns } from "../codec/parquet/parquet-decoder.ts";
import { type ColumnBatch, columnBatch, rowsOf, withNumbers } from "../layout/column-batch.ts";
import { bindFilter } from "../layout/filter/bound-filter.ts";
import { type Filter, filterColumns } from "../layout/filter/filter.ts";
import { canMatch } from "../layout/filter/possible.ts";
import { isOwnName } from "../layout/paths/others-path.ts";
import { isSystemColumn, systemColumns } from "../layout/system-columns.ts";
import type { Store } from "../store/store.ts";
import type { DataFile } from "./data-file.ts";
import type { PinnedTypes } from "./lines/pinned-types.ts";
import { scanLines } from "./lines/scan-lines.ts";
import { openStoredFile } from "./stored-file.ts";

/** What to read of a file. */
export interface ScanOptions {
  /** Names in the order wanted, or which of the file's columns to keep. Default: all of the file. */
  readonly columns?: readonly string[] | ((name: string) => boolean) | undefined;
  /** Only rows that this wants, which may depend on the types of the file's columns. */
  readonly filter?: Filter | ((types: ReadonlyMap<string, string>) => Filter | undefined) | undefined;
  /** At most so many rows. Default: all. */
  readonly limit?: number;
  /** What is known of pinned types, which files of JSON lines need; shared by the scans of one answer. */
  readonly pins: PinnedTypes;
  /** `micros`: instants as bigints of microseconds since 1970 UTC. Default: as `Date`. */
  readonly timestamps?: "date" | "micros" | undefined;
  /** True: most files have no row that is wanted, so of each the end comes first. Default false. */
  readonly isSearch?: boolean;
}

/**
 * Reads a stored file, a row group at a time or less. What statistics, Bloom filters or the page index rule
 * out is not fetched, and nothing of a file that cannot have the ids that are asked for, as its listing
 * tells, or the columns, as the pinned types of its collection tell a search. Throws as
 * {@link openStoredFile} explains.
 */
export async function* scanFile(
  store: Store,
  file: DataFile,
  options: ScanOptions,
): AsyncGenerator<ColumnBatch, void, undefined> {
  if (!canHaveIds(file, options.filter)) return;
  if (options.isSearch === true && !(await canHaveColumns(file, options))) return;
  const stored = openStoredFile(store, file);
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  const batches =
    file.format === "jsonl"
      ? scanLines(stored.source, store, file, options.pins, { ...options, filter: filterFor(options) })
      : decode(() => openParquet(stored.source, options.isSearch === true ? "end" : "whole"), options);
  while (left > 0) {
    const next = await batches.next().catch((thrown: unknown) => {
      throw stored.explain(thrown);
    });
    if (next.done === true) return;
    const { length } = next.value;
    yield length <= left ? next.value : rowsOf(next.value, 0, left);
    left -= Math.min(length, left);
  }
}

/** Whether a file's correlation ids, as far as they are known from outside, can be those of wanted rows. */
function canHaveIds({ ids }: DataFile, filter: ScanOptions["filter"]): boolean {
  if (ids === undefined || filter === undefined || typeof filter === "function") return true;
  const { name } = systemColumns.correlationId;
  const facts = { rows: 1, nulls: 0, min: ids.first, max: ids.last };
  return canMatch(bindFilter(filter, new Map([[name, "string"]])), (column) =>
    column === name ? facts : undefined,
  );
}

/** Whether a file can have wanted rows: of ours, it has no other columns than are pinned. */
async function canHaveColumns(file: DataFile, { filter, pins }: ScanOptions): Promise<boolean> {
  if (filter === undefined || typeof filter === "function" || file.format !== "parquet") return true;
  const asked = [...filterColumns(filter)].filter((column) => !isSystemColumn(column));
  if (asked.length === 0 || !isOwnName(file.path)) return true;
  // Types that cannot be used tell nothing, and are told where they are needed.
  const pinned = await pins.of(file).catch(() => undefined);
  if (pinned === undefined || pinned.size === 0) return true;
  const missing = new Set(asked.filter((column) => !pinned.has(column)));
  const none = { rows: 1, nulls: 1, min: undefined, max: undefined };
  return canMatch(bindFilter(filter, new Map()), (column) => (missing.has(column) ? none : undefined));
}

async function* decode(
  open: () => Promise<OpenedParquet>,
  { columns: chosen, limit, timestamps = "date", ...options }: ScanOptions,
): AsyncGenerator<ColumnBatch, void, undefined> {
  const file = await open();
  const known = file.info.types;
  const columns =
    typeof chosen === "function" ? [...known.keys()].filter(chosen) : (chosen ?? [...known.keys()]);
  const types = new Map(columns.flatMap((name) => (known.has(name) ? [[name, known.get(name) ?? ""]] : [])));
  const filter = filterFor(options)(known);
  // Without a condition the first rows of the file are the first rows of the answer.
  const rowEnd = filter === undefined ? (limit ?? file.info.rows) : file.info.rows;
  for await (const part of readParquetColumns(file, { columns, filter, rowEnd, timestamps }))
    yield columnBatch(part.length, withNumbers(part.columns, types), types);
}

function filterFor({ filter }: Pick<ScanOptions, "filter">): Exclude<typeof filter, Filter | undefined> {
  return typeof filter === "function" ? filter : () => filter;
}
