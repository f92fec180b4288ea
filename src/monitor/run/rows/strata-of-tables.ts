import type { SpanTable } from "./span-table.ts";
import { type Slicing, type Strata, strataOf } from "./strata.ts";

/**
 * The rows of several tables in parts, each made once. To Azure ML a row that has no value in any of the
 * compared columns is no row: it is left out of all of them, on each side by itself. A column that has no
 * value at all would leave nothing, and is passed over.
 */
export class StrataOfTables {
  readonly #tables: readonly SpanTable[];
  readonly #dropped: readonly (Uint8Array | undefined)[];
  readonly #made = new Map<string, Strata>();

  /** `drops` says whether such rows are left out. */
  constructor(
    tables: readonly SpanTable[],
    features: readonly { readonly name: string }[],
    { drops }: { readonly drops: boolean },
  ) {
    this.#tables = tables;
    this.#dropped = tables.map((table) => (drops ? droppedRows(table, features) : undefined));
  }

  /** The rows of a table, without those that are left out. */
  compared(table: number, slicing: Slicing | undefined): Strata {
    return this.#of(table, slicing, this.#dropped[table]);
  }

  /** All rows of a table. */
  all(table: number, slicing: Slicing | undefined): Strata {
    return this.#of(table, slicing, undefined);
  }

  #of(table: number, slicing: Slicing | undefined, dropped: Uint8Array | undefined): Strata {
    const key = JSON.stringify([table, slicing?.column, dropped !== undefined]);
    let strata = this.#made.get(key);
    if (strata === undefined)
      this.#made.set(key, (strata = strataOf(this.#tables[table] as SpanTable, slicing, dropped)));
    return strata;
  }
}

function droppedRows(
  table: SpanTable,
  features: readonly { readonly name: string }[],
): Uint8Array | undefined {
  const holed = features
    .flatMap(({ name }) => table.columns.get(name) ?? [])
    .filter(({ nulls, rows }) => nulls > 0 && nulls < rows);
  if (holed.length === 0) return undefined;
  const dropped = new Uint8Array(table.rows);
  for (const column of holed) column.markNulls(dropped);
  return dropped;
}
