import type { Batch, BatchColumn } from "./batch.ts";
import { type Cell, columnCells, columnOfCells } from "./cells.ts";
import { type ColumnType, type ScalarType, typeText } from "./column-type.ts";
import { exactJson } from "./exact-json.ts";
import type { Schema } from "./schema.ts";

/** A batch as the pinned types make it. */
export interface ConformedBatch {
  /** One per entry of the schema and of exactly its type; undefined: all null. */
  readonly columns: readonly (BatchColumn | undefined)[];
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
 * integers in range (`-0` becomes 0), a list without values fits every list type, and NaN beside a type that is not
 * numeric means "missing", as in danfojs and pandas. Everything else is kept in `rejected`, exactly.
 */
export function conformBatch(batch: Batch, schema: Schema): ConformedBatch {
  const variants = new Map<string, BatchColumn[]>();
  for (const column of batch.columns) {
    const found = variants.get(column.name);
    if (found === undefined) variants.set(column.name, [column]);
    else found.push(column);
  }
  const rejects = new Rejects(batch.header.rows);
  const columns: (BatchColumn | undefined)[] = [];
  for (const [name, type] of schema) {
    const found = variants.get(name);
    columns.push(found === undefined ? undefined : conformColumn(name, type, found, rejects));
    variants.delete(name);
  }
  for (const [name, found] of variants) conformColumn(name, undefined, found, rejects);
  return { columns, rejected: rejects.column(), report: rejects.report() };
}

function conformColumn(
  name: string,
  type: ColumnType | undefined,
  variants: readonly BatchColumn[],
  rejects: Rejects,
): BatchColumn | undefined {
  const pinned = type === undefined ? undefined : typeText(type);
  const [only] = variants;
  if (variants.length === 1 && only !== undefined && variantText(only) === pinned) return only;
  const cells: (Cell | undefined)[] = new Array(rejects.rows).fill(undefined);
  for (const variant of variants) {
    const got = variantText(variant);
    columnCells(variant, rejects.rows).forEach((cell, row) => {
      if (cell === undefined) return;
      const fitted = got === pinned ? cell : type === undefined ? unfit : fit(cell, variant.type, type);
      // Two values of one column in one row cannot be; if they are, none is lost.
      if (fitted === unfit || (fitted !== missing && cells[row] !== undefined)) {
        rejects.add(row, { name, expected: pinned ?? "none", got }, exactJson(cell, variant.type));
      } else if (fitted !== missing) cells[row] = fitted;
    });
  }
  if (type === undefined || cells.every((cell) => cell === undefined)) return undefined;
  return columnOfCells(name, type, cells);
}

function variantText(column: BatchColumn): string {
  return column.type === "rejected" ? "invalid" : typeText(column.type);
}

const unfit = Symbol("unfit");
const missing = Symbol("missing");

function fit(
  cell: Cell,
  from: ColumnType | "rejected",
  to: ColumnType,
): Cell | typeof unfit | typeof missing {
  if (from === "rejected") return unfit;
  if (typeof from === "object") {
    if (typeof to !== "object") return unfit;
    const items: (Cell | null)[] = [];
    for (const item of cell as readonly (Cell | null)[]) {
      const fitted = item === null ? null : fitScalar(item, from.list, to.list);
      if (typeof fitted === "symbol") return unfit;
      items.push(fitted);
    }
    return items;
  }
  if (Number.isNaN(cell) && !isNumeric(to)) return missing;
  return typeof to === "object" ? unfit : fitScalar(cell, from, to);
}

function isNumeric(type: ColumnType): boolean {
  return type === "float64" || type === "int64" || type === "int32";
}

function fitScalar(cell: Cell, from: ScalarType, to: ScalarType): Cell | typeof unfit {
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

/** Gathers what did not fit. */
class Rejects {
  readonly rows: number;
  readonly #members = new Map<number, string[]>();
  readonly #counts = new Map<string, { name: string; expected: string; got: string; cells: number }>();

  constructor(rows: number) {
    this.rows = rows;
  }

  add(row: number, what: Omit<RejectedCells, "cells">, json: string): void {
    const member = `${JSON.stringify(what.name)}:${json}`;
    const members = this.#members.get(row);
    if (members === undefined) this.#members.set(row, [member]);
    else members.push(member);
    const key = JSON.stringify([what.name, what.got]);
    const count = this.#counts.get(key);
    if (count === undefined) this.#counts.set(key, { ...what, cells: 1 });
    else count.cells++;
  }

  column(): BatchColumn | undefined {
    if (this.#members.size === 0) return undefined;
    const cells = Array.from({ length: this.rows }, (_, row) => {
      const members = this.#members.get(row);
      return members === undefined ? undefined : `{${members.join(",")}}`;
    });
    return columnOfCells("mdc_rejected", "json", cells);
  }

  report(): readonly RejectedCells[] {
    return [...this.#counts.values()];
  }
}
