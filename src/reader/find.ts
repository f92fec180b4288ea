import type { Filter } from "../layout/filter/filter.ts";
import { allOf, timeBetween } from "../layout/filter/filter.ts";
import { parseWhere, type Where } from "../layout/filter/where.ts";
import { wrongKind, wrongValue } from "../base/errors.ts";
import { collectionKey } from "../layout/collection-key.ts";
import type { Row } from "../layout/row.ts";
import { isSystemColumn, systemColumns } from "../layout/system-columns.ts";
import type { Catalog } from "./catalog.ts";
import type { DataFile } from "./data-file.ts";
import { PinnedTypes } from "./lines/pinned-types.ts";
import type { OnUnusable } from "./listing/table-files.ts";
import { mapConcurrent } from "./map-concurrent.ts";
import { scanFile } from "./scan-file.ts";
import { rangeOption } from "./time-option.ts";
import { checkCallback, createBadFiles, type UnreadableFile } from "./unreadable.ts";

/** Options of `Dataset.find`: `where`, `text` or both have to be given. */
export interface FindOptions {
  /** Rows of which this is true: see {@link Where}. A collection without such a column has no value of it. */
  readonly where?: Where;
  /**
   * Rows with a text, JSON or bytes in UTF-8 in which this stands, in a column of yours, in tags, in rejected
   * values or in an id. Every such column is read.
   */
  readonly text?: string;
  /** Only in these collections, whatever their case. Default: in all. */
  readonly collections?: readonly string[];
  /**
   * Only rows whose request started then or later: a Date, milliseconds since 1970 UTC, or an ISO 8601 text.
   */
  readonly from?: Date | number | string;
  /** Only rows whose request started before. */
  readonly to?: Date | number | string;
  /** At most this many rows, at least 1. Default 100. */
  readonly limit?: number;
  /**
   * Called with each file whose bytes are bad, and each Delta log that cannot be used, which stands for its
   * table; the answer is what the others hold. Default: all others are looked through, and then `find`
   * rejects with a `CollectorError` with code `CORRUPT` that names the file.
   */
  readonly onUnreadable?: (file: UnreadableFile) => void;
}

/** A row that was found, and where it belongs. */
export interface FoundRow {
  /** The correlation id: `trace` tells what else there is of the request. */
  readonly id: string;
  readonly collection: string;
  readonly endpoint: string;
  readonly deployment: string;
  /** When the request started. */
  readonly requestTime: Date;
  /** When the row was collected. */
  readonly eventTime: Date;
  /** The columns of yours, and `mdc_rejected` if something of the row is there. */
  readonly row: Row;
}

const filesAtOnce = 8;
const { correlationId, requestTime, eventTime, rejected, requestId, clientRequestId, tags } = systemColumns;
const told: ReadonlySet<string> = new Set([correlationId, requestTime, eventTime, rejected].map(nameOf));
/** Columns of ours in which somebody's own texts stand. */
const searched: ReadonlySet<string> = new Set(
  [correlationId, requestId, clientRequestId, tags, rejected].map(nameOf),
);

function nameOf({ name }: { readonly name: string }): string {
  return name;
}

/** Looks for rows in all collections, in the latest partitions first. */
export async function findRows(catalog: Catalog, options: FindOptions): Promise<FoundRow[]> {
  const { filter, range, limit, collections } = checked(options);
  const bad = createBadFiles(options.onUnreadable);
  const files: DataFile[] = [];
  const isAsked = ({ collection }: DataFile): boolean =>
    collections?.has(collectionKey(collection)) !== false;
  const onUnusable: OnUnusable = (log, thrown, file) => {
    if (isAsked(file)) bad.add(log, thrown);
  };
  for await (const file of catalog.files({ range, onUnusable })) if (isAsked(file)) files.push(file);
  files.sort((a, b) => b.start - a.start);
  const pins = new PinnedTypes(catalog.store);
  const scans = mapConcurrent(files, filesAtOnce, async (file) => {
    const rows: FoundRow[] = [];
    try {
      for await (const batch of scanFile(catalog.store, file, {
        filter,
        columns: isTold,
        limit,
        pins,
        isSearch: true,
      }))
        for (const row of batch.rows()) rows.push(foundRow(file, row));
      return { file, rows };
    } catch (thrown) {
      return { file, rows, thrown };
    }
  });
  const found: FoundRow[] = [];
  for await (const { file, rows, thrown } of scans) {
    if (thrown !== undefined) bad.add(file.path, thrown);
    for (const row of rows) found.push(row);
    if (found.length >= limit) break;
  }
  bad.end();
  return found.slice(0, limit);
}

function checked(options: FindOptions) {
  if (typeof options !== "object") throw wrongKind("find", "an object with where or text", options);
  const { where, text, limit = 100, collections } = options;
  if (where === undefined && text === undefined) throw wrongKind("find", "where or text", undefined);
  if (text !== undefined && typeof text !== "string") throw wrongKind("find: text", "a text", text);
  if (text === "") throw wrongValue("find: text", "a text", text);
  if (!(Number.isSafeInteger(limit) && limit >= 1))
    throw wrongValue("find: limit", "a whole number of at least 1", limit);
  if (collections !== undefined && !Array.isArray(collections))
    throw wrongKind("find: collections", "an array of names", collections);
  checkCallback(options.onUnreadable, "find");
  const range = rangeOption(options, "find");
  const asked = allOf(
    timeBetween(requestTime.name, range.from, range.to),
    where === undefined ? undefined : parseWhere(where, "find: where"),
  );
  return {
    limit,
    range,
    collections: collections === undefined ? undefined : new Set(collections.map(collectionKey)),
    filter:
      text === undefined
        ? asked
        : (types: ReadonlyMap<string, string>): Filter | undefined => allOf(asked, anywhere(text, types)),
  };
}

/** In any column that can have a text in it. */
function anywhere(text: string, types: ReadonlyMap<string, string>): Filter {
  const columns = [...types].filter(
    ([name, type]) =>
      ["string", "json", "binary"].includes(type) && (!isSystemColumn(name) || searched.has(name)),
  );
  const test = { kind: "contains", value: text } as const;
  return { kind: "any", of: columns.map(([column]) => ({ kind: "column", column, test })) };
}

function isTold(column: string): boolean {
  return !isSystemColumn(column) || told.has(column);
}

function foundRow(file: DataFile, row: Row): FoundRow {
  const { collection, endpoint, deployment } = file;
  const entries = Object.entries(row).filter(
    ([name, value]) => !isSystemColumn(name) || (name === rejected.name && value !== null),
  );
  return {
    id: String(row[correlationId.name] ?? ""),
    collection,
    endpoint,
    deployment,
    requestTime: timeOf(row[requestTime.name]),
    eventTime: timeOf(row[eventTime.name]),
    row: Object.fromEntries(entries),
  };
}

function timeOf(value: unknown): Date {
  return value instanceof Date ? value : new Date(Number.NaN);
}
