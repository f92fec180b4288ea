import { createHmac, hash } from "node:crypto";
import { hasBit } from "../../base/bitmap.ts";
import type { Cell, NumericCells } from "../cell.ts";
import type { SnapshotColumn } from "./column-copier.ts";
import { instantText, numberText } from "./json-text.ts";

/**
 * A digest of each row, 64 hex digits, the same for rows of equal values in columns of equal names: SHA-256
 * of the row's JSON text, or HMAC-SHA-256 where there is a key. The text is an object of the columns that
 * have a value, in the order of their names' UTF-16 code units, without blanks; values as `json-text.ts`
 * writes them.
 */
export function rowHashes(
  names: readonly string[],
  columns: readonly SnapshotColumn[],
  rows: number,
  key: string | undefined,
): string[] {
  const sorted = names
    .map((name, i) => ({ name, column: columns[i] as SnapshotColumn }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const members = sorted.map(({ name, column }) => ({ member: `${JSON.stringify(name)}:`, column }));
  return Array.from({ length: rows }, (_, row) => {
    const texts: string[] = [];
    for (const { member, column } of members) {
      const text = cellText(cellOf(column, row));
      if (text !== undefined) texts.push(member + text);
    }
    const json = `{${texts.join(",")}}`;
    return key === undefined ? hash("sha256", json) : createHmac("sha256", key).update(json).digest("hex");
  });
}

function cellOf(column: SnapshotColumn, row: number): Cell {
  if (Array.isArray(column)) return (column as readonly Cell[])[row];
  const { type, start, data, validity } = column as NumericCells;
  if (validity !== undefined && !hasBit(validity, row)) return null;
  const value = data[start + row] as number | bigint;
  return type === "timestamp" ? { kind: "timestamp", value, element: undefined } : value;
}

/** Undefined for no value. */
function cellText(cell: Cell): string | undefined {
  if (cell === undefined || cell === null) return undefined;
  if (typeof cell === "number") return numberText(cell);
  if (typeof cell === "string") return JSON.stringify(cell);
  if (typeof cell !== "object") return String(cell);
  switch (cell.kind) {
    case "json":
    case "rejected":
      return cell.value;
    case "timestamp":
      return JSON.stringify(instantText(cell.value));
    case "binary":
      return `"${Buffer.from(cell.value).toString("base64")}"`;
    case "list":
      return `[${cell.value.map((element) => cellText(element) ?? "null").join(",")}]`;
  }
}
