import type { Row } from "../../layout/row.ts";
import type { Text } from "../terminal.ts";
import { textTable } from "./text-table.ts";
import { valueText } from "./value-text.ts";

const maxCell = 40;

/**
 * Lines of a table of row objects; its columns are those of all rows, in the order in which they are first
 * seen.
 */
export function rowTable(rows: readonly Row[], { width }: { readonly width: number }): Text[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  if (names.length === 0) return [];
  const columns = names.map((title) => {
    const numeric = rows.every(
      (row) => row[title] == null || ["number", "bigint"].includes(typeof row[title]),
    );
    return { title, align: numeric ? ("right" as const) : ("left" as const) };
  });
  const cells = rows.map((row) => names.map((name) => valueText(row[name])));
  const cell = Number.isFinite(width) ? { maxCell } : {};
  return textTable(columns, cells, { width, ...cell });
}
