import type { BatchColumn } from "../../frame/batch.ts";
import { CellCursor } from "../../frame/conform/cell-cursor.ts";
import type { JsonBytes } from "../../frame/conform/json-bytes.ts";
import { writeItems } from "../../frame/conform/list-json.ts";
import { floatText, flooredMillis } from "./scalar-text.ts";

/** The least that is written between two pauses of a writer, bytes. */
export const stepBytes: number = 64 * 1024;
/** Items of a list between two pauses. */
const stepItems = 1024;

/**
 * A column's cells as the JSON that pandas' `DataFrame.to_json(orient="records")` would write, row by row,
 * null where there is no value. The column's type decides how a number looks, never its value: a double that
 * happens to be whole keeps a `.0`, because Spark infers the type from the text and takes `1` for an integer.
 *
 * Departures from pandas: floats are not cut to 10 decimals, and text is left in UTF-8.
 */
export class JsonColumn {
  readonly name: string;
  /** The name as a member's, with its colon, in UTF-8. */
  readonly key: Uint8Array;
  /** For a column of doubles: whether all numbers so far were whole; undefined before the first. */
  whole: boolean | undefined;
  readonly #cursor: CellCursor | undefined;
  /** Of a column whose values have several types: those of the others. A row has a value of one at most. */
  readonly #others: readonly CellCursor[];

  constructor(name: string, variants: readonly BatchColumn[]) {
    this.name = name;
    this.key = Buffer.from(`${JSON.stringify(name)}:`);
    const [cursor, ...others] = variants.map((variant) => new CellCursor(variant));
    this.#cursor = cursor;
    this.#others = others;
  }

  /** One of a single type, or without any value. */
  static of(name: string, column: BatchColumn | undefined): JsonColumn {
    return new JsonColumn(name, column === undefined ? [] : [column]);
  }

  /** Passes the next rows by if none of them has a value; whether it did. */
  passNulls(rows: number): boolean {
    if (this.#cursor === undefined) return true;
    const marks = [this.#cursor, ...this.#others].map((cursor) => ({ cursor, mark: cursor.mark() }));
    if (marks.every(({ cursor }) => cursor.passNulls(rows))) return true;
    for (const { cursor, mark } of marks) cursor.return(mark);
    return false;
  }

  /** Writes the next row's cell, at once if it is small; else what is returned does it, with pauses. */
  write(to: JsonBytes): Iterable<void> | undefined {
    let cursor = this.#cursor?.next() === true ? this.#cursor : undefined;
    for (const other of this.#others) if (other.next()) cursor = other;
    if (cursor === undefined) {
      to.ascii("null");
      return undefined;
    }
    if (cursor.items !== undefined ? cursor.length > stepItems : cursor.end - cursor.start > stepBytes) {
      return writeLarge(cursor, to);
    }
    if (cursor.type === "float64") {
      const value = cursor.cell() as number;
      if (this.whole !== false && Number.isFinite(value)) this.whole = Number.isInteger(value);
    }
    writeSmall(cursor, to);
    return undefined;
  }
}

/** The next rows as an array of objects, with a pause from time to time. */
export function* rowsJson(
  columns: readonly JsonColumn[],
  rows: number,
  out: JsonBytes,
): Generator<void, void, undefined> {
  out.ascii("[");
  let paused = out.length;
  for (let row = 0; row < rows; row++) {
    out.ascii(row === 0 ? "{" : ",{");
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i]!;
      if (i > 0) out.ascii(",");
      out.raw(column.key, 0, column.key.length);
      const large = column.write(out);
      if (large !== undefined) yield* large;
      if (out.length >= paused && out.length - paused < stepBytes) continue;
      yield;
      paused = out.length;
    }
    out.ascii("}");
  }
  out.ascii("]");
}

function writeSmall(cursor: CellCursor, to: JsonBytes): void {
  const { type, items, bytes, start, end } = cursor;
  if (items !== undefined) {
    writeItems(cursor, items, to, writeSmall);
    return;
  }
  switch (type) {
    case "float64":
      return to.ascii(floatText(cursor.cell() as number));
    case "timestamp":
      return to.ascii(String(flooredMillis(cursor.cell() as bigint)));
    case "string":
      to.ascii('"');
      to.escaped(bytes, start, end);
      return to.ascii('"');
    case "binary":
      to.ascii('"');
      to.base64(bytes, start, end);
      return to.ascii('"');
    case "json":
    case "rejected":
      return to.oneLine(bytes, start, end);
    default:
      to.ascii(String(cursor.cell()));
  }
}

/** Writes a long list or text; pauses from time to time. */
function* writeLarge(cursor: CellCursor, to: JsonBytes): Generator<void, void, undefined> {
  const { type, items, bytes, start, end } = cursor;
  if (items !== undefined) {
    to.ascii("[");
    for (let i = 0; i < cursor.length; i++) {
      if (i > 0) to.ascii(",");
      if (i % stepItems === 0) yield;
      if (!items.next()) to.ascii("null");
      else if (items.end - items.start > stepBytes) yield* writeLarge(items, to);
      else writeSmall(items, to);
    }
    return to.ascii("]");
  }
  const quoted = type === "string" || type === "binary";
  if (quoted) to.ascii('"');
  for (let at = start; at < end; at += largeStep) {
    const next = Math.min(end, at + largeStep);
    if (type === "string") to.escaped(bytes, at, next);
    else if (type === "binary") to.base64(bytes, at, next);
    else to.oneLine(bytes, at, next);
    yield;
  }
  if (quoted) to.ascii('"');
}

/** A multiple of 3, for base64. */
const largeStep = 48 * 1024;
