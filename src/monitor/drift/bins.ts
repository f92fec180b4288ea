/**
 * Edges of bins of one width, and how values fall into them. A bin holds its lower edge, the last one both.
 */

/**
 * Azure ML's edges of two sorted samples: `ceil(log2(n) + 1)` bins, `n` the smaller number of rows, over the
 * joint range. The last edge is as upstream computes it, `lo + k * w`, which may be just below the maximum:
 * that value is then in no bin.
 */
export function azuremlEdges(baseline: Float64Array, production: Float64Array): Float64Array {
  return edgesOver(jointRange(baseline, production), Math.min(baseline.length, production.length));
}

/** The same over a range, for so many rows. */
export function edgesOver(
  { lo, hi }: { readonly lo: number; readonly hi: number },
  rows: number,
): Float64Array {
  if (lo === hi) {
    const margin = lo === 0 ? 0.005 : Math.abs(0.005 * lo);
    return Float64Array.of(lo - margin, lo + margin);
  }
  const bins = Math.ceil(Math.log2(rows) + 1);
  const width = spanOf(lo, hi) / bins;
  return Float64Array.from({ length: bins + 1 }, (_, i) => (i === 0 ? lo : lo + i * width));
}

/**
 * The edges that numpy makes by Sturges' rule of so many values from `lo` to `hi`: `ceil(log2(size) + 1)`
 * bins, of integers none narrower than 1, the last edge being `hi`.
 */
export function sturgesEdges(
  { lo, hi }: { readonly lo: number; readonly hi: number },
  size: number,
  integers: boolean,
): Float64Array {
  if (lo === hi) return Float64Array.of(lo - 0.5, hi + 0.5);
  const span = spanOf(lo, hi);
  const width = span / (Math.log2(size) + 1);
  // The least double there is, divided, is nothing.
  const bins = width === 0 ? 1 : Math.ceil(span / (integers && width < 1 ? 1 : width));
  const step = span / bins;
  return Float64Array.from({ length: bins + 1 }, (_, i) => (i === bins ? hi : i * step + lo));
}

/** The lowest and highest value of two sorted samples. */
export function jointRange(a: Float64Array, b: Float64Array): { readonly lo: number; readonly hi: number } {
  const last = (values: Float64Array): number => values.at(-1) as number;
  // -0 is the number 0.
  return { lo: Math.min(a[0] as number, b[0] as number) + 0, hi: Math.max(last(a), last(b)) + 0 };
}

/** The width of a range, of doubles' own at most. */
function spanOf(lo: number, hi: number): number {
  return Math.min(hi - lo, Number.MAX_VALUE);
}

/** How many of the sorted values are in each bin. Values outside the edges are in none. */
export function binCounts(sorted: Float64Array, edges: Float64Array): Float64Array {
  const bins = edges.length - 1;
  const counts = new Float64Array(bins);
  let from = firstNotBelow(sorted, edges[0] as number);
  for (let bin = 0; bin < bins; bin++) {
    const edge = edges[bin + 1] as number;
    const to = bin === bins - 1 ? firstAbove(sorted, edge) : firstNotBelow(sorted, edge);
    counts[bin] = to - from;
    from = to;
  }
  return counts;
}

function firstNotBelow(sorted: Float64Array, bound: number): number {
  return firstWhere(sorted, (value) => value >= bound);
}

function firstAbove(sorted: Float64Array, bound: number): number {
  return firstWhere(sorted, (value) => value > bound);
}

function firstWhere(sorted: Float64Array, holds: (value: number) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(sorted[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}
