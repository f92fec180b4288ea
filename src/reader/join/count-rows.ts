import type { Uuids } from "../../codec/parquet/reading/uuid-column.ts";
import { uuidText } from "../../codec/parquet/reading/uuid-column.ts";
import { type Tally, verdict } from "./join-account.ts";
import type { KeyLabel, KeyLabels } from "./key-labels.ts";
import type { KeyRows } from "./key-rows.ts";
import { matchRequest, type MatchRules } from "./match-request.ts";
import { UuidTable } from "./uuid-table.ts";

/** Counts the rows of one id, or takes them back with a `sign` of -1. */
export function countRequest(
  tally: Tally,
  keys: KeyRows,
  group: readonly number[],
  rules: MatchRules,
  { labels, sign }: { readonly labels: KeyLabels; readonly sign: number },
): void {
  const { joined, unequal } = matchRequest(keys, group, rules);
  tally.unequal += sign * unequal;
  tally.matched += sign * joined.length;
  for (const row of group)
    tally.add(
      keys.sides[row] as number,
      keys.requestTimes[row] as number,
      keys.verdicts[row] as number,
      sign,
    );
  const labelled = new Set<number>();
  if (labels.keys.length > 0)
    for (const row of group)
      if (isInput(keys, row) && keyLabelsOf(keys, row, labels, rules).length > 0) labelled.add(row);
  for (const numbers of joined)
    if (numbers.at(-1) !== -1 || labelled.has(numbers[0] as number)) tally.labelled += sign;
}

/** A row of inputs that is there for the first time. */
function isInput({ sides, verdicts }: KeyRows, row: number): boolean {
  return sides[row] === 0 && verdicts[row] !== verdict.duplicate;
}

/** The labels of a row of inputs by business key. */
export function keyLabelsOf(keys: KeyRows, row: number, labels: KeyLabels, rules: MatchRules): KeyLabel[] {
  if (labels.keys.length === 0) return [];
  const batch = keys.batches[row];
  const place = keys.places[row] ?? 0;
  return labels.of((name) => batch?.columns.get(name)?.[place], keys.requestTimes[row] as number, rules);
}

/** Ids, to be looked up as texts or as UUIDs. */
export interface OddIds {
  readonly texts: ReadonlySet<string>;
  readonly table: UuidTable;
}

/**
 * The ids of a table whose rows it cannot count: they are there more than once, or at several times, or their
 * frames may differ in rows. Undefined if there are more than so many.
 */
export function oddIds(table: UuidTable, outputs: number, maxIds: number): OddIds | undefined {
  const all = (1 << (outputs + 1)) - 1;
  const texts = new Set<string>();
  const odd = new UuidTable();
  table.each(({ index, sides, isOdd }, uuids, place) => {
    const isWhole = index === 0 || (sides === all && table.has(uuids, place, 0));
    if ((!isOdd && isWhole) || texts.size > maxIds) return;
    texts.add(uuidText(uuids, place));
    odd.add(uuids, place, 0, 0, noTime, 0);
  });
  return texts.size > maxIds ? undefined : { texts, table: odd };
}

const noTime = new Uint32Array(2);

/** Counts the rows of a table, but for those of some ids; tells of each id. */
export function countTable(
  tally: Tally,
  table: UuidTable,
  { outputs, isInRange }: MatchRules,
  { table: without }: OddIds,
  tell: (uuids: Uuids, place: number) => void,
): void {
  table.each(({ index, sides, time }, uuids, place) => {
    if (without.size > 0 && without.has(uuids, place, 0)) return;
    if (index === 0) tell(uuids, place);
    if (!isInRange(time)) return;
    const hasInput = (sides & 1) > 0;
    const isMatched = hasInput && sides > 1;
    if (isMatched) tally.matched++;
    for (let side = 0; side <= outputs; side++)
      if ((sides & (1 << side)) > 0) tally.add(side, time, isMatched ? verdict.matched : verdict.only, 1);
  });
}
