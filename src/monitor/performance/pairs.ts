import { told, wrongValue } from "../../base/errors.ts";
import { type MetricColumn, valuesOf } from "../columns/metric-column.ts";
import { isNull } from "../../profile/category.ts";

/** Columns of the same rows, where none of them has a null. */
export interface Pairs {
  readonly columns: readonly unknown[][];
  /** How many rows are there. */
  readonly rows: number;
  /** How many rows were left out, because a column has a null there. */
  readonly dropped: number;
}

/** Columns row by row. Throws a `RangeError` when they are not of one length, and when no row is left. */
export function pairsOf(callee: string, given: Readonly<Record<string, MetricColumn>>): Pairs {
  const names = Object.keys(given);
  const lists = names.map((name) => valuesOf(given[name] as MetricColumn, `${callee} ${name}`));
  const length = (lists[0] as ArrayLike<unknown>).length;
  lists.forEach((list, i) => {
    if (list.length !== length)
      throw wrongValue(
        `${callee} ${names[i]}`,
        `as many rows as ${names[0]}, ${length}`,
        told(String(list.length)),
      );
  });
  const columns = lists.map((): unknown[] => []);
  for (let row = 0; row < length; row++) {
    if (lists.some((list) => isNull(list[row]))) continue;
    columns.forEach((column, i) => column.push(lists[i]?.[row]));
  }
  const rows = columns[0]?.length ?? 0;
  if (rows === 0) throw wrongValue(callee, "at least one row without nulls", told("none"));
  return { columns, rows, dropped: length - rows };
}
