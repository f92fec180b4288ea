import { bindFilter, rowTest } from "../../layout/filter/bound-filter.ts";
import { type Filter, filterColumns } from "../../layout/filter/filter.ts";
import type { RangeSource } from "../range-source.ts";
import { dateOfMicros, type OpenedParquet, openParquet } from "./parquet-file.ts";
import { candidateRows, type CandidateRows } from "./reading/candidate-rows.ts";
import { readColumnRange } from "./reading/column-range.ts";
import { type Budget, createBudget } from "./reading/limits.ts";

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
  /** Only rows that this wants. */
  readonly filter?: Filter | undefined;
  /**
   * `date` (default) drops what is below a millisecond; `micros` gives a bigint of microseconds since 1970
   * UTC.
   */
  readonly timestamps?: "date" | "micros";
}

/** Rows of a file by column: at most a row group, in the file's order. */
export interface ParquetColumns {
  /** How many rows. */
  readonly length: number;
  /** Each row's place in the file. */
  readonly rows: Uint32Array;
  /**
   * Values: number (float64, int32), bigint (int64), boolean, string (also JSON text), Date or bigint
   * (timestamp), Uint8Array (binary), array (list), null. Numbers without a null among them are a typed array
   * where they were decoded into one.
   */
  readonly columns: ReadonlyMap<string, ArrayLike<unknown>>;
}

/**
 * Reads a file by column, a row group at a time or less. What `filter` rules out by statistics, by a Bloom
 * filter or by the page index is not fetched, and of the columns that it does not ask about, only the pages
 * around the rows that it wants: so one correlation id costs a few small requests.
 */
export async function* readParquetColumns(
  source: RangeSource | OpenedParquet,
  options: ParquetReadOptions = {},
): AsyncIterable<ParquetColumns> {
  const file = "metadata" in source ? source : await openParquet(source);
  const { rows: all, types } = file.info;
  const { filter, columns = [...types.keys()], rowStart = 0, rowEnd = all } = options;
  const bound = filter === undefined ? undefined : bindFilter(filter, types);
  const asked = filter === undefined ? [] : [...filterColumns(filter)].filter((name) => types.has(name));
  const dates = options.timestamps === "micros" ? none : timesOf(types);
  for await (const candidates of candidateRows(file, bound, rowStart, Math.min(rowEnd, all))) {
    const rows = new CandidateColumns(file, types, candidates, columns.length);
    let wanted: Uint32Array | undefined;
    if (bound !== undefined) {
      const values = new Map<string, ArrayLike<unknown>>();
      await Promise.all(asked.map(async (name) => void values.set(name, await rows.all(name))));
      wanted = pick(
        rows.length,
        rowTest(bound, (name) => values.get(name)),
      );
    }
    const most = rows.rowsAtOnce(columns, wanted?.length ?? rows.length);
    for (const part of partsOf(wanted, rows.length, most)) yield await rows.part(part, columns, dates);
  }
}

/** The columns of instants, which files of one schema share. */
const knownTimes = new WeakMap<ReadonlyMap<string, string>, ReadonlySet<string>>();
const none: ReadonlySet<string> = new Set();

function timesOf(types: ReadonlyMap<string, string>): ReadonlySet<string> {
  let times = knownTimes.get(types);
  if (times === undefined) {
    times = new Set([...types.keys()].filter((name) => types.get(name)?.includes("timestamp")));
    knownTimes.set(types, times);
  }
  return times;
}

/** The columns of some rows that lie side by side; those that were read as a whole are kept. */
class CandidateColumns {
  readonly length: number;
  readonly #file: OpenedParquet;
  readonly #types: ReadonlyMap<string, string>;
  readonly #rows: CandidateRows;
  readonly #budget: Budget = createBudget();
  readonly #known = new Map<string, Promise<ArrayLike<unknown>>>();

  constructor(file: OpenedParquet, types: ReadonlyMap<string, string>, rows: CandidateRows, columns: number) {
    this.#file = file;
    this.#types = types;
    this.#rows = rows;
    this.length = rows.end - rows.start;
    this.#budget.take(this.length * 8 * (columns + 1));
  }

  /** All values of a column that the file has. */
  all(name: string): Promise<ArrayLike<unknown>> {
    let values = this.#known.get(name);
    if (values === undefined) {
      values = this.#read(name);
      this.#known.set(name, values);
    }
    return values;
  }

  async #read(name: string): Promise<ArrayLike<unknown>> {
    return await readColumnRange(this.#file, name, this.#rows, this.#budget);
  }

