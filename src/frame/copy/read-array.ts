import { quote } from "../../base/errors.ts";
import { FrameProblem } from "../source-frame.ts";

/** The length of a column; a Proxy can refuse to say it. */
export function lengthOf(column: readonly unknown[], name: string): number {
  try {
    return column.length;
  } catch {
    throw new FrameProblem(`column ${quote(name)} throws when it is read`);
  }
}

/** A copy of the first `rows` values, in an array of ours. */
export function sliceOf(column: readonly unknown[], rows: number): unknown[] {
  // Never more than `rows`, whatever a Proxy says of its length the second time.
  if ((column as { constructor?: unknown }).constructor === Array) return arraySlice.call(column, 0, rows);
  // A Proxy or subclass may answer slice with anything; this takes what is there.
  const values: unknown[] = [];
  for (let i = 0; i < rows; i++) values.push(column[i]);
  return values;
}

const arraySlice: (this: readonly unknown[], from: number, to: number) => unknown[] = Array.prototype.slice;
