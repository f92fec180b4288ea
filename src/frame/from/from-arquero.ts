import { quote } from "../../base/errors.ts";
import { isArrowVector } from "./arrow/arrow-chunk.ts";
import { vectorCells } from "./arrow/arrow-reader.ts";
import { columnOf } from "./column-of.ts";
import {
  checkShape,
  type FrameBounds,
  FrameProblem,
  OwnCells,
  type SourceColumn,
  type SourceFrame,
} from "../source-frame.ts";
import { isTypedArray, type TypedArray } from "../typed-array.ts";
import { unreadable } from "../unreadable.ts";

interface ArqueroTable {
  numRows(): number;
  columnNames(): string[];
  column(name: string): { at(row: number): unknown; readonly length: number } | undefined;
  isFiltered(): boolean;
  isOrdered(): boolean;
  totalRows(): number;
  scan(visit: (row: number) => void, order: boolean): void;
}

/**
 * A table of Arquero: the rows that its filter lets through, in its order. Typed arrays and Arrow columns
 * keep their type; of columns that a verb has made anew (`join`, `concat`, `impute`, `derive`) Arquero itself
 * knows no more than that they are numbers.
 */
export function fromArquero(frame: object, bounds: FrameBounds): SourceFrame | undefined {
  const table = frame as Partial<ArqueroTable>;
  if (typeof table.numRows !== "function" || typeof table.columnNames !== "function") return undefined;
  if (typeof table.column !== "function" || typeof table.scan !== "function") return undefined;
  const names = table.columnNames();
  const rows = table.numRows();
  checkShape(rows, names.length, bounds);
  return new ArqueroFrame(table as ArqueroTable, names, rows);
}

class ArqueroFrame implements SourceFrame {
  readonly names: readonly string[];
  readonly rows: number;
  readonly owned: boolean = false;
  readonly #table: ArqueroTable;
  #visible: readonly number[] | undefined;

  constructor(table: ArqueroTable, names: readonly string[], rows: number) {
    this.#table = table;
    this.names = names;
    this.rows = rows;
  }

  column(index: number, room: number): SourceColumn {
    const table = this.#table;
    const name = this.names[index] as string;
    const column = table.column(name);
    if (column === undefined) throw new FrameProblem(`column ${quote(name)} of the Arquero table is missing`);
    // An Arrow or plain column underneath keeps its type when all of it is visible as it is.
    const whole = !table.isFiltered() && !table.isOrdered();
    const source = whole ? columnOf(column, room) : undefined;
    if (source !== undefined) return source;
    const rows = this.#visibleRows();
    if (isTypedArray(column)) return pick(column, rows);
    if (isArrowVector(column)) return new OwnCells(vectorCells(column, room, rows));
    return rows.map((row) => valueAt(column, row));
  }

  #visibleRows(): readonly number[] {
    if (this.#visible === undefined) {
      const rows: number[] = [];
      this.#table.scan((row) => void rows.push(row), true);
      this.#visible = rows;
    }
    return this.#visible;
  }
}

/**
 * These rows of a typed array, in an array of its kind. A table's rows are never more than its columns have.
 */
function pick(column: TypedArray, rows: readonly number[]): TypedArray {
  const picked = column.slice(0, rows.length);
  for (let i = 0; i < rows.length; i++) picked[i] = column[rows[i] as number] as number & bigint;
  return picked;
}

function valueAt(column: { at(row: number): unknown }, row: number): unknown {
  try {
    return column.at(row);
  } catch {
    return unreadable;
  }
}