  /**
   * How many rows are read together of so many wanted ones: all, unless columns have values so large, by the
   * footer, that they are read page by page. All other columns are read once, then.
   */
  rowsAtOnce(names: readonly string[], wanted: number): number {
    const { group } = this.#rows;
    const wide = new Map<string, number>();
    for (const chunk of group.columns) {
      const bytes = chunk.bytes / group.rows;
      if (bytes <= wideBytes || chunk.offsetIndexAt === 0) continue;
      const [name = ""] = chunk.path;
      if (names.includes(name) && !this.#known.has(name)) wide.set(name, bytes);
    }
    const bytes = Array.from(wide.values()).reduce((sum, one) => sum + one, 0);
    const most = Math.max(1, Math.floor(maxWideBytes / bytes), Math.ceil(this.length / maxParts));
    if (most >= this.length) return this.length;
    if (wanted > most)
      for (const name of names) if (this.#types.has(name) && !wide.has(name)) this.all(name).catch(() => {});
    return most;
  }

  async part(
    { start, end, picked }: Part,
    names: readonly string[],
    dates: ReadonlySet<string>,
  ): Promise<ParquetColumns> {
    const { group, groupStart, start: first } = this.#rows;
    const range = { group, start: first + start, end: first + end };
    const budget = createBudget();
    const read = (name: string): ArrayLike<unknown> | Promise<ArrayLike<unknown>> => {
      if (!this.#types.has(name)) return new Array<null>(picked?.length ?? end - start).fill(null);
      const known = this.#known.get(name);
      const take = (values: ArrayLike<unknown>): ArrayLike<unknown> =>
        takeRows(values, known === undefined ? 0 : start, end - start, picked, dates.has(name));
      try {
        const values = known ?? readColumnRange(this.#file, name, range, budget);
        return values instanceof Promise ? values.then(take) : take(values);
      } catch (thrown) {
        // Told where the others are waited for, which may fail, too.
        return Promise.reject(thrown);
      }
    };
    const found = names.map(read);
    // Of small files all is there: to wait for each of their columns would take as long as to decode it.
    const columns = found.some((one) => one instanceof Promise) ? await Promise.all(found) : found;
    const offset = groupStart + range.start;
    return {
      length: picked?.length ?? end - start,
      rows: picked?.map((row) => row + offset) ?? rowsFrom(offset, end - start),
      columns: new Map(names.map((name, i) => [name, columns[i] as ArrayLike<unknown>])),
    };
  }
}

function rowsFrom(first: number, length: number): Uint32Array {
  const rows = new Uint32Array(length);
  for (let i = 0; i < length; i++) rows[i] = first + i;
  return rows;
}

/**
 * Rows that are read together: all from `start` to before `end`, or of them those picked, counted from
 * `start`.
 */
interface Part {
  readonly start: number;
  readonly end: number;
  readonly picked: Uint32Array | undefined;
}

/** The pages of most columns have more rows, so a gap of fewer saves none. */
const maxGap = 8_192;

/** Bytes of a value beyond which, on average, a column is read in parts. */
const wideBytes = 1_024;
/** Bytes of such columns that are read together, unless one row has more. */
const maxWideBytes = 32 * 1024 * 1024;
/** Into how many parts rows are divided for that, whatever a footer says. */
const maxParts = 1_024;

/** Wanted rows as parts without long gaps, of at most so many rows. */
function* partsOf(wanted: Uint32Array | undefined, length: number, most: number): Generator<Part> {
  if (wanted === undefined || wanted.length === length) {
    for (let start = 0; start < length; start += most)
      yield { start, end: Math.min(length, start + most), picked: undefined };
    return;
  }
  for (let from = 0, i = 1; i <= wanted.length; i++) {
    const last = wanted[i - 1] ?? 0;
    const start = wanted[from] ?? 0;
    const next = wanted[i] ?? Infinity;
    if (next - last <= maxGap && next - start < most) continue;
    const picked = wanted.slice(from, i).map((row) => row - start);
    yield { start, end: last + 1, picked: picked.length === last + 1 - start ? undefined : picked };
    from = i;
  }
}

function pick(length: number, isWanted: (row: number) => boolean): Uint32Array {
  const wanted = new Uint32Array(length);
  let count = 0;
  for (let row = 0; row < length; row++) if (isWanted(row)) wanted[count++] = row;
  return wanted.subarray(0, count);
}

/** Some of the values, without copying numbers that all are wanted. */
function takeRows(
  values: ArrayLike<unknown>,
  start: number,
  length: number,
  picked: Uint32Array | undefined,
  asDates: boolean,
): ArrayLike<unknown> {
  if (isNumbers(values) && !asDates) {
    const part = values.subarray(start, start + length);
    return picked === undefined ? part : gather(part, picked);
  }
  if (picked === undefined && length === values.length && !asDates) return values;
  // Loops: `Array.from` with a function takes ten times as long.
  const count = picked?.length ?? length;
  const taken = new Array<unknown>(count);
  for (let i = 0; i < count; i++) {
    const value = values[start + (picked === undefined ? i : (picked[i] as number))];
    taken[i] = asDates ? toDates(value) : value;
  }
  return taken;
}

type Numbers = Float64Array | Float32Array | Int32Array | BigInt64Array;

function isNumbers(values: ArrayLike<unknown>): values is Numbers {
  return (
    values instanceof Float64Array ||
    values instanceof BigInt64Array ||
    values instanceof Int32Array ||
    values instanceof Float32Array
  );
}

function gather(values: Numbers, picked: Uint32Array): Numbers {
  if (values instanceof BigInt64Array) return BigInt64Array.from(picked, (row) => values[row] ?? 0n);
  const taken =
    values instanceof Float64Array ? new Float64Array(picked.length) : values.slice(0, picked.length);
  for (let i = 0; i < picked.length; i++) taken[i] = values[picked[i] ?? 0] ?? 0;
  return taken;
}

/** A timestamp of hyparquet's, or a list of them, as `Date`. */
function toDates(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toDates);
  return typeof value === "bigint" ? dateOfMicros(value) : (value ?? null);
}
