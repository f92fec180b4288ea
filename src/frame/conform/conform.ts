import type { Batch, BatchColumn } from "../batch.ts";
import { CellCursor } from "./cell-cursor.ts";
import type { StoredCell } from "./stored-cell.ts";
import { ColumnSink } from "./column-sink.ts";
import { type ColumnType, type ScalarType, typeText } from "../../layout/column-type.ts";
import { isUndecided } from "./deciding.ts";
import { writeExactJson, writeJson } from "./exact-json.ts";
import { JsonBytes } from "./json-bytes.ts";
import type { Schema } from "../../layout/schema.ts";
import { systemColumns } from "../../layout/system-columns.ts";

/** A batch as the pinned types make it. */
export interface ConformedBatch {
  /** At most one per entry of the schema, and of exactly its type; one that is not there is all null. */
  readonly columns: readonly BatchColumn[];
  /** `mdc_rejected`: in each row that has any, a JSON object of column names and the values that did not fit. */
  readonly rejected: BatchColumn | undefined;
  /** What did not fit, by column and type that came. */
  readonly report: readonly RejectedCells[];
}

/** Cells of one column and one type that did not fit the pinned type. */
export interface RejectedCells {
  readonly name: string;
  /** The pinned type as text; `none` for a column that the schema does not have. */
  readonly expected: string;
  /** The type that came, as text; `invalid` for values that no type can hold. */
  readonly got: string;
  readonly cells: number;
}

/**
 * What the schema's pinned types make of a batch. A column that came only in its pinned type is passed on as it is.
 * Otherwise values are converted where that loses nothing: integers become float64 up to 2^53, whole doubles become
 * integers in range (`-0` becomes 0), a list without values fits every list type, json takes all that JSON can say, and NaN beside
 * a type that is not numeric means "missing", as in danfojs and pandas. Everything else is kept in `rejected`, exactly; so are the
 * values of a column that has no type yet because they decide none, but they are not reported: nothing is wrong with them.
 */
export function conformBatch(batch: Batch, schema: Schema): ConformedBatch {
  const conforming = new Conforming(batch, schema);
  while (!conforming.advance());
  return conforming.result();
}

/** Cells between two looks at whether somebody else wants to go on. */
const cellsPerStep = 16_384;

/**
 * {@link conformBatch} in small steps. It goes through the batch row by row, and what it makes are bytes outside of V8's heap: of a
 * frame, however large and whatever it holds, no more than one value at a time is a value of JS.
 */
export class Conforming {
  readonly #rows: number;
  readonly #columns: (BatchColumn | ColumnFitter)[] = [];
  readonly #fitters: ColumnFitter[] = [];
  readonly #rejected = new ColumnSink("json");
  readonly #members = new JsonBytes();
  #row = 0;

  constructor(batch: Batch, schema: Schema) {
    this.#rows = batch.header.rows;
    const variants = new Map<string, BatchColumn[]>();
    for (const column of batch.columns) {
      const found = variants.get(column.name);
      if (found === undefined) variants.set(column.name, [column]);
      else found.push(column);
    }
    // Not over the schema: that can have thousands of columns, of which a batch has one.
    for (const [name, found] of variants) this.#columns.push(this.#conform(name, schema.get(name), found));
  }

  /** Some of the work; true when there is no more. */
  advance(): boolean {
    const fitters = this.#fitters;
    if (fitters.length === 0) return true;
    const members = this.#members;
    const end = Math.min(this.#rows, this.#row + Math.max(1, Math.floor(cellsPerStep / fitters.length)));
    for (; this.#row < end; this.#row++) {
      members.clear(maxKeptBytes);
      for (const fitter of fitters) fitter.next(members);
      if (members.length === 0) this.#rejected.skip();
      else {
        members.ascii("}");
        const bytes = members.written();
        this.#rejected.putBytes(bytes, 0, bytes.length);
      }
    }
    return end === this.#rows;
  }

  /** What came of it. */
  result(): ConformedBatch {
    return {
      columns: this.#columns.flatMap((column) =>
        column instanceof ColumnFitter ? (column.column() ?? []) : column,
      ),
      rejected: this.#rejected.count === 0 ? undefined : this.#rejected.column(systemColumns.rejected.name),
      report: this.#fitters.flatMap((fitter) => fitter.report()),
    };
  }

  /** The column itself if it is as it is to be. */
  #conform(
    name: string,
    type: ColumnType | undefined,
    variants: readonly BatchColumn[],
  ): BatchColumn | ColumnFitter {
    const [only] = variants;
    if (
      variants.length === 1 &&
      only !== undefined &&
      type !== undefined &&
      variantText(only) === typeText(type)
    ) {
      return only;
    }
    const fitter = new ColumnFitter(name, type, variants);
    this.#fitters.push(fitter);
    return fitter;
  }
}

/** What a row was rejected for is not kept beyond this, bytes, when the next row is read. */
const maxKeptBytes = 1024 * 1024;

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
class ColumnFitter {
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

  report(): readonly RejectedCells[] {
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

/** Texts and bytes fit no other type than their own and json, so that nobody need make values of them: one can be as large as a frame. */
function isBytes(type: CellCursor["type"]): boolean {
  return type === "string" || type === "json" || type === "binary" || type === "rejected";
}

function variantText(column: BatchColumn): string {
  return column.type === "rejected" ? "invalid" : typeText(column.type);
}

const unfit = Symbol("unfit");
const missing = Symbol("missing");

/** The value of a scalar column as the pinned type has it. Lists and texts are dealt with above, piece by piece. */
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
