import { told, wrongValue } from "../../../base/errors.ts";
import type { ColumnBatch } from "../../../layout/column-batch.ts";
import { isSystemColumn, systemColumns } from "../../../layout/system-columns.ts";
import { isNull } from "../../../profile/category.ts";
import { CategoryCodes } from "./category-codes.ts";
import type { TimeSpan } from "./monitor-source.ts";
import { type Storage, StoredColumn } from "./stored-column.ts";

const rateColumn = systemColumns.samplingRate.name;

/** The codes of columns, shared by all spans of time. */
export class SharedCodes {
  readonly #codes = new Map<string, CategoryCodes>();

  /** The codes of one column. */
  of(name: string): CategoryCodes {
    let codes = this.#codes.get(name);
    if (codes === undefined) this.#codes.set(name, (codes = new CategoryCodes()));
    return codes;
  }
}

/** What is kept of the rows of a span of time. */
export interface SpanTableOptions extends TimeSpan {
  readonly codes: SharedCodes;
  /** The columns whose values part the rows into slices. */
  readonly by: readonly string[];
  /** Which columns are features. */
  readonly isFeature: (name: string) => boolean;
  /** Which columns are known to be categories before their values are. */
  readonly isCategory: (name: string) => boolean;
  /** How many rows there will be, if it is known. */
  readonly rows?: number;
}

/** The rows of a span of time, by column. */
export class SpanTable {
  readonly from: Date;
  readonly to: Date;
  readonly #options: SpanTableOptions;
  readonly #columns = new Map<string, StoredColumn>();
  readonly #types = new Map<string, Set<string>>();
  readonly #slices = new Map<string, StoredColumn>();
  readonly #rates: StoredColumn;
  #rows = 0;

  constructor(options: SpanTableOptions) {
    [this.from, this.to] = [options.from, options.to];
    this.#options = options;
    this.#rates = new StoredColumn("numbers", options.codes.of(rateColumn));
    for (const name of options.by)
      this.#slices.set(name, new StoredColumn("codes", options.codes.of(`${name} of slices`)));
  }

  /** How many rows. */
  get rows(): number {
    return this.#rows;
  }

  /** The features by name. */
  get columns(): ReadonlyMap<string, StoredColumn> {
    return this.#columns;
  }

  /** The columns that part the rows into slices. */
  get slices(): ReadonlyMap<string, StoredColumn> {
    return this.#slices;
  }

  /** The rate at which each row was sampled; `NaN` where a file does not say. */
  get rates(): Float64Array {
    return this.#rates.numbers;
  }

  /** The type of a column in the files; several, where files disagree. */
  typeOf(name: string): string {
    return [...(this.#types.get(name) ?? [])].sort().join(" | ");
  }

  /** Bytes that values take. */
  get bytes(): number {
    let bytes = 0;
    for (const column of this.#columns.values()) bytes += column.bytes;
    return bytes;
  }

  /** Adds rows. */
  add({ length, columns, types }: Pick<ColumnBatch, "length" | "columns" | "types">): void {
    for (const [name, values] of columns) {
      if (isSystemColumn(name) || !this.#options.isFeature(name)) continue;
      if (values.length !== length)
        throw wrongValue(
          `monitor column ${JSON.stringify(name)}`,
          `${length} values`,
          told(`${values.length}`),
        );
      this.#columnFor(name, types.get(name), values)?.add(values);
    }
    this.#addTo(this.#rates, columns.get(rateColumn), length);
    for (const [name, column] of this.#slices) this.#addTo(column, columns.get(name), length);
    this.#rows += length;
    for (const column of this.#columns.values()) column.addNulls(this.#rows - column.rows);
  }

  #addTo(column: StoredColumn, values: ArrayLike<unknown> | undefined, length: number): void {
    if (values === undefined) column.addNulls(length);
    else column.add(values);
  }

  /** The column, if it is known yet what it holds. */
  #columnFor(name: string, type: string | undefined, values: ArrayLike<unknown>): StoredColumn | undefined {
    const said = type ?? typeOfValues(values);
    if (said === undefined) return this.#columns.get(name);
    const types = this.#types.get(name);
    const storage = storageOf(said);
    const known = this.#columns.get(name);
    if (types?.has(said) === true && known !== undefined) return known;
    if (types === undefined) this.#types.set(name, new Set([said]));
    else types.add(said);
    if (known !== undefined && known.storage === storage) return known;
    // Numbers here and texts there: such a column cannot be compared.
    const kind = known === undefined ? storage : "none";
    const isNamed = this.#options.isCategory(name) && /^u?int64/.test(said);
    const { codes, rows } = this.#options;
    const column = new StoredColumn(kind, codes.of(name), {
      isNamed,
      ...(rows === undefined ? {} : { rows }),
    });
    column.addNulls(this.#rows);
    this.#columns.set(name, column);
    return column;
  }
}

function storageOf(type: string): Storage {
  if (/^(u?int\d*|float\d*|double|decimal)/.test(type)) return "numbers";
  return /^(list|struct|map|json)/.test(type) ? "none" : "codes";
}

/** The type of values of which no file tells one; undefined when all are null. */
function typeOfValues(values: ArrayLike<unknown>): string | undefined {
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (isNull(value)) continue;
    if (typeof value === "number") return "float64";
    if (typeof value === "bigint") return "int64";
    if (typeof value === "boolean") return "boolean";
    if (value instanceof Date) return "timestamp";
    if (value instanceof Uint8Array) return "binary";
    return typeof value === "string" ? "string" : "json";
  }
  return undefined;
}
