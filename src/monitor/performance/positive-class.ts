import { told, wrongValue } from "../../base/errors.ts";

/** The positive class of a classifier, if it was named: as text, as it is among the labels. */
export type PositiveClass = string | number | boolean;

/** Pairs of a negative and a positive class that need not be seen both to be known. */
const usualPairs: readonly (readonly [string, string])[] = [
  ["0", "1"],
  ["-1", "1"],
  ["false", "true"],
  ["no", "yes"],
];

/**
 * The positive class: the one that was named; else the last of two by name. A single one says which it is
 * only if it is `0`, `1`, `-1`, `true`, `false`, `yes` or `no`. Throws a `RangeError` when that leaves it
 * open.
 */
export function positiveClassOf(
  seen: Iterable<string>,
  named: PositiveClass | undefined,
  where: string,
): string {
  if (named !== undefined) return String(named);
  const classes = [...new Set(seen)].sort();
  if (classes.length === 2) return classes[1] as string;
  const pair = usualPairs.find((pair) => classes.length === 1 && pair.includes(classes[0] as string));
  if (pair !== undefined) return pair[1];
  throw wrongValue(where, "the positive class", told(`none, and classes: ${classes.length}`));
}
