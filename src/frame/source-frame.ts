import type { Cell, NumericCells } from "./cell.ts";
import type { TypedArray } from "./typed-array.ts";

/** What somebody passed, seen as columns. Nothing is copied yet; `column` reads it. */
export interface SourceFrame {
  readonly names: readonly string[];
  /** -1 when only the columns themselves can say. */
  readonly rows: number;
  /** True when the arrays that `column` returns are made for it, so that they need no copy. */
  readonly owned: boolean;
  /**
   * The column at `index`. May throw, for it can run the caller's code; called at most once per column.
   * Throws {@link frameTooLarge} when making it would take more than `room` bytes.
   */
  column(index: number, room: number): SourceColumn;
}

/** A column as its owner has it (an array or typed array, to be copied), or already as cells of ours. */
export type SourceColumn = readonly unknown[] | TypedArray | OwnCells | OwnNumbers;

/** Cells that nobody else holds. */
export class OwnCells {
  readonly cells: readonly Cell[];

  constructor(cells: readonly Cell[]) {
    this.cells = cells;
  }
}

/** Numbers that nobody else holds. */
export class OwnNumbers {
  readonly numbers: NumericCells;

  constructor(numbers: NumericCells) {
    this.numbers = numbers;
  }
}

/**
 * Thrown when copying would take more than the frame may have. A symbol, because it is told by `===` from
 * what a frame's own code throws, and that may answer `instanceof` with anything, or by throwing again.
 */
export const frameTooLarge: symbol = Symbol("frame too large");

/** What a frame may have, so that a reader can stop before it does work in vain. */
export interface FrameBounds {
  readonly maxFrameRows: number;
  readonly maxFrameColumns: number;
}

/** Something is wrong with a frame. The message says what, and what to do about it. */
export class FrameProblem extends Error {
  readonly reason: "invalid" | "too_large";

  constructor(message: string, reason: "invalid" | "too_large" = "invalid") {
    super(message);
    this.reason = reason;
  }
}

/** True for what can be a number of rows: a Proxy or a library's object can say anything. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Refuses a frame of too many rows or columns, or of a number of rows that is none. */
export function checkShape(rows: number, columns: number, bounds: FrameBounds): void {
  if (!isCount(rows)) throw new FrameProblem("the frame's number of rows is no whole number");
  if (columns > bounds.maxFrameColumns) {
    throw new FrameProblem(
      `the frame has ${columns} columns, more than the ${bounds.maxFrameColumns} of limits.maxFrameColumns`,
      "too_large",
    );
  }
  if (rows > bounds.maxFrameRows) {
    throw new FrameProblem(
      `the frame has ${rows} rows, more than the ${bounds.maxFrameRows} of limits.maxFrameRows: pass it in parts`,
      "too_large",
    );
  }
}
