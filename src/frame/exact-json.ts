import type { Cell } from "./cells.ts";
import type { ColumnType } from "./column-type.ts";

/**
 * A cell as JSON text that loses nothing: int64 as a string of digits, binary as base64, timestamp as ISO 8601 with its
 * microseconds, NaN and the infinities as strings; json and rejected values are their own text.
 */
export function exactJson(cell: Cell, type: ColumnType | "rejected"): string {
  if (Array.isArray(cell)) {
    const element = typeof type === "object" ? type.list : type;
    return `[${(cell as readonly (Cell | null)[]).map((item) => (item === null ? "null" : exactJson(item, element))).join(",")}]`;
  }
  if (typeof cell === "number") {
    if (!Number.isFinite(cell)) return JSON.stringify(String(cell));
    return Object.is(cell, -0) ? "-0" : String(cell);
  }
  if (typeof cell === "bigint") return JSON.stringify(type === "timestamp" ? isoMicros(cell) : String(cell));
  if (typeof cell === "string") return type === "json" || type === "rejected" ? cell : JSON.stringify(cell);
  if (cell instanceof Uint8Array) return JSON.stringify(Buffer.from(cell).toString("base64"));
  return String(cell);
}

/** Microseconds since 1970 UTC as ISO 8601 text, with three or six digits; beyond the years a Date has, as digits. */
export function isoMicros(micros: bigint): string {
  const within = ((micros % 1000n) + 1000n) % 1000n;
  const date = new Date(Number((micros - within) / 1000n));
  if (Number.isNaN(date.getTime())) return String(micros);
  const text = date.toISOString();
  return within === 0n ? text : `${text.slice(0, -1)}${String(within).padStart(3, "0")}Z`;
}
