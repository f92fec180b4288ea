import type { Row } from "./row.ts";

/** Some rows of one file, by column. */
export interface ColumnBatch {
  /** How many rows. */
  readonly length: number;
  /**
   * Values by column, `length` of them each, as {@link Row} says. Numbers without a null among them are a
   * typed array where the file has them so (`Float64Array`, `Int32Array`, `BigInt64Array`), which data frames
   * and Arrow take as it is; everything else is an array.
   */
  readonly columns: ReadonlyMap<string, ArrayLike<unknown>>;
  /** The type of each column that the file has: `float64`, `string`, `list<string>`, … */
  readonly types: ReadonlyMap<string, string>;
  /** The same as objects. */
  rows(): Row[];
}

/** A batch of columns of one length. */
export function columnBatch(
  length: number,
  columns: ReadonlyMap<string, ArrayLike<unknown>>,
  types: ReadonlyMap<string, string>,
): ColumnBatch {
  return {
    length,
    columns,
    types,
    rows() {
      const entries = [...columns];
      // Assigning is three times as fast, but `row["__proto__"] = …` would set no property.
      const special = columns.has("__proto__");
      return Array.from({ length }, (_, i) => {
        if (special) return Object.fromEntries(entries.map(([name, values]) => [name, values[i] ?? null]));
        const row: Row = {};
        for (const [name, values] of entries) row[name] = values[i] ?? null;
        return row;
      });
    },
  };
}
