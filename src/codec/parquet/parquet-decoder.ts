import { parquetScan, type ParquetQueryFilter } from "hyparquet";
import { dateOfMicros, type OpenedParquet, openParquet } from "./parquet-file.ts";
import type { RangeSource } from "../range-source.ts";
import { type GroupRange, readColumnRange } from "./reading/column-range.ts";
import { indexBuffer } from "./reading/index-buffer.ts";
import { createBudget } from "./reading/limits.ts";

export type { OpenedParquet, ParquetFileInfo } from "./parquet-file.ts";
export { openParquet, readParquetInfo } from "./parquet-file.ts";

/** Which rows and columns to read. */
export interface ParquetReadOptions {
  /**
   * Columns in the order wanted; one that the file does not have is null in every row. Default: all of the
   * file.
   */
  readonly columns?: readonly string[];
  /** First row of the file, from 0. Default 0. */
  readonly rowStart?: number;
  /** Row of the file before which to stop. Default: all. */
  readonly rowEnd?: number;
  /** Only rows for which all of this is true. */
  readonly where?: ParquetWhere;
  /**
   * `date` (default) drops what is below a millisecond; `micros` gives a bigint of microseconds since 1970
   * UTC.
   */
  readonly timestamps?: "date" | "micros";
}

/** Conditions by column; null satisfies none. */
export type ParquetWhere = Readonly<Record<string, ParquetCondition>>;

/**
 * A value, or a range with its beginning and without its end. A `Date` is compared with timestamps to the
 * microsecond.
 */
export interface ParquetCondition {
  readonly equal?: string | number | bigint | boolean | Date;
  readonly from?: string | number | bigint | Date;
  readonly to?: string | number | bigint | Date;
}

/** Rows of a file by column: at most a row group, in the file's order. */
export interface ParquetColumns {
  /** How many rows. */
  readonly length: number;
  /** Each row's place in the file. */
  readonly rows: Uint32Array;
  /**
   * Values: number (float64, int32), bigint (int64), boolean, string (also JSON text), Date or bigint
   * (timestamp), Uint8Array (binary), array (list), null.
   */
  readonly columns: ReadonlyMap<string, ArrayLike<unknown>>;
}

/**
 * Reads a file by column, a row group at a time. What `where` rules out by statistics, by the Bloom filter of
 * `mdc_correlation_id` or by the page index is not fetched, so that one correlation id costs a few small
 * requests.
 */
export async function* readParquetColumns(
  source: RangeSource | OpenedParquet,
  options: ParquetReadOptions = {},
): AsyncIterable<ParquetColumns> {
  const file = "metadata" in source ? source : await openParquet(source);
  const present = new Set(file.info.columns.map((column) => column.name));
  const wanted = options.columns ?? [...present];
  const conditions = Object.entries(options.where ?? {}).map(([name, condition]) => {
    return [name, inMicros(condition)] as const;
  });
  const dates = new Set<string>();
  if (options.timestamps !== "micros") {
    for (const { name, type } of file.info.columns) if (type.includes("timestamp")) dates.add(name);
  }
  if (conditions.some(([name]) => !present.has(name))) return;
  const needed = [
    ...new Set([...wanted.filter((name) => present.has(name)), ...conditions.map(([name]) => name)]),
  ];
  const prunable = conditions.filter(([name]) => canPrune(name));
  const scan = await parquetScan({
    file: indexBuffer(file.source, file.metadata),
    metadata: file.metadata,
    columns: needed,
    rowStart: options.rowStart ?? 0,
    rowEnd: Math.min(options.rowEnd ?? file.info.rows, file.info.rows),
    ...(prunable.length > 0 && { pruningFilter: pruningFilter(prunable) }),
    parsers: file.parsers,
    useBloomFilters: true,
    usePageIndex: true,
  });
  for (const range of scan.ranges) {
    const within = groupRange(file, range);
    const budget = createBudget();
    budget.take((range.rowEnd - range.rowStart) * 8 * (wanted.length + 1));
    const known = new Map<string, Promise<ArrayLike<unknown>>>();
    const read = (column: string): Promise<ArrayLike<unknown>> => {
      const values = known.get(column) ?? readColumnRange(file, column, within, budget);
      known.set(column, values);
      return values;
    };
    const rows = new Uint32Array(range.rowEnd - range.rowStart);
    let count = 0;
    const tested = await Promise.all(
      conditions.map(async ([name, condition]) => ({ values: await read(name), condition })),
    );
    for (let i = 0; i < rows.length; i++) {
      if (tested.every(({ values, condition }) => satisfies(values[i], condition))) rows[count++] = i;
    }
    if (count === 0) continue;
    const picked = rows.subarray(0, count);
    const columns = new Map<string, ArrayLike<unknown>>();
    const values = await Promise.all(wanted.map((name) => (present.has(name) ? read(name) : undefined)));
    wanted.forEach((name, index) => {
      const column = values[index];
      const value = dates.has(name) ? toDates : (one: unknown) => one ?? null;
      columns.set(
        name,
        Array.from(picked, (row) => value(column?.[row])),
      );
    });
    yield { length: count, rows: picked.map((row) => row + range.rowStart), columns };
  }
}

/** The rows of a scan's range in their row group; throws when an index led to rows that are not there. */
function groupRange(
  { metadata }: OpenedParquet,
  { rowStart, rowEnd }: { readonly rowStart: number; readonly rowEnd: number },
): GroupRange {
  let first = 0;
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows);
    if (rowStart >= first && rowStart < rowEnd && rowEnd <= first + rows) {
      return { group, start: rowStart - first, end: rowEnd - first };
    }
    first += rows;
  }
  throw new Error("its page index names rows that are not there");
}

/** A timestamp of hyparquet's, or a list of them, as `Date`. */
function toDates(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toDates);
  return typeof value === "bigint" ? dateOfMicros(value) : (value ?? null);
}

/** The condition with its dates as what timestamps are read as. */
function inMicros(condition: ParquetCondition): ParquetCondition {
  return Object.fromEntries(
    Object.entries(condition).map(([key, value]: [string, unknown]) => {
      return [key, value instanceof Date ? BigInt(value.getTime()) * 1000n : value];
    }),
  );
}

/**
 * Whether hyparquet can look that column up: it does in plain objects, where every one has a `constructor`,
 * and by path.
 */
function canPrune(name: string): boolean {
  return !(name in Object.prototype) && !name.includes(".");
}

function pruningFilter(conditions: readonly (readonly [string, ParquetCondition])[]): ParquetQueryFilter {
  return {
    $and: conditions.map(([name, { equal, from, to }]) => ({
      [name]: {
        ...(equal !== undefined && { $eq: equal }),
        ...(from !== undefined && { $gte: from }),
        ...(to !== undefined && { $lt: to }),
      },
    })),
  };
}

function satisfies(value: unknown, { equal, from, to }: ParquetCondition): boolean {
  if (value === null || value === undefined) return false;
  const comparable = value as string | number | bigint | boolean;
  if (equal !== undefined && comparable !== equal) return false;
  if (from !== undefined && !(comparable >= from)) return false;
  return to === undefined || comparable < to;
}
