import type { BatchColumn } from "../batch.ts";
import { CellCursor } from "./cell-cursor.ts";
import type { StoredCell } from "./stored-cell.ts";
import { ColumnSink } from "./column-sink.ts";
import { type ColumnType, type ScalarType, typeText } from "../../layout/column-type.ts";
import { isUndecided } from "./deciding.ts";
import { writeExactJson, writeJson } from "./exact-json.ts";
import { JsonBytes } from "./json-bytes.ts";

/** Cells of one column and one type that did not fit the pinned type. */
export interface RejectedColumn {
  readonly name: string;
  /** The pinned type as text; `none` for a column that the schema does not have. */
  readonly expected: string;
  /** The type that came, as text; `invalid` for values that no type can hold. */
  readonly got: string;
  readonly cells: number;
}

/** What a row was rejected for is not kept beyond this, bytes, when the next row is read. */
export const maxKeptBytes: number = 1024 * 1024;

/** One type in which a column came. */
class Variant {
  readonly cursor: CellCursor;
  readonly got: string;
  /** Whether its values say of what type they are. */
  readonly decides: boolean;
  rejected = 0;

  constructor(column: BatchColumn) {
    this.cursor = new CellCursor(column);
    this.got = variantText(column);
    this.decides = !isUndecided(column);
  }
}

/** Fits a column, in whatever types it came, to the pinned one; without a type nothing fits. */
export class ColumnFitter {
  readonly #name: string;
  readonly #key: string;
  readonly #type: ColumnType | undefined;
  readonly #pinned: string;
  readonly #variants: readonly Variant[];
  readonly #sink: ColumnSink | undefined;
  readonly #json: JsonBytes | undefined;

  constructor(name: string, type: ColumnType | undefined, variants: readonly BatchColumn[]) {
    this.#name = name;
    this.#key = `${JSON.stringify(name)}:`;
    this.#type = type;
    this.#pinned = type === undefined ? "none" : typeText(type);
    this.#variants = variants.map((column) => new Variant(column));
    this.#sink = type === undefined ? undefined : new ColumnSink(type);
    this.#json = type === "json" ? new JsonBytes() : undefined;
  }

  /** Takes the next row; what does not fit becomes a member of the object that `members` is to be. */
  next(members: JsonBytes): void {
    let filled = false;
    for (const variant of this.#variants) {
      const { cursor } = variant;
      if (!cursor.next()) continue;
      // Two values of one column in one row cannot be; if they are, none is lost.
      const taken = filled ? unfit : this.#take(variant);
      if (taken === unfit) {
        members.ascii(members.length === 0 ? "{" : ",");
        members.text(this.#key);
        writeExactJson(cursor, members);
        variant.rejected++;
      } else if (taken !== missing) filled = true;
    }
    if (!filled) this.#sink?.skip();
  }

  column(): BatchColumn | undefined {
    const sink = this.#sink;
    return sink === undefined || sink.count === 0 ? undefined : sink.column(this.#name);
  }

  report(): readonly RejectedColumn[] {
    return this.#variants
      .filter(({ rejected, decides }) => rejected > 0 && (decides || this.#type !== undefined))
      .map(({ got, rejected }) => ({ name: this.#name, expected: this.#pinned, got, cells: rejected }));
  }

  /** Puts the present value where it belongs, if it fits. */
  #take({ cursor, got }: Variant): typeof unfit | typeof missing | undefined {
    const type = this.#type;
    const sink = this.#sink;
    if (type === undefined || sink === undefined) return unfit;
    if (this.#json !== undefined && got !== this.#pinned) return takeJson(cursor, this.#json, sink);
    if (cursor.items !== undefined) return takeList(cursor, cursor.items, type, sink);
    if (isBytes(cursor.type)) {
      if (got !== this.#pinned) return unfit;
      sink.putBytes(cursor.bytes, cursor.start, cursor.end);
      return undefined;
    }
    const fitted = fit(cursor.cell(), cursor.type, type);
    if (typeof fitted === "symbol") return fitted;
    sink.put(fitted);
    return undefined;
  }
}

/** Any value that JSON can say. */
function takeJson(
  cursor: CellCursor,
  json: JsonBytes,
  sink: ColumnSink,
): typeof unfit | typeof missing | undefined {
  if (cursor.type === "float64" && Number.isNaN(cursor.cell())) return missing;
  json.clear(maxKeptBytes);
  const { items } = cursor;
  const mark = items?.mark();
  if (!writeJson(cursor, json)) {
    if (mark !== undefined) items?.return(mark);
    return unfit;
  }
  const bytes = json.written();
  sink.putBytes(bytes, 0, bytes.length);
  return undefined;
}

/** A list is looked through first, for it fits as a whole or not at all, and then copied. */
function takeList(
  { length, type: from }: CellCursor,
  items: CellCursor,
  to: ColumnType,
  sink: ColumnSink,
): typeof unfit | undefined {
  if (typeof from !== "object" || typeof to !== "object" || sink.items === undefined) return unfit;
  const mark = items.mark();
  const checked = from.list === to.list ? 0 : length;
  for (let i = 0; i < checked; i++) {
    if (!items.next()) continue;
    if (!isBytes(from.list) && fitScalar(items.cell(), from.list, to.list) !== unfit) continue;
    items.return(mark);
    return unfit;
  }
  items.return(mark);
  sink.putList(length);
  for (let i = 0; i < length; i++) {
    if (!items.next()) sink.items.skip();
    else if (isBytes(from.list)) sink.items.putBytes(items.bytes, items.start, items.end);
    else sink.items.put(fitScalar(items.cell(), from.list, to.list) as StoredCell);
  }
  return undefined;
}

/**
 * Texts and bytes fit no other type than their own and json, so that nobody need make values of them: one can
 * be as large as a frame.
 */
function isBytes(type: CellCursor["type"]): boolean {
  return type === "string" || type === "json" || type === "binary" || type === "rejected";
}

export function variantText(column: BatchColumn): string {
  return column.type === "rejected" ? "invalid" : typeText(column.type);
}

const unfit = Symbol("unfit");
const missing = Symbol("missing");

/**
 * The value of a scalar column as the pinned type has it. Lists and texts are dealt with above, piece by
 * piece.
 */
function fit(
  cell: StoredCell,
  from: ColumnType | "rejected",
  to: ColumnType,
): StoredCell | typeof unfit | typeof missing {
  if (from === "rejected" || typeof from === "object") return unfit;
  if (Number.isNaN(cell) && !isNumeric(to)) return missing;
  return typeof to === "object" ? unfit : fitScalar(cell, from, to);
}

function isNumeric(type: ColumnType): boolean {
  return type === "float64" || type === "int64" || type === "int32";
}

function fitScalar(cell: StoredCell, from: ScalarType, to: ScalarType): StoredCell | typeof unfit {
  if (from === to) return cell;
  // A timestamp is a bigint too, but no number.
  if (!isNumeric(from) || !isNumeric(to)) return unfit;
  if (to === "float64") {
    if (typeof cell === "number") return cell;
    const integer = cell as bigint;
    return integer >= -exactBound && integer <= exactBound ? Number(integer) : unfit;
  }
  if (typeof cell === "number" && !Number.isInteger(cell)) return unfit;
  const integer = BigInt(cell as number | bigint);
  const bits = to === "int64" ? 64 : 32;
  if (BigInt.asIntN(bits, integer) !== integer) return unfit;
  return to === "int64" ? integer : Number(integer);
}

/** 2^53: up to here every integer is a double. */
const exactBound = 9_007_199_254_740_992n;
