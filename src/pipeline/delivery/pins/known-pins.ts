import { maxColumns } from "../../../config/deployment-config.ts";
import { columnKey } from "../../../layout/column-names.ts";
import type { ColumnType } from "../../../layout/column-type.ts";
import { columnBytes, maxFileBytes, type Pins } from "../../../layout/pinned-schema.ts";
import type { Schema } from "../../../layout/schema.ts";

/** Each version holds all columns, so their number counts as much as their length. */
export const maxVersions = 1_000;

/** Pins, and what is asked of them often. */
export class KnownPins implements Pins {
  readonly version: number;
  readonly collection: string | undefined;
  readonly rollingRate: Pins["rollingRate"];
  readonly columns: Schema;
  readonly #names: ColumnNames;

  constructor({ version, collection, rollingRate, columns }: Pins) {
    this.version = version;
    this.collection = collection;
    this.rollingRate = rollingRate;
    this.columns = columns;
    this.#names = new ColumnNames(columns.keys());
  }

  /** Whether a column of that name, in whatever case, is pinned. */
  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** Whether there is a column to pin, and room for it. */
  lacks(wanted: Schema): boolean {
    if (this.version >= maxVersions) return false;
    for (const name of wanted.keys()) if (this.#names.takes(name)) return true;
    return false;
  }
}

/** The names of columns, without regard to case, and whether there is room for more. */
class ColumnNames {
  readonly #lowerCase = new Set<string>();
  #bytes = 1_024;

  constructor(names: Iterable<string>) {
    for (const name of names) this.add(name);
  }

  has(name: string): boolean {
    return this.#lowerCase.has(columnKey(name));
  }

  /**
   * Whether a column of this name can be added: it is new, and the file stays so small that it can be read
   * again.
   */
  takes(name: string): boolean {
    return (
      !this.has(name) && this.#lowerCase.size < maxColumns && this.#bytes + columnBytes(name) <= maxFileBytes
    );
  }

  add(name: string): void {
    this.#lowerCase.add(columnKey(name));
    this.#bytes += columnBytes(name);
  }
}

/** Adds columns that are new and for which there is room. */
export function extendColumns(columns: Map<string, ColumnType>, more: Schema): void {
  const names = new ColumnNames(columns.keys());
  for (const [name, type] of more) {
    if (!names.takes(name)) continue;
    names.add(name);
    columns.set(name, type);
  }
}
