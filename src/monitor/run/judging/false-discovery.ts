/**
 * P-values corrected for how many there are, so that of those below a threshold `t` a share of at most `t` is
 * there by chance (Benjamini and Hochberg 1995): of the sorted `p(i)` of `m`, the least of `p(j) m / j` for
 * `j` from `i` on. In the order in which they were given.
 */
export function adjustedForMany(pValues: readonly number[]): number[] {
  const order = pValues.map((p, i) => ({ p, i })).sort((a, b) => b.p - a.p);
  const adjusted = new Array<number>(pValues.length).fill(1);
  let least = 1;
  for (const [after, { p, i }] of order.entries()) {
    const rank = pValues.length - after;
    least = Math.min(least, (p * pValues.length) / rank);
    adjusted[i] = least;
  }
  return adjusted;
}
