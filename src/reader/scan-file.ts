import {
  type OpenedParquet,
  openParquet,
  type ParquetWhere,
  readParquetColumns,
} from "../codec/parquet/parquet-decoder.ts";
import type { TimeRange } from "../layout/partition.ts";
import { systemColumns } from "../layout/system-columns.ts";
import type { Store } from "../store/store.ts";
import { type ColumnBatch, columnBatch } from "../layout/column-batch.ts";
import type { DataFile } from "./data-file.ts";
import { openStoredFile } from "./stored-file.ts";

/** What to read of a file. */
export interface ScanOptions {
  /** Names in the order wanted, or which of the file's columns to keep. Default: all of the file. */
  readonly columns?: readonly string[] | ((name: string) => boolean) | undefined;
  /** Only rows of one correlation id. */
  readonly correlationId?: string;
  /** Only rows whose request time is in this range. */
  readonly range?: TimeRange | undefined;
  /** At most so many rows. Default: all. */
  readonly limit?: number;
}

/**
 * Reads a stored file, a row group at a time. What statistics, the Bloom filter or the page index rule out is
 * not fetched. Throws as {@link openStoredFile} explains.
 */
export async function* scanFile(
  store: Store,
  file: DataFile,
  options: ScanOptions = {},
): AsyncGenerator<ColumnBatch, void, undefined> {
  const stored = openStoredFile(store, file);
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  const batches = decode(() => openParquet(stored.source), options);
  while (left > 0) {
    const next = await batches.next().catch((thrown: unknown) => {
      throw stored.explain(thrown);
    });
    if (next.done === true) return;
    const { length, columns } = next.value;
    yield length <= left ? next.value : columnBatch(left, firstOf(columns, left));
    left -= Math.min(length, left);
  }
}

async function* decode(
  open: () => Promise<OpenedParquet>,
  { columns: chosen, correlationId, range, limit }: ScanOptions,
): AsyncGenerator<ColumnBatch, void, undefined> {
  const file = await open();
  const names = file.info.columns.map(({ name }) => name);
  const columns = typeof chosen === "function" ? names.filter(chosen) : (chosen ?? names);
  if (correlationId !== undefined) {
    // The ids first, alone: the other columns are then read for the few rows in question and nothing beside
    // them.
    const where = { [systemColumns.correlationId.name]: { equal: correlationId } };
    for await (const { rows } of readParquetColumns(file, { columns: [], where })) {
      for (const [rowStart, rowEnd] of runsOf(rows))
        yield* batchesOf(readParquetColumns(file, { columns, rowStart, rowEnd }));
    }
  } else if (range !== undefined) {
    yield* batchesOf(readParquetColumns(file, { columns, where: requestTimeIn(range) }));
  } else {
    // Without a condition the first rows of the file are the first rows of the answer.
    yield* batchesOf(readParquetColumns(file, { columns, rowEnd: limit ?? file.info.rows }));
  }
}

async function* batchesOf(
  source: ReturnType<typeof readParquetColumns>,
): AsyncGenerator<ColumnBatch, void, undefined> {
  for await (const { length, columns } of source) yield columnBatch(length, columns);
}

function requestTimeIn({ from, to }: TimeRange): ParquetWhere {
  return {
    [systemColumns.requestTime.name]: {
      ...(Number.isFinite(from) ? { from: new Date(from) } : {}),
      ...(Number.isFinite(to) ? { to: new Date(to) } : {}),
    },
  };
}

/** Rising row numbers as ranges without gaps, ends not included: a frame's rows lie side by side. */
function* runsOf(rows: Uint32Array): Generator<[start: number, end: number]> {
  let start = 0;
  for (let i = 1; i <= rows.length; i++) {
    if (i < rows.length && rows[i] === (rows[i - 1] as number) + 1) continue;
    yield [rows[start] as number, (rows[i - 1] as number) + 1];
    start = i;
  }
}

function firstOf(columns: ReadonlyMap<string, ArrayLike<unknown>>, count: number): Map<string, unknown[]> {
  return new Map([...columns].map(([name, values]) => [name, Array.prototype.slice.call(values, 0, count)]));
}
