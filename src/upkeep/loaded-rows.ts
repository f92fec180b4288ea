import { fileNotes } from "../codec/parquet/file-notes.ts";
import { type OpenedParquet, openParquet, readParquetColumns } from "../codec/parquet/parquet-decoder.ts";
import type { TableRows } from "../codec/parquet/tables/table-writer.ts";
import { type ColumnType, parseType, sameType, typeText } from "../layout/column-type.ts";
import type { Schema } from "../layout/schema.ts";
import { isSystemColumn, systemColumnList, systemColumns } from "../layout/system-columns.ts";
import { marksIn, replacedMark } from "../layout/upkeep/upkeep-path.ts";
import type { DataFile } from "../reader/data-file.ts";
import { stemOf } from "../reader/listing/without-replaced.ts";
import { mapConcurrent } from "../reader/map-concurrent.ts";
import { openStoredFile } from "../reader/stored-file.ts";
import type { Store } from "../store/store.ts";
import { GatheredColumn, valuesOfRows } from "./gathered-column.ts";

/** Files that cannot be made one, and why. */
export class UnfitFilesError extends Error {
  override readonly name: string = "UnfitFilesError";
}

/** All rows of some files of one partition, in memory. */
export class LoadedRows {
  /** Every column of any file: those of the system, then as they are pinned. */
  readonly schema: Schema;
  /** Those that no file can have a null in. */
  readonly required: ReadonlySet<string>;
  /** Those that have a Bloom filter in any file. */
  readonly filters: ReadonlySet<string>;
  /** Columns of which only nulls were seen. */
  readonly untyped: readonly string[];
  readonly sdk: string;
  /** The marks of all that a file which is made of these replaces. */
  readonly marks: ReadonlySet<string>;
  readonly length: number;
  /** How many of the files were read: those that have room in memory. */
  readonly files: number;
  readonly #columns: ReadonlyMap<string, ArrayLike<unknown>>;

  private constructor(facts: Facts, columns: ReadonlyMap<string, GatheredColumn>, length: number) {
    this.files = facts.files;
    const { schema, required, filters, untyped, sdk, marks } = facts;
    this.schema = schema;
    this.required = required;
    this.filters = filters;
    this.untyped = [...untyped].filter((name) => !schema.has(name));
    this.sdk = sdk;
    this.marks = marks;
    this.#columns = new Map(Array.from(columns, ([name, column]) => [name, column.all(length)]));
    this.length = length;
  }

  /**
   * Reads the first of the files, as many as have room in memory, and one at least; with `all`, all of them.
   * Throws an {@link UnfitFilesError} where two have a column in different types, or not the
   * pinned one; what a store throws; and a `CollectorError` with code `CORRUPT` for a file that is not whole.
   */
  static async load(
    store: Store,
    files: readonly DataFile[],
    pins: Schema,
    { all = false }: { readonly all?: boolean } = {},
  ): Promise<LoadedRows> {
    const facts = new Facts(pins);
    const columns = new Map<string, GatheredColumn>();
    let length = 0;
    let memory = 0;
    // Of small files, which are fetched at once, the next ones are fetched meanwhile.
    const opening = mapConcurrent(files, filesAtOnce, async (file) => {
      const stored = openStoredFile(store, file);
      const opened = await openParquet(stored.source, "whole").catch((thrown: unknown) => {
        throw stored.explain(thrown);
      });
      return { file, stored, opened };
    });
    for await (const { file, stored, opened } of opening) {
      memory += memoryOf(opened);
      if (memory > maxMemoryBytes && facts.files > 0 && !all) break;
      facts.add(file, opened);
      try {
        length = await append(columns, opened, length);
      } catch (thrown) {
        throw stored.explain(thrown);
      }
    }
    facts.order();
    return new LoadedRows(facts, columns, length);
  }

  /** The values of a column; of rows whose file lacks it, there is none. */
  column(name: string): ArrayLike<unknown> {
    return this.#columns.get(name) ?? [];
  }

