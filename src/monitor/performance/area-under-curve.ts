/**
 * The area under the ROC curve: the share of pairs of a positive and a negative row where the positive one
 * has the higher score, ties counting half (Mann and Whitney 1947). Counted in halves, so it is exact. `NaN`
 * without such pairs.
 */
export function areaUnderCurve(isPositive: readonly boolean[], scores: Float64Array): number {
  const order = Uint32Array.from(isPositive, (_, i) => i).sort(
    (a, b) => (scores[a] as number) - (scores[b] as number),
  );
  let [negatives, positives, won] = [0, 0, 0];
  for (let at = 0; at < order.length; ) {
    const score = scores[order[at] as number];
    let [tiedNegatives, tiedPositives] = [0, 0];
    for (; at < order.length && scores[order[at] as number] === score; at++) {
      if (isPositive[order[at] as number] === true) tiedPositives++;
      else tiedNegatives++;
    }
    won += tiedPositives * (negatives + tiedNegatives / 2);
    negatives += tiedNegatives;
    positives += tiedPositives;
  }
  return won / (positives * negatives);
}
