/** How much: frames, rows and bytes, which every ledger keeps together. */
export interface Counts {
  readonly frames: number;
  readonly rows: number;
  readonly bytes: number;
}

/** Nothing of anything. */
export const noCounts: Counts = Object.freeze({ frames: 0, rows: 0, bytes: 0 });

/** Both together. */
export function addCounts(a: Counts, b: Counts): Counts {
  return { frames: a.frames + b.frames, rows: a.rows + b.rows, bytes: a.bytes + b.bytes };
}

/** What is left of `a` without `b`. */
export function subtractCounts(a: Counts, b: Counts): Counts {
  return { frames: a.frames - b.frames, rows: a.rows - b.rows, bytes: a.bytes - b.bytes };
}

/** All together; {@link noCounts} of none. */
export function sumCounts(all: Iterable<Counts>): Counts {
  let sum = noCounts;
  for (const counts of all) sum = addCounts(sum, counts);
  return sum;
}

/** The counts of something that has more to it, for a message or a record of their own. */
export function onlyCounts({ frames, rows, bytes }: Counts): Counts {
  return { frames, rows, bytes };
}
