import { hasBit } from "../../base/bitmap.ts";
import type { BatchColumn, Values } from "../batch.ts";

/**
 * Whether nothing in a column says of what type it is: it has only empty lists, lists of nulls, or NaN, which
 * danfojs writes for a missing text. Such values decide no type, and while a column has no other they are
 * kept in `mdc_rejected`.
 */
export function isUndecided({ type, values }: Pick<BatchColumn, "type" | "values">): boolean {
  if (values.kind === "list") return values.elements.count === 0;
  // The builder leaves NaN out of the range, so a column of nothing else has an empty one.
  return type === "float64" && values.kind === "float64" && values.min > values.max;
}

/**
 * The first row whose value says of what type a column is, or Infinity. Slow: for columns of several types.
 */
export function firstDeciding({ validity, values }: Pick<BatchColumn, "validity" | "values">): number {
  return rowOf(firstDecidingValue(values), validity);
}

/** The index of the first such value among those that there are. */
function firstDecidingValue(values: Values): number {
  if (values.kind === "float64") {
    const index = values.data.findIndex((value) => !Number.isNaN(value));
    return index < 0 ? Number.POSITIVE_INFINITY : index;
  }
  if (values.kind !== "list") return 0;
  const element = rowOf(0, values.elements.validity);
  if (values.elements.count === 0) return Number.POSITIVE_INFINITY;
  let end = 0;
  return values.lengths.findIndex((length) => (end += length) > element);
}

/** The row of the value with this index. */
function rowOf(index: number, validity: Uint8Array | undefined): number {
  if (validity === undefined || index === Number.POSITIVE_INFINITY) return index;
  const rows = validity.length * 8;
  let left = index;
  for (let row = 0; row < rows; row++) if (hasBit(validity, row) && left-- === 0) return row;
  return Number.POSITIVE_INFINITY;
}
