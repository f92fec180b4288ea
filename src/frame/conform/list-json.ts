import type { CellCursor } from "./cell-cursor.ts";
import type { JsonBytes } from "./json-bytes.ts";

/**
 * Writes the cursor's present list as a JSON array: each item by `write`, null where there is none. Moves
 * over the items. False if `write` was false of one of them.
 */
export function writeItems(
  cursor: CellCursor,
  items: CellCursor,
  to: JsonBytes,
  write: (items: CellCursor, to: JsonBytes) => boolean | void,
): boolean {
  let whole = true;
  to.ascii("[");
  for (let i = 0; i < cursor.length; i++) {
    if (i > 0) to.ascii(",");
    if (!items.next()) to.ascii("null");
    else if (write(items, to) === false) whole = false;
  }
  to.ascii("]");
  return whole;
}
