import type { TableRows } from "../codec/parquet/tables/table-writer.ts";
import type { LoadedRows } from "./loaded-rows.ts";

/**
 * The first column in which decoded rows are not those of `order`, from its place `start` on; undefined if
 * all are the same.
 */
export function firstDifference(
  rows: LoadedRows,
  order: Uint32Array,
  start: number,
  { length, columns }: TableRows,
): string | undefined {
  for (const name of rows.schema.keys()) {
    const wanted = rows.column(name);
    const found = columns.get(name) ?? [];
    for (let i = 0; i < length; i++) {
      const one = wanted[order[start + i]!];
      const other = found[i];
      // The zeros are equal, and not the same.
      if ((one !== other || one === 0) && !Object.is(one, other) && !sameValue(one, other)) return name;
    }
  }
  return undefined;
}

/** Whether values of which at least one is no plain value are the same. */
function sameValue(one: unknown, other: unknown): boolean {
  if (one === null || one === undefined) return other === null || other === undefined;
  if (one instanceof Uint8Array) return other instanceof Uint8Array && Buffer.compare(one, other) === 0;
  if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
  return one.every((item, i) => Object.is(item, other[i]) || sameValue(item, other[i]));
}