  /** The rows of this order, at most so many together. */
  *batches(order: Uint32Array, batchRows: number): Generator<TableRows> {
    for (let start = 0; start < order.length; start += batchRows) {
      const rows = order.subarray(start, start + batchRows);
      const columns = new Map<string, ArrayLike<unknown>>();
      for (const [name, values] of this.#columns) columns.set(name, valuesOfRows(values, rows));
      yield { length: rows.length, columns };
    }
  }

  /**
   * All rows by request time, then correlation id, then as they were; of one frame they stay as they
   * were.
   */
  byRequest(): Uint32Array {
    const instants = this.column(systemColumns.requestTime.name);
    const times = new Float64Array(this.length);
    for (let row = 0; row < this.length; row++) times[row] = Number(instants[row] ?? 0n);
    const ids = this.column(systemColumns.correlationId.name);
    // A list, not a typed array: only of a list the sort takes less where rows are in order already, as those
    // of one file after another mostly are.
    const order = Array.from({ length: this.length }, (_, row) => row).sort((a, b) => {
      const apart = times[a]! - times[b]!;
      if (apart !== 0) return apart;
      const [one, other] = [ids[a] as string, ids[b] as string];
      return one === other ? a - b : one < other ? -1 : 1;
    });
    return Uint32Array.from(order);
  }
}

const filesAtOnce = 16;

/** What rows may take in memory, about: their bytes as they were written, and a place for each value. */
const maxMemoryBytes = 1024 * 1024 * 1024;

function memoryOf({ info, metadata }: OpenedParquet): number {
  const bytes = metadata.rowGroups.reduce((sum, group) => sum + group.bytes, 0);
  return bytes + info.rows * info.columns.length * 8;
}

async function append(
  columns: Map<string, GatheredColumn>,
  opened: OpenedParquet,
  start: number,
): Promise<number> {
  let length = start;
  for await (const part of readParquetColumns(opened, { timestamps: "micros" })) {
    for (const [name, values] of part.columns) {
      let all = columns.get(name);
      if (all === undefined) columns.set(name, (all = new GatheredColumn()));
      all.add(values, length);
    }
    length += part.length;
  }
  return length;
}

/** What the footers of files tell together. */
class Facts {
  schema: Schema = new Map();
  readonly required = new Set<string>();
  readonly filters = new Set<string>();
  readonly untyped = new Set<string>();
  readonly marks = new Set<string>();
  sdk = "";
  readonly #pins: Schema;
  readonly #found = new Map<string, ColumnType>();
  /** The columns of the file before, which mostly are the same objects. */
  #columns: OpenedParquet["info"]["columns"] = [];
  files = 0;

  constructor(pins: Schema) {
    this.#pins = pins;
  }

  add(file: DataFile, { info, metadata }: OpenedParquet): void {
    if (info.columns !== this.#columns) this.#addColumns(file, info);
    this.#columns = info.columns;
    for (const { columns } of metadata.rowGroups)
      for (const { filterAt, path } of columns) if (filterAt > 0) this.filters.add(path[0] ?? "");
    this.#addNotes(file, info.keyValues);
    this.files++;
  }

  #addColumns(file: DataFile, info: OpenedParquet["info"]): void {
    const nullable = new Map(info.columns.map((column) => [column.name, column.nullable]));
    for (const [name, text] of info.types) {
      const type = parseType(text);
      const known = (isSystemColumn(name) ? undefined : this.#pins.get(name)) ?? this.#found.get(name);
      if (type === undefined || (known !== undefined && !sameType(known, type))) {
        const other = known === undefined ? "a type of this package's" : typeText(known);
        throw new UnfitFilesError(`${file.path}: column ${JSON.stringify(name)} is ${text}, not ${other}`);
      }
      this.#found.set(name, type);
      if (this.files === 0 && nullable.get(name) === false) this.required.add(name);
    }
    for (const name of this.required) if (nullable.get(name) !== false) this.required.delete(name);
  }

  #addNotes(file: DataFile, notes: Readonly<Record<string, string>>): void {
    this.marks.add(replacedMark(stemOf(file.path)));
    for (const mark of marksIn(notes[fileNotes.replaces] ?? "")) this.marks.add(mark);
    this.sdk ||= notes[fileNotes.sdk] ?? "";
    try {
      const names: unknown = JSON.parse(notes[fileNotes.untyped] ?? "[]");
      if (Array.isArray(names)) for (const name of names) this.untyped.add(String(name));
    } catch {
      // A hint for people, which a file of others need not have.
    }
  }

  /** Columns of the system first, then as they are pinned, then as they were found. */
  order(): void {
    const names = [...systemColumnList.map(({ name }) => name), ...this.#pins.keys(), ...this.#found.keys()];
    const ordered = new Map<string, ColumnType>();
    for (const name of names) {
      const type = this.#found.get(name);
      if (type !== undefined) ordered.set(name, type);
    }
    this.schema = ordered;
  }
}
