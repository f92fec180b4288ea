import { types } from "node:util";
import { danfoFields } from "../from/danfo-values.ts";
import { JsonRecords } from "../from/json/json-records.ts";
import { KeyedFrame } from "../keyed-frame.ts";
import { isPlain } from "../open-frame.ts";
import { isTypedArray, typedLength } from "../typed-array.ts";

/**
 * How many rows a frame has, for the ledger alone: of a frame that is not to be stored, nothing is opened,
 * checked or read beyond what tells that. The first column speaks for all. 0 for what is no frame. Never
 * throws.
 */
export function countRows(frame: unknown): number {
  try {
    const rows = rowsOf(frame);
    return Number.isInteger(rows) && (rows as number) >= 0 && (rows as number) <= maxRows
      ? (rows as number)
      : 0;
  } catch {
    // A getter or Proxy: nothing is to be known of it.
    return 0;
  }
}

/** The longest that an array can be: what claims to be longer is none, and its sum would not be exact. */
const maxRows = 2 ** 32 - 1;

interface Countable {
  /** Arrow: a Table or RecordBatch. Arquero: a method. */
  readonly numRows?: unknown;
  /** Polars, and one of its Series. */
  readonly height?: unknown;
  readonly getColumns?: unknown;
  readonly dtype?: { readonly identity?: unknown };
  readonly length?: unknown;
}

function rowsOf(frame: unknown): unknown {
  if (typeof frame !== "object" || frame === null) return 0;
  if (Array.isArray(frame)) return frame.length;
  if (!isPlain(frame)) {
    const rows = rowsOfLibrary(frame);
    if (rows !== undefined) return rows;
  }
  return rowsOfColumns(frame as Readonly<Record<string, unknown>>);
}

function rowsOfLibrary(frame: object): unknown {
  if (JsonRecords.isOne(frame) || KeyedFrame.isOne(frame)) return frame.rows;
  if (ArrayBuffer.isView(frame) || types.isAnyArrayBuffer(frame)) return 0;
  const danfo = danfoFields(frame);
  if (danfo !== undefined) return lengthOf(danfo.$data);
  const table = frame as Countable;
  const { numRows } = table;
  if (typeof numRows === "number") return numRows;
  if (typeof numRows === "function") return Reflect.apply(numRows, frame, []);
  if (typeof table.height === "number" && typeof table.getColumns === "function") return table.height;
  return table.dtype?.identity === "DataType" ? table.length : undefined;
}

function rowsOfColumns(frame: Readonly<Record<string, unknown>>): unknown {
  const name = Object.keys(frame)[0];
  return name === undefined ? 0 : lengthOf(frame[name]);
}

function lengthOf(column: unknown): unknown {
  if (typeof column !== "object" || column === null) return 0;
  if (Array.isArray(column)) return column.length;
  if (isTypedArray(column)) return typedLength(column);
  const danfo = danfoFields(column);
  return danfo === undefined ? (column as Countable).length : lengthOf(danfo.$data);
}
