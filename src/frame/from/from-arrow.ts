import { quote } from "../../base/errors.ts";
import type { ArrowType, ArrowVector } from "./arrow/arrow-chunk.ts";
import { arrowColumn } from "./arrow/arrow-column.ts";
import {
  checkShape,
  type FrameBounds,
  FrameProblem,
  type SourceColumn,
  type SourceFrame,
} from "../source-frame.ts";

interface ArrowTable {
  readonly schema: { readonly fields: readonly { readonly name: unknown }[] };
  readonly numRows: number;
  /** apache-arrow: the struct of each of a Table's batches, or the one of a RecordBatch. */
  readonly data?: ArrowStruct | readonly ArrowStruct[];
  getChildAt(index: number): object | null | undefined;
}

interface ArrowStruct {
  readonly children: readonly ArrowPart[];
}

interface ArrowPart {
  readonly type: ArrowType;
  readonly length: number;
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
  readonly #table: ArrowTable;

  constructor(table: ArrowTable) {
    this.#table = table;
    this.names = table.schema.fields.map((field) => String(field.name));
    this.rows = table.numRows;
  }

  column(index: number, room: number): SourceColumn {
    const vector = this.#vector(index);
    const column = typeof vector === "object" && vector !== null ? arrowColumn(vector, room) : undefined;
    if (column !== undefined) return column;
    throw new FrameProblem(`column ${quote(this.names[index] ?? "")} of the Arrow table cannot be read`);
  }

  /**
   * The column's parts where they are: apache-arrow's own vector takes longer to make than a short column to
   * copy.
   */
  #vector(index: number): object | null | undefined {
    const table = this.#table;
    const structs = table.data;
    if (structs === undefined) return table.getChildAt(index);
    const parts: ArrowPart[] = [];
    let length = 0;
    for (const struct of Array.isArray(structs) ? (structs as readonly ArrowStruct[]) : [structs]) {
      const part = (struct as Partial<ArrowStruct>).children?.[index];
      if (part === undefined) return table.getChildAt(index);
      parts.push(part);
      length += part.length;
    }
    const [first] = parts;
    return first === undefined ? table.getChildAt(index) : new TableColumn(first.type, length, parts);
  }
}

/** A column of an apache-arrow table without the vector that stands for it. */
class TableColumn implements ArrowVector {
  readonly type: ArrowType;
  readonly length: number;
  readonly data: readonly object[];

  constructor(type: ArrowType, length: number, data: readonly object[]) {
    this.type = type;
    this.length = length;
    this.data = data;
  }
}
