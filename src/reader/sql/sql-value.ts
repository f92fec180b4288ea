import type { DuckDBValue } from "@duckdb/node-api";
import type { DuckdbLibrary } from "./duckdb.ts";
import type { TimestampForm } from "./sql-options.ts";

/**
 * A value of a query's result as a `Row` has it. What JavaScript has no type for is its exact text: decimals,
 * dates, times of day, intervals, UUIDs, bits; and so is a time that no `Date` can hold.
 */
export function valueReader(library: DuckdbLibrary, form: TimestampForm): (value: DuckDBValue) => unknown {
  const time = (micros: bigint, text: string): unknown => {
    const date = new Date(Number((micros - floorMod(micros, 1000n)) / 1000n));
    if (Number.isNaN(date.getTime()) || !isFinite.test(text)) return text;
    if (form === "date") return date;
    const below = floorMod(micros, 1000n);
    return below === 0n
      ? date.toISOString()
      : date.toISOString().replace("Z", `${String(below).padStart(3, "0")}Z`);
  };
  const read = (value: DuckDBValue): unknown => {
    if (value === null || typeof value !== "object") return value;
    if (value instanceof library.DuckDBBlobValue) return new Uint8Array(value.bytes);
    if (value instanceof library.DuckDBTimestampTZValue || value instanceof library.DuckDBTimestampValue)
      return time(value.micros, String(value));
    if (value instanceof library.DuckDBTimestampMillisecondsValue)
      return time(value.millis * 1_000n, String(value));
    if (value instanceof library.DuckDBTimestampSecondsValue)
      return time(value.seconds * 1_000_000n, String(value));
    if (value instanceof library.DuckDBListValue || value instanceof library.DuckDBArrayValue)
      return value.items.map(read);
    if (value instanceof library.DuckDBStructValue)
      return Object.fromEntries(Object.entries(value.entries).map(([name, item]) => [name, read(item)]));
    if (value instanceof library.DuckDBMapValue)
      return value.entries.map(({ key, value: item }) => ({ key: read(key), value: read(item) }));
    if (value instanceof library.DuckDBUnionValue) return read(value.value);
    return String(value);
  };
  return read;
}

/** What a time's text begins with that is neither infinite nor before the year 1. */
const isFinite = /^\d/;

function floorMod(value: bigint, by: bigint): bigint {
  return ((value % by) + by) % by;
}
