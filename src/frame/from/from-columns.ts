import { kindOf, quote } from "../../base/errors.ts";
import { columnOf } from "./column-of.ts";
import {
  checkShape,
  type FrameBounds,
  FrameProblem,
  type SourceColumn,
  type SourceFrame,
} from "../source-frame.ts";
import { readAt, unreadable } from "../unreadable.ts";

/** An object of column arrays: plain arrays, typed arrays, or a library's series or vectors. */
export function fromColumns(frame: object, bounds: FrameBounds): SourceFrame {
  const names = Object.keys(frame);
  if (names.length === 0 && !isLiteral(frame)) {
    throw new FrameProblem(
      `not a frame: got ${kindOf(frame)}; pass an array of row objects, an object of column arrays, or a data frame`,
    );
  }
  checkShape(0, names.length, bounds);
  return new ColumnsFrame(frame as Record<string, unknown>, names);
}

class ColumnsFrame implements SourceFrame {
  readonly names: readonly string[];
  /** Not known before the first column is read: a getter may not be run for a column that is dropped. */
  readonly rows: number = -1;
  readonly owned: boolean = false;
  readonly #frame: Record<string, unknown>;

  constructor(frame: Record<string, unknown>, names: readonly string[]) {
    this.#frame = frame;
    this.names = names;
  }

  column(index: number, room: number): SourceColumn {
    const name = this.names[index] as string;
    const values = readAt(this.#frame, name);
    if (values === unreadable) throw new FrameProblem(`column ${quote(name)} throws when it is read`);
    if (Array.isArray(values)) return values;
    const column = columnOf(values, room);
    if (column !== undefined) return column;
    throw new FrameProblem(
      `column ${quote(name)} is not an array: got ${kindOf(values)}; to log one row, pass it in an array: [row]`,
    );
  }
}

/** True for an object literal, also of another realm: its prototype has none itself. */
function isLiteral(frame: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(frame);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
