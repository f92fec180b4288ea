/**
 * The name most like `name`, or undefined when none is close: for "did you mean …". Upper and lower case, `_`
 * and `-` do not count, so `sampling_rate` finds `samplingRate`; otherwise one letter, or up to a third of
 * them, may differ.
 */
export function nearest(name: string, names: readonly string[]): string | undefined {
  // Longer texts are no misspelt option names, and the distance is quadratic.
  if (name.length > 64) return undefined;
  const wanted = plain(name);
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
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

/**
 * Letters to insert, delete, replace or swap with their neighbour to get from one to the other (optimal
 * string alignment).
 */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const distance = Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1);
      next.push(swapped ? Math.min(distance, (before[j - 2] as number) + 1) : distance);
    }
    before = row;
    row = next;
  }
  return row[b.length] as number;
}
