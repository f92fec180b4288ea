import { describe } from "../base/errors.ts";
import { arrowColumn } from "./arrow-column.ts";
import {
  checkShape,
  type FrameBounds,
  FrameProblem,
  type SourceColumn,
  type SourceFrame,
} from "./source-frame.ts";

interface ArrowTable {
  readonly schema: { readonly fields: readonly { readonly name: unknown }[] };
  readonly numRows: number;
  getChildAt(index: number): object | null | undefined;
}

/** A Table or RecordBatch of apache-arrow, or a Table of flechette. */
export function fromArrow(frame: object, bounds: FrameBounds): SourceFrame | undefined {
  const table = frame as Partial<ArrowTable>;
  if (typeof table.numRows !== "number" || typeof table.getChildAt !== "function") return undefined;
  if (!Array.isArray(table.schema?.fields)) return undefined;
  checkShape(table.numRows, table.schema.fields.length, bounds);
  return new ArrowFrame(table as ArrowTable);
}

class ArrowFrame implements SourceFrame {
  readonly names: readonly string[];
  readonly rows: number;
  readonly owned: boolean = false;
  private readonly table: ArrowTable;

  constructor(table: ArrowTable) {
    this.table = table;
    this.names = table.schema.fields.map((field) => String(field.name));
    this.rows = table.numRows;
  }

  column(index: number, room: number): SourceColumn {
    const vector = this.table.getChildAt(index);
    const column = typeof vector === "object" && vector !== null ? arrowColumn(vector, room) : undefined;
    if (column !== undefined) return column;
    throw new FrameProblem(`column ${describe(this.names[index])} of the Arrow table can not be read`);
  }
}
