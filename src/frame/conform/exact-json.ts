import type { CellCursor } from "./cell-cursor.ts";
import type { JsonBytes } from "./json-bytes.ts";
import { writeItems } from "./list-json.ts";

/**
 * Writes the cursor's present value as JSON that loses nothing: int64 as a string of digits, binary as
 * base64, timestamp as ISO 8601 with its microseconds, NaN and the infinities as strings; json and rejected
 * values are their own text. Of a list it moves over the items.
 */
export function writeExactJson(cursor: CellCursor, to: JsonBytes): void {
  const { type, items, bytes, start, end } = cursor;
  if (items !== undefined) {
    writeItems(cursor, items, to, writeExactJson);
    return;
  }
  switch (type) {
    case "json":
    case "rejected":
      return to.raw(bytes, start, end);
    case "string":
      to.ascii('"');
      to.escaped(bytes, start, end);
      return to.ascii('"');
    case "binary":
      to.ascii('"');
      to.base64(bytes, start, end);
      return to.ascii('"');
    default:
      to.ascii(shortJson(cursor.cell(), type === "timestamp"));
  }
}

function shortJson(cell: ReturnType<CellCursor["cell"]>, timestamp: boolean): string {
  if (typeof cell === "bigint") return `"${timestamp ? isoMicros(cell) : cell}"`;
  if (typeof cell === "number" && !Number.isFinite(cell)) return `"${cell}"`;
  return Object.is(cell, -0) ? "-0" : String(cell);
}

/**
 * Writes the cursor's present value as a column of type json takes it: int64 as its digits, timestamp as ISO
 * 8601 text; json is its own text. False where JSON has no such value (NaN, the infinities, bytes, a list
 * with one of them): then what was written is of no use. Of a list it moves over the items.
 */
export function writeJson(cursor: CellCursor, to: JsonBytes): boolean {
  const { type, items } = cursor;
  if (items !== undefined) return writeItems(cursor, items, to, writeJson);
  if (type === "binary" || type === "rejected") return false;
  if (type === "float64" && !Number.isFinite(cursor.cell())) return false;
  if (type === "int64") to.ascii(String(cursor.cell()));
  else writeExactJson(cursor, to);
  return true;
}

/**
 * Microseconds since 1970 UTC as ISO 8601 text, with three or six digits; beyond the years a Date has, as
 * digits.
 */
function isoMicros(micros: bigint): string {
  const within = ((micros % 1000n) + 1000n) % 1000n;
  const date = new Date(Number((micros - within) / 1000n));
  if (Number.isNaN(date.getTime())) return String(micros);
  const text = date.toISOString();
  return within === 0n ? text : `${text.slice(0, -1)}${String(within).padStart(3, "0")}Z`;
}
