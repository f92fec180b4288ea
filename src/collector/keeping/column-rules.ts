import type { ColumnRule } from "../../config/keeping/keep-rule.ts";
import { openFrame } from "../../frame/open-frame.ts";
import { type FrameBounds, OwnCells, OwnNumbers, type SourceColumn } from "../../frame/source-frame.ts";

/** What a frame may have that rules look at. */
export interface LookBounds extends FrameBounds {
  readonly maxFrameBytes: number;
}

/**
 * True if a column of the frame, as it was given, has a value that one of the rules asks for. What cannot be
 * read has none: whoever copies the frame tells of that.
 */
export function hasSuchValue(frame: object, rules: readonly ColumnRule[], bounds: LookBounds): boolean {
  try {
    const source = openFrame(frame, bounds);
    for (const name of new Set(rules.map(({ column }) => column))) {
      const index = source.names.indexOf(name);
      if (index === -1) continue;
      const asked = rules.filter(({ column }) => column === name);
      for (const value of valuesOf(source.column(index, bounds.maxFrameBytes), source.rows)) {
        if (asked.some((rule) => isAskedFor(value, rule))) return true;
      }
    }
  } catch {
    // See above.
  }
  return false;
}

function isAskedFor(given: unknown, { above, below, equals }: ColumnRule): boolean {
  const value = typeof given === "bigint" ? Number(given) : given;
  if (equals !== undefined) return value === equals;
  return (
    typeof value === "number" &&
    (above === undefined || value > above) &&
    (below === undefined || value < below)
  );
}

function* valuesOf(column: SourceColumn, rows: number): Iterable<unknown> {
  if (column instanceof OwnCells) yield* column.cells;
  else if (!(column instanceof OwnNumbers)) yield* column;
  else {
    const { data, start, validity } = column.numbers;
    const end = rows < 0 ? data.length : start + rows;
    for (let slot = start; slot < end; slot++) {
      const row = slot - start;
      if (validity === undefined || ((validity[row >> 3] ?? 0) & (1 << (row & 7))) !== 0) yield data[slot];
    }
  }
}
