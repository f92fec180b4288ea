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
    if (wanted instanceof BigInt64Array && found instanceof BigInt64Array) {
      if (found.length < length || !areSame(wanted, order, start, found.subarray(0, length))) return name;
      continue;
    }
    for (let i = 0; i < length; i++) {
      const one = wanted[order[start + i]!];
      const other = found[i];
      // The zeros are equal, and not the same.
      if ((one !== other || one === 0) && !Object.is(one, other) && !sameValue(one, other)) return name;
    }
  }
  return undefined;
}

/** Whether integers are those of `order`, of which no object is made. */
function areSame(wanted: BigInt64Array, order: Uint32Array, start: number, found: BigInt64Array): boolean {
  const [one, other] = [halvesOf(wanted), halvesOf(found)];
  for (let i = 0; i < found.length; i++) {
    const row = order[start + i]!;
    if (one[row * 2] !== other[i * 2] || one[row * 2 + 1] !== other[i * 2 + 1]) return false;
  }
  return true;
}

/** Two numbers for each integer. */
function halvesOf({ buffer, byteOffset, length }: BigInt64Array): Int32Array {
  return new Int32Array(buffer, byteOffset, length * 2);
}

/** Whether values of which at least one is no plain value are the same. */
function sameValue(one: unknown, other: unknown): boolean {
  if (one === null || one === undefined) return other === null || other === undefined;
  if (one instanceof Uint8Array) return other instanceof Uint8Array && Buffer.compare(one, other) === 0;
  if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
  return one.every((item, i) => Object.is(item, other[i]) || sameValue(item, other[i]));
}
