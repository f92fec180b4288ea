import type { BatchColumn } from "../frame/batch.ts";
import { type Cell, columnCells } from "../frame/cells.ts";
import type { ColumnType } from "../frame/column-type.ts";

/**
 * A column's cells as the JSON that pandas' `DataFrame.to_json(orient="records")` would write, row by row, null where
 * there is no value. The column's type decides how a number looks, never its value: a double that happens to be whole
 * keeps a `.0`, because Spark infers the type from the text and takes `1` for an integer.
 *
 * Departures from pandas: floats are not cut to 10 decimals, and text is left in UTF-8.
 */
export function jsonCells(column: BatchColumn | undefined, rows: number): string[] {
  if (column === undefined) return new Array<string>(rows).fill("null");
  return columnCells(column, rows).map((cell) => (cell === undefined ? "null" : cellText(cell, column.type)));
}

function cellText(cell: Cell, type: ColumnType | "rejected"): string {
  if (typeof type === "object") {
    const items = cell as readonly (Cell | null)[];
    return `[${items.map((item) => (item === null ? "null" : cellText(item, type.list))).join(",")}]`;
  }
  switch (type) {
    case "float64":
      return floatText(cell as number);
    case "timestamp":
      return String(flooredMillis(cell as bigint));
    case "string":
      return JSON.stringify(cell);
    case "binary":
      return JSON.stringify(Buffer.from(cell as Uint8Array).toString("base64"));
    case "json":
    case "rejected":
      // JSON text can have line breaks between its tokens, never within one.
      return (cell as string).replaceAll(/[\r\n]/g, " ");
    default:
      return String(cell);
  }
}

/** A double as JSON that reads back as a double, exactly; what JSON cannot say is null. */
function floatText(value: number): string {
  if (!Number.isFinite(value)) return "null";
  const text = Object.is(value, -0) ? "-0" : String(value);
  return text.includes(".") || text.includes("e") ? text : `${text}.0`;
}

function flooredMillis(micros: bigint): bigint {
  const within = ((micros % 1000n) + 1000n) % 1000n;
  return (micros - within) / 1000n;
}
