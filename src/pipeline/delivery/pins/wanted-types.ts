import type { BatchColumn } from "../../../frame/batch.ts";
import { firstDeciding, isUndecided } from "../../../frame/conform/deciding.ts";
import { type ColumnType, parseType } from "../../../layout/column-type.ts";

/**
 * The types that a segment wants for its columns, declared types first, and the columns that say nothing of
 * theirs: of which it has only nulls, values that no type can hold, or values that decide none ({@link
 * isUndecided}). The first value that decides counts.
 */
export function wantedTypes(
  batches: Iterable<{
    header: { declared: Readonly<Record<string, string>>; untyped: readonly string[] };
    columns: readonly Pick<BatchColumn, "name" | "type" | "validity" | "values">[];
  }>,
): { wanted: Map<string, ColumnType>; untyped: Set<string> } {
  const wanted = new Map<string, ColumnType>();
  const untyped = new Set<string>();
  for (const { header, columns } of batches) {
    for (const [name, text] of Object.entries(header.declared)) {
      const type = parseType(text);
      if (type !== undefined) wanted.set(name, type);
    }
    for (const name of header.untyped) untyped.add(name);
    /**
     * Columns of this batch that decide a type: the builder's order of several types for one name says
     * nothing.
     */
    const deciding = new Map<string, (typeof columns)[number]>();
    for (const column of columns) {
      const { name, type } = column;
      if (type === "rejected" || isUndecided(column)) untyped.add(name);
      else if (!wanted.has(name)) {
        const other = deciding.get(name);
        if (other === undefined || firstDeciding(column) < firstDeciding(other)) deciding.set(name, column);
      }
    }
    for (const [name, { type }] of deciding) wanted.set(name, type as ColumnType);
  }
  return { wanted, untyped };
}
