import type { ScalarType } from "../../src/layout/column-type.ts";
import type { Plain } from "./make-batch.ts";

/** A value as a DuckDB constant, exact; undefined for types that are not compared. */
export function duckdbConstant(type: ScalarType, value: Plain): string | undefined {
  switch (type) {
    case "float64":
      return `CAST('${String(value)}' AS DOUBLE)`;
    case "int64":
      return `CAST('${String(value)}' AS BIGINT)`;
    case "int32":
      return `CAST('${String(value)}' AS INTEGER)`;
    case "timestamp":
      return `make_timestamptz(CAST('${String(value)}' AS BIGINT))`;
    case "string":
      return `decode(from_hex('${Buffer.from(String(value)).toString("hex")}'))`;
    case "binary":
      return `from_hex('${Buffer.from(value as Uint8Array).toString("hex")}')`;
    default:
      return undefined;
  }
}

/**
 * Negative, zero or positive, as engines order values: text by its UTF-8, NaN above all numbers and equal to
 * itself.
 */
export function comparePlain(a: Plain, b: Plain): number {
  if (typeof a === "string" && typeof b === "string") return Buffer.compare(Buffer.from(a), Buffer.from(b));
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  const [x, y] = [a, b] as [number | bigint, number | bigint];
  if (x !== x || y !== y) return Number(x !== x) - Number(y !== y);
  return x < y ? -1 : x > y ? 1 : 0;
}
