import { arrowColumn } from "./arrow/arrow-column.ts";
import { danfoValues } from "./danfo-values.ts";
import { polarsColumn } from "./polars/polars-column.ts";
import type { SourceColumn } from "../source-frame.ts";
import { isTypedArray } from "../typed-array.ts";

/**
 * An array, a typed array, or a library's series or vector, as a column; undefined for anything else.
 *
 * @param room bytes that a copy may take.
 */
export function columnOf(values: unknown, room: number): SourceColumn | undefined {
  if (Array.isArray(values) || isTypedArray(values)) return values;
  if (typeof values !== "object" || values === null) return undefined;
  return danfoValues(values) ?? arrowColumn(values, room) ?? polarsColumn(values);
}
