import { maxColumns } from "../../../config/deployment-config.ts";
import { columnKey } from "../../../layout/column-names.ts";
import type { ColumnType } from "../../../layout/column-type.ts";
import type { Schema } from "../../../layout/schema.ts";
import type { KnownPins } from "./known-pins.ts";

/**
 * The first wish for each column that is not yet pinned: until then it counts, however many pins fail in
 * between.
 */
export class TypeClaims {
  readonly #columns = new Map<string, readonly [name: string, type: ColumnType]>();

  get size(): number {
    return this.#columns.size;
  }

  /** What was claimed first of what is wanted and not known. */
  add(wanted: Schema, known: KnownPins | undefined): Schema {
    const claimed = new Map<string, ColumnType>();
    for (const [name, type] of wanted) {
      if (known?.has(name)) continue;
      const key = columnKey(name);
      let first = this.#columns.get(key);
      if (first === undefined) {
        first = [name, type];
        if (this.#columns.size < maxColumns) this.#columns.set(key, first);
      }
      claimed.set(...first);
    }
    return claimed;
  }

  forget(known: KnownPins): void {
    for (const [key] of this.#columns) if (known.has(key)) this.#columns.delete(key);
  }
}
