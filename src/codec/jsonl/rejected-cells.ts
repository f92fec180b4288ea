import type { BatchColumn } from "../../frame/batch.ts";
import { CellCursor } from "../../frame/conform/cell-cursor.ts";
import type { JsonBytes } from "../../frame/conform/json-bytes.ts";
import { stepBytes } from "./json-cells.ts";

/** The cells that did not fit, row by row. */
export class RejectedCells {
  readonly #ahead: CellCursor;
  readonly #cursor: CellCursor;

  constructor(column: BatchColumn) {
    this.#ahead = new CellCursor(column);
    this.#cursor = new CellCursor(column);
  }

  /**
   * About the bytes of what did not fit in the next `rows`; undefined if nothing did, and then these are
   * passed by. Else {@link json} has to come next.
   */
  take(rows: number): number | undefined {
    let bytes = 0;
    for (let row = 0; row < rows; row++) if (this.#ahead.next()) bytes += this.#ahead.end - this.#ahead.start;
    if (bytes > 0) return bytes + rows * "null,".length;
    for (let row = 0; row < rows; row++) this.#cursor.next();
    return undefined;
  }

  /** The next rows as a JSON array, or as a text that is one: attributes of a record are simple values. */
  *json(rows: number, out: JsonBytes, quoted: boolean): Generator<void, void, undefined> {
    const cursor = this.#cursor;
    out.ascii(quoted ? '"[' : "[");
    for (let row = 0; row < rows; row++) {
      if (row > 0) out.ascii(",");
      if (!cursor.next()) out.ascii("null");
      else {
        for (let at = cursor.start; at < cursor.end; at += stepBytes) {
          const end = Math.min(cursor.end, at + stepBytes);
          if (quoted) out.escaped(cursor.bytes, at, end);
          else out.raw(cursor.bytes, at, end);
          if (end < cursor.end) yield;
        }
      }
      if (row % rowsPerStep === 0) yield;
    }
    out.ascii(quoted ? ']"' : "]");
    yield;
  }
}

/** Rows between two pauses. */
const rowsPerStep = 256;
