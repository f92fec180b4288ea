import { hasBit } from "../../base/bitmap.ts";
import type { BatchColumn } from "../batch.ts";
import { type Cell, type NumericCells, rejectedCell } from "../cell.ts";
import { type ColumnType, sameType } from "../../layout/column-type.ts";
import { declaredCell } from "../declared-cell.ts";
import { isWellFormed } from "../../base/well-formed.ts";
import { createBuilder } from "./create-builder.ts";
import type { NumericBuilder, ValuesBuilder } from "./values-builder.ts";

interface Variant {
  readonly type: ColumnType | "rejected";
  readonly values: ValuesBuilder;
}

/**
 * All values of one name in a batch: a builder per type that occurs ("variant"), chosen by each value's own
 * type, or by the declared one when it can hold the value exactly.
 */
export class ColumnBuilder {
  readonly name: string;
  readonly declared: ColumnType | undefined;
  readonly #maxStringBytes: number;
  readonly #variants: Variant[] = [];
  /** True once a frame had this column in the batch, with or without values. */
  used = false;
  #usedBefore = false;
  /** The variant of the last value: the next is most likely of the same type. */
  #current: Variant | undefined;
  #currentBefore: Variant | undefined;
  #variantsBefore = 0;
  readonly #one: Cell[] = [undefined];

  constructor(name: string, declared: ColumnType | undefined, maxStringBytes: number) {
    this.name = name;
    this.declared = declared;
    this.#maxStringBytes = maxStringBytes;
    if (declared !== undefined) this.#current = this.#variant(declared);
  }

  /** Bytes so far, about what they take in a batch. */
  get byteLength(): number {
    let bytes = 0;
    for (const { values } of this.#variants) bytes += values.byteLength;
    return bytes;
  }

  /** True while only nulls were seen and no type was declared. */
  get untyped(): boolean {
    return this.declared === undefined && !this.#variants.some(({ values }) => values.count > 0);
  }

  /** Takes `cells[from]` … `cells[to - 1]`, which belong to the rows `row` … */
  fill(cells: readonly Cell[], from: number, to: number, row: number): void {
    let i = from;
    while (i < to) {
      if (this.#current !== undefined) {
        i = this.#current.values.fill(cells, i, to, row + i - from);
        if (i >= to) return;
      }
      const cell = cells[i];
      if (cell === null || cell === undefined) i++;
      else if (this.#take(cell, row + i - from)) i++;
    }
  }

  /** The same for numbers of one type. */
  fillNumeric(cells: NumericCells, from: number, to: number, row: number): void {
    if (this.declared === undefined || this.declared === cells.type) {
      const current = this.#current;
      const variant = current?.type === cells.type ? current : this.#variant(cells.type);
      this.#current = variant;
      (variant.values as NumericBuilder).fillNumeric(cells, from, to, row);
      return;
    }
    for (let i = from; i < to; i++) {
      const { type, data, start, validity } = cells;
      if (validity !== undefined && !hasBit(validity, i)) continue;
      const value = data[start + i] as number | bigint;
      if (type === "float64") this.#one[0] = value;
      else if (type === "int64") this.#one[0] = BigInt(value);
      else this.#one[0] = { kind: "timestamp", value, element: undefined };
      this.fill(this.#one, 0, 1, row + i - from);
    }
  }

  /** Puts a column per variant with values, and the declared one in any case, into `columns`. */
  collect(rows: number, columns: BatchColumn[]): void {
    for (const { type, values } of this.#variants) {
      if (values.count === 0 && type !== this.declared) continue;
      columns.push({
        name: this.name,
        type,
        validity: values.validity(rows),
        count: values.count,
        values: values.values(),
      });
    }
  }

  /** A frame that has this column begins. */
  open(): void {
    this.#usedBefore = this.used;
    this.#currentBefore = this.#current;
    this.#variantsBefore = this.#variants.length;
    this.used = true;
  }

  /** As it was before the last {@link open}; that frame's first row is `rows`. */
  rollback(rows: number): void {
    this.used = this.#usedBefore;
    this.#current = this.#currentBefore;
    this.#variants.length = this.#variantsBefore;
    for (const { values } of this.#variants) values.truncate(rows);
  }

  clear(): void {
    this.used = false;
    // A type that did not occur in a whole batch need not keep its buffers.
    for (let i = this.#variants.length - 1; i >= 0; i--) {
      const { type, values } = this.#variants[i] as Variant;
      if (values.count > 0 || type === this.declared) values.clear();
      else this.#variants.splice(i, 1);
    }
    this.#current = this.#variants[0];
  }

  /** Takes one value, or says by `false` that `current` is now the builder to take it. */
  #take(cell: Cell, row: number): boolean {
    const declared = this.declared;
    if (declared !== undefined) {
      const fitting = declaredCell(cell, declared);
      if (fitting !== undefined) {
        this.#append(this.#variant(declared), fitting, row);
        return true;
      }
    }
    const type = this.#naturalType(cell);
    if (type === "rejected" && !(typeof cell === "object" && cell?.kind === "rejected")) {
      this.#append(this.#variant(type), rejectedText(cell), row);
      return true;
    }
    const variant = this.#variant(type);
    if (declared === undefined && variant !== this.#current) {
      this.#current = variant;
      return false;
    }
    this.#append(variant, cell, row);
    return true;
  }

  #append(variant: Variant, cell: Cell, row: number): void {
    this.#one[0] = cell;
    if (variant.values.fill(this.#one, 0, 1, row) !== 1) {
      throw new Error(`column ${JSON.stringify(this.name)}: a value does not fit its own type`);
    }
  }

  #naturalType(cell: Cell): ColumnType | "rejected" {
    switch (typeof cell) {
      case "number":
        return "float64";
      case "string":
        return isWellFormed(cell) ? "string" : "rejected";
      case "boolean":
        return "boolean";
      case "bigint":
        return BigInt.asIntN(64, cell) === cell ? "int64" : "rejected";
      default:
        if (cell === null || cell === undefined) throw new Error("a null has no type");
        if (cell.kind !== "list") return cell.kind;
        return cell.element !== undefined ? { list: cell.element } : this.#anyListType();
    }
  }

  /** The type for a list without values: that of the column's other lists, if it has any. */
  #anyListType(): ColumnType {
    // A variant without values is left over from another batch, or from a frame that was abandoned.
    for (const { type, values } of this.#variants) {
      if (typeof type === "object" && (values.count > 0 || type === this.declared)) return type;
    }
    return { list: "float64" };
  }

  #variant(type: ColumnType | "rejected"): Variant {
    for (const variant of this.#variants) {
      if (variant.type === type) return variant;
      if (typeof type === "object" && typeof variant.type === "object" && sameType(variant.type, type)) {
        return variant;
      }
    }
    const values = createBuilder(type, this.#maxStringBytes, type === this.declared);
    const variant: Variant = { type, values };
    this.#variants.push(variant);
    return variant;
  }
}

/**
 * The JSON text of a string or bigint that no column can hold; of an integer a string, because readers of
 * JSON would round it.
 */
function rejectedText(cell: Cell): Cell {
  return rejectedCell(JSON.stringify(String(cell)));
}
