import type { TimeRange } from "../../layout/partition.ts";
import { systemColumns } from "../../layout/system-columns.ts";
import type { AskedColumns } from "./local-copy.ts";

/** A star for all columns: not one of `count(*)`, nor between two factors. */
const allColumns = /(?:\b(?:select|distinct|all)|[.,(])\s*\*/i;
const countOfRows = /\bcount\s*\(\s*\*\s*\)/gi;
/** Words that mean columns without naming them. */
const otherWords = /\b(?:columns|copy|natural|pivot|summarize|table|unpivot)\b/i;

/**
 * The columns that a statement can mean, as far as its text tells: those whose names are in it. Undefined
 * where it can mean all. It may be wrong, for instance of a row taken as a struct: then the files do not have
 * what is asked for, and have to be fetched whole.
 */
export function askedColumns(statement: string, range: TimeRange): AskedColumns {
  const text = statement.toLowerCase();
  if (!/\bselect\b/.test(text) || otherWords.test(text)) return undefined;
  if (allColumns.test(text.replaceAll(countOfRows, "count()"))) return undefined;
  const isCut = Number.isFinite(range.from) || Number.isFinite(range.to);
  return (column) =>
    (isCut && column === systemColumns.requestTime.name) ||
    text.includes(column.toLowerCase().replaceAll('"', '""'));
}
