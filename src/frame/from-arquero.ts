import { describe } from "../base/errors.ts";
import { columnOf } from "./column-of.ts";
import {
  checkShape,
  type FrameBounds,
  FrameProblem,
  type SourceColumn,
  type SourceFrame,
} from "./source-frame.ts";

interface ArqueroTable {
  numRows(): number;
  columnNames(): string[];
  column(name: string): { at(row: number): unknown; readonly length: number } | undefined;
  isFiltered(): boolean;
  isOrdered(): boolean;
  totalRows(): number;
  scan(visit: (row: number) => void, order: boolean): void;
}

/** A table of Arquero: the rows that its filter lets through, in its order. */
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
  private readonly table: ArqueroTable;
  private visible: readonly number[] | undefined;

  constructor(table: ArqueroTable, names: readonly string[], rows: number) {
    this.table = table;
    this.names = names;
    this.rows = rows;
  }

  column(index: number, room: number): SourceColumn {
    const { table } = this;
    const name = this.names[index] as string;
    const column = table.column(name);
    if (column === undefined)
      throw new FrameProblem(`column ${describe(name)} of the Arquero table is missing`);
    // An Arrow or plain column underneath keeps its type when all of it is visible as it is.
    const whole = !table.isFiltered() && !table.isOrdered();
    const source = whole ? columnOf(column, room) : undefined;
    if (source !== undefined) return source;
    return this.visibleRows().map((row) => column.at(row));
  }

  private visibleRows(): readonly number[] {
    if (this.visible === undefined) {
      const rows: number[] = [];
      this.table.scan((row) => void rows.push(row), true);
      this.visible = rows;
    }
    return this.visible;
  }
}
