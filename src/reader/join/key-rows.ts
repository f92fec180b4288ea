import { type ColumnBatch, columnBatch } from "../../layout/column-batch.ts";
import { timeBetween } from "../../layout/filter/filter.ts";
import { systemColumns } from "../../layout/system-columns.ts";
import type { Store } from "../../store/store.ts";
import type { DataFile } from "../data-file.ts";
import type { PinnedTypes } from "../lines/pinned-types.ts";
import { mapConcurrent } from "../map-concurrent.ts";
import { scanFile } from "../scan-file.ts";
import type { BadFiles } from "../unreadable.ts";

const { correlationId, rowIndex, eventId, eventTime, requestTime } = systemColumns;

/** The columns that rows are put together by. */
export const keyColumns: readonly string[] = [correlationId, rowIndex, eventId, eventTime, requestTime].map(
  ({ name }) => name,
);

/**
 * Rows of several collections by what joins them: a list by column, in which a row has its number. Times are
 * microseconds since 1970 UTC.
 */
export class KeyRows {
  readonly ids: string[] = [];
  readonly sides: number[] = [];
  readonly indexes: number[] = [];
  readonly events: string[] = [];
  readonly eventTimes: number[] = [];
  readonly requestTimes: number[] = [];
  /** Each row's batch, and its place there. */
  readonly batches: ColumnBatch[] = [];
  readonly places: number[] = [];
  /** The file of each row. */
  readonly files: DataFile[] = [];
  /** What became of each row; all of them are in once it is asked for. */
  #verdicts: Uint8Array | undefined;

  get length(): number {
    return this.ids.length;
  }

  get verdicts(): Uint8Array {
    return (this.#verdicts ??= new Uint8Array(this.length));
  }

  /** Adds the rows of a batch. */
  add(side: number, file: DataFile, batch: ColumnBatch): void {
    const [ids, indexes, events, eventTimes, requestTimes] = keyColumns.map((name) =>
      batch.columns.get(name),
    );
    const start = file.start * 1_000;
    for (let row = 0; row < batch.length; row++) {
      this.ids.push(text(ids?.[row]));
      this.sides.push(side);
      this.indexes.push(Number(indexes?.[row] ?? 0));
      this.events.push(text(events?.[row]));
      // Files of others may lack them.
      const time = Number(requestTimes?.[row] ?? start);
      this.requestTimes.push(time);
      this.eventTimes.push(Number(eventTimes?.[row] ?? time));
      this.batches.push(batch);
      this.places.push(row);
      this.files.push(file);
    }
  }

  /** The numbers of the rows of each id; a row without one is alone. */
  requests(): Iterable<number[]> {
    const requests = new Map<string | number, number[]>();
    for (let row = 0; row < this.length; row++) {
      const id = this.ids[row] as string;
      const rows = requests.get(id);
      if (rows === undefined || id === "") requests.set(id === "" ? row : id, [row]);
      else rows.push(row);
    }
    return requests.values();
  }
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Rows of some files, of requests in a range of time; infinite where the files are not cut. */
export interface KeyScan {
  readonly side: number;
  readonly file: DataFile;
  /** Milliseconds since 1970 UTC. */
  readonly from: number;
  readonly to: number;
}

/** What reads files. */
export interface StoreReading {
  readonly store: Store;
  readonly pins: PinnedTypes;
  readonly bad: BadFiles;
}

/** How rows are read. */
export interface KeyReading extends StoreReading {
  /** The columns to read of a side, beside those of the keys. */
  readonly columns: (side: number) => readonly string[] | ((name: string) => boolean);
  /** Whether a row of a side with that id is wanted. */
  readonly isWanted: (id: string, side: number) => boolean;
  /** More rows than these are not read. */
  readonly maxRows: number;
}

const filesAtOnce = 4;

/** Reads rows by their keys; when there are more than may be, so many of them. */
export async function readKeyRows(
  scans: readonly KeyScan[],
  reading: KeyReading,
): Promise<{ readonly rows: KeyRows; readonly isWhole: boolean }> {
  let count = 0;
  const read = mapConcurrent(scans, filesAtOnce, async (scan) => {
    const batches: ColumnBatch[] = [];
    try {
      for await (const batch of scanKeys(scan, reading)) {
        count += batch.length;
        if (batch.length > 0) batches.push(batch);
        if (count > reading.maxRows) break;
      }
      return { scan, batches };
    } catch (thrown) {
      return { scan, batches, thrown };
    }
  });
  const rows = new KeyRows();
  for await (const { scan, batches, thrown } of read) {
    if (thrown !== undefined) reading.bad.add(scan.file.path, thrown);
    for (const batch of batches) rows.add(scan.side, scan.file, batch);
    if (count > reading.maxRows) break;
  }
  return { rows, isWhole: count <= reading.maxRows };
}

async function* scanKeys(
  { side, file, from, to }: KeyScan,
  { store, pins, columns, isWanted }: KeyReading,
): AsyncGenerator<ColumnBatch, void, undefined> {
  const more = columns(side);
  const isKey = (name: string): boolean => keyColumns.includes(name);
  const names =
    typeof more === "function"
      ? (name: string): boolean => isKey(name) || more(name)
      : [...keyColumns, ...more.filter((name) => !isKey(name))];
  const filter = timeBetween(requestTime.name, from, to);
  for await (const batch of scanFile(store, file, { pins, columns: names, filter, timestamps: "micros" }))
    yield taken(batch, (id) => isWanted(id, side));
}

/** The rows of a batch with wanted ids. */
function taken(batch: ColumnBatch, isTaken: (id: string) => boolean): ColumnBatch {
  const ids = batch.columns.get(correlationId.name);
  const rows: number[] = [];
  for (let row = 0; row < batch.length; row++) if (isTaken(text(ids?.[row]))) rows.push(row);
  if (rows.length === batch.length) return batch;
  const columns = [...batch.columns].map(([name, values]) => [name, gather(values, rows)] as const);
  return columnBatch(rows.length, new Map(columns), batch.types);
}

/** The values at some places, in a typed array where they were in one. */
export function gather(values: ArrayLike<unknown>, rows: readonly number[]): ArrayLike<unknown> {
  if (values instanceof BigInt64Array) return BigInt64Array.from(rows, (row) => values[row] ?? 0n);
  if (values instanceof Int32Array) return Int32Array.from(rows, (row) => values[row] ?? 0);
  if (values instanceof Float64Array) return Float64Array.from(rows, (row) => values[row] ?? 0);
  return rows.map((row) => values[row] ?? null);
}
