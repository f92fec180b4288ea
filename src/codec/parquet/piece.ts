import { countBits, sliceBits } from "../../base/bitmap.ts";
import type { BatchColumn, ListElements, Values } from "../../frame/batch.ts";

/** What one batch has for one column of the file: as many rows as the batch; without `column`, all null. */
export interface Piece {
  readonly rows: number;
  readonly column: Pick<BatchColumn, "validity" | "count" | "values"> | undefined;
  /** The values' `min` and `max` are true; false where a batch was split. */
  readonly measured: boolean;
}

/** The values at a column's leaf: of the lists' elements, or of the rows. */
export function leafValues(piece: Piece): Values | undefined {
  const values = piece.column?.values;
  return values?.kind === "list" ? values.elements.values : values;
}

/** How many values there are; of lists, how many lists. */
export function valueCount(values: Values): number {
  switch (values.kind) {
    case "bytes":
      return values.count;
    case "dictionary":
      return values.codes.length;
    case "list":
      return values.lengths.length;
    default:
      return values.data.length;
  }
}

/** About how many bytes the values take in a PLAIN page. */
export function plainBytes(values: Values | undefined): number {
  if (values === undefined) return 0;
  switch (values.kind) {
    case "boolean":
      return values.data.length / 8;
    case "dictionary": {
      const { count, data } = values.dictionary;
      return count === 0 ? 0 : Math.ceil((data.byteLength / count) * values.codes.length);
    }
    case "list":
      return plainBytes(values.elements.values);
    default:
      return values.data.byteLength;
  }
}

/** Throws if the piece contradicts itself: a page made of it would be unreadable. */
export function checkPiece(name: string, piece: Piece): void {
  const { rows, column } = piece;
  if (column === undefined) return;
  checkValidity(name, rows, column.validity, column.count);
  if (valueCount(column.values) !== column.count) throw wrong(name, "its count is not that of its values");
  if (column.values.kind !== "list") return;
  const { lengths, elements } = column.values;
  let total = 0;
  for (let i = 0; i < lengths.length; i++) total += lengths[i]!;
  if (total !== elements.total) throw wrong(name, "its list lengths do not add up");
  checkValidity(name, elements.total, elements.validity, elements.count);
  if (valueCount(elements.values) !== elements.count)
    throw wrong(name, "its count is not that of its elements");
}

function checkValidity(name: string, slots: number, validity: Uint8Array | undefined, count: number): void {
  if (validity !== undefined && validity.length * 8 < slots) throw wrong(name, "its validity is too short");
  const valid = validity === undefined ? slots : countBits(validity, slots);
  if (valid !== count) throw wrong(name, "its validity does not match its count");
}

function wrong(name: string, what: string): Error {
  return new Error(`batch: column ${JSON.stringify(name)}: ${what}`);
}

/**
 * Parts of a piece of at most `rows` rows each, for pages. `rows` is rounded to whole bytes of the bitmap, so
 * at least 8.
 */
export function* splitPiece(piece: Piece, rows: number): Iterable<Piece> {
  const step = Math.max(8, rows & ~7);
  if (piece.rows <= step) {
    yield piece;
    return;
  }
  const { column } = piece;
  const take = column === undefined ? undefined : valueCutter(column.values);
  for (let start = 0; start < piece.rows; start += step) {
    const part = Math.min(step, piece.rows - start);
    if (column === undefined || take === undefined) {
      yield { rows: part, column: undefined, measured: true };
      continue;
    }
    const validity = column.validity === undefined ? undefined : column.validity.subarray(start >> 3);
    const count = validity === undefined ? part : countBits(validity, part);
    yield { rows: part, column: { validity, count, values: take(count) }, measured: false };
  }
}

/** Cuts values off from the front, some at a time. `min` and `max` are passed on unchanged, as bounds. */
function valueCutter(values: Values): (count: number) => Values {
  let at = 0;
  if (values.kind === "list") {
    const elements = elementCutter(values.elements);
    return (count) => {
      const lengths = values.lengths.subarray(at, (at += count));
      return { kind: "list", lengths, elements: elements(lengths.reduce((sum, length) => sum + length, 0)) };
    };
  }
  if (values.kind === "bytes") {
    const { data } = values;
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    return (count) => {
      const start = at;
      for (let i = 0; i < count; i++) at += 4 + view.getUint32(at, true);
      return { kind: "bytes", count, data: data.subarray(start, at) };
    };
  }
  if (values.kind === "dictionary") {
    return (count) => ({ ...values, codes: values.codes.subarray(at, (at += count)) });
  }
  return (count) => ({ ...values, data: values.data.subarray(at, (at += count)) }) as Values;
}

function elementCutter(elements: ListElements): (slots: number) => ListElements {
  const take = valueCutter(elements.values);
  let slot = 0;
  return (slots) => {
    const validity = elements.validity === undefined ? undefined : sliceBits(elements.validity, slot, slots);
    slot += slots;
    const count = validity === undefined ? slots : countBits(validity, slots);
    return { total: slots, validity, count, values: take(count) };
  };
}
