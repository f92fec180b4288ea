import { uuidMillis, uuidText } from "../../../codec/parquet/reading/uuid-column.ts";
import type { Span } from "../../../layout/partition.ts";
import { type Tally, verdict } from "../join-account.ts";
import { hourOf, isCounted } from "./counted-when.ts";
import type { UuidRows } from "./uuid-rows.ts";
import { indexAt, oddRow, rowWords, type UuidTable, whenAt, whenOf } from "./uuid-table.ts";

/** What rows come to that are known by their ids alone. */
export interface PlainCounts {
  /** Ids of rows of which more has to be known: they are in no count. */
  readonly odd: ReadonlySet<string>;
  /** Rows by when they are counted, then by their sides, a bit for each. */
  readonly counts: ReadonlyMap<number, Float64Array>;
  /** The ids that do not say that they were made in the span. */
  readonly far: Iterable<string>;
}

/**
 * Counts rows by UUID, without those of odd ids: they are there more than once, or at several times, or their
 * frames may differ in rows. Undefined if there are more than so many.
 */
export function countTables(
  rows: UuidRows,
  outputs: number,
  maxOdd: number,
  span: Span,
): PlainCounts | undefined {
  const odd = new Set<string>();
  const counts = new Map<number, Float64Array>();
  let isAllNear = true;
  for (const table of rows.tables()) {
    const oddWords = findOdd(table, (1 << (outputs + 1)) - 1, odd, maxOdd);
    if (odd.size > maxOdd) return undefined;
    isAllNear = countTable(table, counts, { odd, oddWords, span }) && isAllNear;
  }
  return { odd, counts, far: isAllNear ? [] : farIds(rows, span) };
}

function* farIds(rows: UuidRows, span: Span): Generator<string, void, undefined> {
  for (const { rows: list, words } of rows.lists())
    for (let at = 0; at < words; at += rowWords)
      if (list[at + indexAt] === 0 && !isMadeIn(uuidMillis(list, at), span)) yield uuidText(list, at);
}

/** Adds odd ids of a table, until they are too many; gives the last number of each. */
function findOdd(table: UuidTable, all: number, odd: Set<string>, maxOdd: number): Set<number> {
  const { size, rows, sides } = table;
  const words = new Set<number>();
  for (let row = 0; row < size && odd.size <= maxOdd; row++) {
    const found = sides[row] as number;
    if (found === 0) continue;
    const at = row * rowWords;
    if (found < oddRow && (rows[at + indexAt] === 0 || (found === all && table.hasFirst(row)))) continue;
    odd.add(uuidText(rows, at));
    words.add(rows[at + 3] as number);
  }
  return words;
}

/** Counts the rows of a table; whether all ids say that they were made in the span. */
function countTable(
  { size, rows, sides }: UuidTable,
  counts: Map<number, Float64Array>,
  { odd, oddWords, span }: { odd: ReadonlySet<string>; oddWords: ReadonlySet<number>; span: Span },
): boolean {
  let isAllNear = true;
  let when = Number.NaN;
  let bySides: Float64Array = new Float64Array(0);
  for (let row = 0; row < size; row++) {
    const found = sides[row] as number;
    const at = row * rowWords;
    if (found === 0) continue;
    if (oddWords.size > 0 && oddWords.has(rows[at + 3] as number) && odd.has(uuidText(rows, at))) continue;
    isAllNear &&= isMadeIn(uuidMillis(rows, at), span);
    const own = whenOf(rows[at + whenAt] as number);
    if (own !== when) {
      when = own;
      bySides = counts.get(when) ?? new Float64Array(oddRow);
      counts.set(when, bySides);
    }
    bySides[found] = (bySides[found] as number) + 1;
  }
  return isAllNear;
}

/** Whether an id says it was made in that time, as far as it does. */
export function isMadeIn(made: number | undefined, { start, end }: Span): boolean {
  return made !== undefined && made >= start && made < end;
}

/** Adds what rows come to. */
export function addCounts(tally: Tally, counts: PlainCounts["counts"]): void {
  for (const [when, bySides] of counts)
    if (isCounted(when))
      for (const [sides, rows] of bySides.entries()) {
        const isMatched = (sides & 1) > 0 && sides > 1;
        if (isMatched) tally.matched += rows;
        for (let side = 0; 1 << side <= sides; side++)
          if ((sides & (1 << side)) > 0)
            tally.add(side, hourOf(when), isMatched ? verdict.matched : verdict.only, rows);
      }
}
