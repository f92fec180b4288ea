import type { BatchColumn } from "../frame/batch.ts";
import { CellCursor } from "../frame/conform/cell-cursor.ts";
import { shortName } from "./category.ts";

/** The values of a numeric column of a batch, nulls left out; undefined for any other. */
export function numbersOf({ type, values }: BatchColumn): Float64Array | undefined {
  if (type === "timestamp") return undefined;
  if (values.kind === "float64") return values.data;
  if (values.kind === "int32") return Float64Array.from(values.data);
  return values.kind === "int64" ? Float64Array.from(values.data, Number) : undefined;
}

/**
 * The values of a column of a batch as the names of categories, `NaN` as itself, for it is none, and nulls
 * left out; undefined for lists, JSON, and what no column can hold.
 */
export function categoriesOf(column: BatchColumn): readonly (string | number)[] | undefined {
  const { type, values, validity, count } = column;
  if (values.kind === "boolean") return Array.from(values.data, (value) => (value === 1 ? "true" : "false"));
  if (values.kind === "int64" && type === "timestamp") return Array.from(values.data, instantName);
  if (values.kind === "dictionary") {
    const { count: size, data } = values.dictionary;
    const names = textsOf({ type, validity: undefined, values: { kind: "bytes", count: size, data } }, size);
    return Array.from(values.codes, (code) => names[code] as string);
  }
  if (values.kind === "bytes" && (type === "string" || type === "binary"))
    return textsOf({ type, validity, values }, count);
  switch (values.kind) {
    case "float64":
    case "int32":
      // -0 is the number 0.
      return Array.from(values.data, (value) => (Number.isNaN(value) ? value : String(value + 0)));
    case "int64":
      return Array.from(values.data, String);
    default:
      return undefined;
  }
}

function textsOf(column: Pick<BatchColumn, "type" | "validity" | "values">, count: number): string[] {
  const names: string[] = [];
  const cursor = new CellCursor(column);
  while (names.length < count) {
    if (!cursor.next()) continue;
    const { bytes, start, end } = cursor;
    names.push(shortName(bytes.toString(column.type === "binary" ? "hex" : "utf8", start, end)));
  }
  return names;
}

/** As the reader gives it: a Date, in milliseconds. */
function instantName(microseconds: bigint): string {
  const date = new Date(Math.floor(Number(microseconds) / 1_000));
  return Number.isNaN(date.getTime()) ? `${microseconds}` : date.toISOString();
}
