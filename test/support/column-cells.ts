import type { BatchColumn } from "../../src/frame/batch.ts";
import { CellCursor } from "../../src/frame/conform/cell-cursor.ts";
import type { StoredCell } from "../../src/frame/conform/stored-cell.ts";

/** A column's values row by row; undefined where there is none. */
export function columnCells(column: BatchColumn, rows: number): (StoredCell | undefined)[] {
  const cursor = new CellCursor(column);
  return Array.from({ length: rows }, () => (cursor.next() ? cellOf(cursor) : undefined));
}

function cellOf(cursor: CellCursor): StoredCell {
  const { items } = cursor;
  if (items === undefined) {
    const cell = cursor.cell();
    return cell instanceof Uint8Array ? new Uint8Array(cell) : cell;
  }
  return Array.from({ length: cursor.length }, () => (items.next() ? cellOf(items) : null));
}
