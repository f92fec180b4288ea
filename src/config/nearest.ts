/**
 * The name most like `name`, or undefined when none is close: for "did you mean …". Upper and lower case, `_` and `-`
 * do not count, so `sampling_rate` finds `samplingRate`; otherwise up to a third of the letters may differ.
 */
export function nearest(name: string, names: readonly string[]): string | undefined {
  // Longer texts are no misspelt option names, and the distance is quadratic.
  if (name.length > 64) return undefined;
  const wanted = plain(name);
  let best: string | undefined;
  let bestDistance = Math.floor(wanted.length / 3) + 1;
  for (const candidate of names) {
    const distance = editDistance(wanted, plain(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, "");
}

/** Letters to insert, delete or replace to get from one to the other (Levenshtein 1966). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
