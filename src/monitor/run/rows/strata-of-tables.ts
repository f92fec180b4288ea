import type { SpanTable } from "./span-table.ts";
import { type Slicing, type Strata, strataOf } from "./strata.ts";

/**
 * The rows of several tables in parts, each made once. To Azure ML a row that has no value in any of the
 * compared columns is no row: it is left out of all of them, on each side by itself. A column that has no
 * value at all would leave nothing, and is passed over.
 */
export class StrataOfTables {
  readonly #tables: readonly SpanTable[];
  readonly #dropped: (Uint8Array | undefined)[];
  readonly #made = new Map<string, Strata>();

  constructor(tables: readonly SpanTable[]) {
    this.#tables = tables;
    this.#dropped = tables.map(() => undefined);
  }

  /** Whether rows are left out, as far as it is known. */
  get leavesOut(): boolean {
    return this.#dropped.some((rows) => rows !== undefined);
  }

  /** Leaves out, from now on, the rows that lack a value in any of some features, which `loaded` has. */
  leaveOut(loaded: readonly SpanTable[], features: readonly { readonly name: string }[]): void {
    for (const [i, table] of loaded.entries())
      for (const { name } of features) {
        const column = table.columns.get(name);
        if (column === undefined || column.nulls === 0 || column.nulls === column.rows) continue;
        column.markNulls((this.#dropped[i] ??= new Uint8Array(table.rows)));
        this.#made.clear();
      }
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
