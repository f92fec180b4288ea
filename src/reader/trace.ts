import { likelyTimes, overlaps, type TimeRange } from "../layout/partition.ts";
import { isSystemColumn, systemColumns } from "../layout/system-columns.ts";
import type { Filter } from "../layout/filter/filter.ts";
import type { Catalog } from "./catalog.ts";
import type { DataFile } from "./data-file.ts";
import { PinnedTypes } from "./lines/pinned-types.ts";
import { mapConcurrent } from "./map-concurrent.ts";
import type { Row } from "../layout/row.ts";
import { scanFile } from "./scan-file.ts";
import { type BadFiles, checkCallback, createBadFiles, type UnreadableFile } from "./unreadable.ts";

/** Options of `Dataset.trace`. */
export interface TraceOptions {
  /**
   * True: look into every file, even when records were found where the id says they are. A UUIDv7 holds the
   * time it was made, so by default the partitions of that time and the ones beside it come first, and the
   * rest only when there was nothing. Default false.
   */
  readonly everywhere?: boolean;
  /**
   * Called with each file whose bytes are bad, and each Delta log that cannot be used, which stands for its
   * table; the trace is made of what the others hold. Default: everything is looked through, and then `trace`
   * rejects with a `CollectorError` with code `CORRUPT` that names the file.
   */
  readonly onUnreadable?: (file: UnreadableFile) => void;
}

/** One request, end to end: what all collections hold of one correlation id. */
export interface Trace {
  /** The correlation id asked for. */
  readonly id: string;
  /** When the request started; undefined when nothing was found. */
  readonly requestTime: Date | undefined;
  /** What was collected, by event time; empty when nothing was found. */
  readonly records: readonly TraceRecord[];
}

/** What one call of `collect` stored. */
export interface TraceRecord {
  readonly collection: string;
  readonly endpoint: string;
  readonly deployment: string;
  /** The record's own id. */
  readonly eventId: string;
  /** When it was collected. */
  readonly eventTime: Date;
  /**
   * The frame's rows in their order, with features only. A row that has cells which did not fit their columns
   * keeps them in `mdc_rejected`.
   */
  readonly rows: readonly Row[];
}

const filesAtOnce = 8;

/** Finds the records of one correlation id. */
export async function findTrace(catalog: Catalog, id: string, options: TraceOptions): Promise<Trace> {
  checkCallback(options.onUnreadable, "trace");
  const bad = createBadFiles(options.onUnreadable);
  const likely = likelyTimes(id);
  const filesIn = (range?: TimeRange): AsyncIterable<DataFile> =>
    catalog.files({ range, onUnusable: (log, thrown) => bad.add(log, thrown) });
  const near: DataFile[] = [];
  if (likely !== undefined) for await (const file of filesIn(likely)) near.push(file);
  let rows = await findRows(catalog, near, id, bad);
  if (rows.length === 0 || options.everywhere === true) {
    const rest: DataFile[] = [];
    for await (const file of filesIn()) if (likely === undefined || !overlaps(file, likely)) rest.push(file);
    rows = rows.concat(await findRows(catalog, rest, id, bad));
  }
  bad.end();
  const records = recordsOf(rows);
  const times = rows.map(({ row }) => timeOf(row, requestTime.name).getTime());
  const first = times.reduce((min, at) => Math.min(min, at), Number.POSITIVE_INFINITY);
  return { id, requestTime: Number.isFinite(first) ? new Date(first) : undefined, records };
}

/** The features, and what puts rows together into records; the other system columns only cost time. */
function isNeeded(column: string): boolean {
  return !isSystemColumn(column) || needed.has(column);
}

const { eventId, rowIndex, eventTime, requestTime, rejected } = systemColumns;

const needed: ReadonlySet<string> = new Set(
  [eventId, rowIndex, eventTime, requestTime, rejected].map(({ name }) => name),
);

interface Found {
  readonly file: DataFile;
  readonly row: Row;
}

async function findRows(
  catalog: Catalog,
  files: readonly DataFile[],
  id: string,
  bad: BadFiles,
): Promise<Found[]> {
  const found: Found[] = [];
  const filter: Filter = {
    kind: "column",
    column: systemColumns.correlationId.name,
    test: { kind: "in", values: [id] },
  };
  const pins = new PinnedTypes(catalog.store);
  const scans = mapConcurrent(files, filesAtOnce, async (file) => {
    const rows: Found[] = [];
    try {
      for await (const batch of scanFile(catalog.store, file, {
        filter,
        columns: isNeeded,
        pins,
        isSearch: true,
      })) {
        for (const row of batch.rows()) rows.push({ file, row });
      }
      return { file, rows };
    } catch (thrown) {
      return { file, rows, thrown };
    }
  });
  for await (const { file, rows, thrown } of scans) {
    // In the order of the files, not that in which they failed.
    if (thrown !== undefined) bad.add(file.path, thrown);
    for (const row of rows) found.push(row);
  }
  return found;
}

/** Groups rows into the frames they came from. A row that was delivered twice is kept once. */
function recordsOf(found: readonly Found[]): TraceRecord[] {
  const events = new Map<string, { file: DataFile; rows: Map<number, Row> }>();
  for (const { file, row } of found) {
    const event = `${file.endpoint}/${file.deployment}/${file.collection}/${String(row[eventId.name])}`;
    let entry = events.get(event);
    if (entry === undefined) events.set(event, (entry = { file, rows: new Map() }));
    entry.rows.set(Number(row[rowIndex.name]), row);
  }
  const records = [...events.values()].map(({ file, rows }) => recordOf(file, rows));
  return records.sort(
    (a, b) => a.eventTime.getTime() - b.eventTime.getTime() || (a.eventId < b.eventId ? -1 : 1),
  );
}

function recordOf(file: DataFile, rows: ReadonlyMap<number, Row>): TraceRecord {
  const ordered = [...rows].sort(([a], [b]) => a - b).map(([, row]) => row);
  const first = ordered[0] as Row;
  return {
    collection: file.collection,
    endpoint: file.endpoint,
    deployment: file.deployment,
    eventId: String(first[eventId.name]),
    eventTime: timeOf(first, eventTime.name),
    rows: ordered.map(features),
  };
}

function features(row: Row): Row {
  const kept = Object.entries(row).filter(
    ([name, value]) => !isSystemColumn(name) || (name === rejected.name && value !== null),
  );
  return Object.fromEntries(kept);
}

function timeOf(row: Row, column: string): Date {
  const value = row[column];
  return value instanceof Date ? value : new Date(Number.NaN);
}
