import { type Tally, verdict } from "./join-account.ts";
import type { KeyLabel, KeyLabels } from "./key-labels.ts";
import type { KeyRows } from "./key-rows.ts";
import { awaitedSince, matchRequest, type MatchRules } from "./match-request.ts";

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
  const times = { requestTime: keys.requestTimes[row] as number, since: awaitedSince(keys, row) };
  return labels.of((name) => batch?.columns.get(name)?.[place], times, rules);
}
