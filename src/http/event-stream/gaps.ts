/** The least gap that has a place of its own, milliseconds: what is shorter counts as none. */
const leastMs = 0.001;
/** Each place is so much wider than the one before. */
const growth = 1.02;
/** Places up to gaps of more than a day; what is longer counts as that. */
const places = 1 + Math.ceil(Math.log(86_400_000 / leastMs) / Math.log(growth));

/** So many are kept as they are: most streams are short, and places for all gaps cost more than they do. */
const maxExact = 32;

/**
 * Distances in time, milliseconds, in fixed memory (5 KiB) however many they are: the first few exactly, more
 * of them counted by places on a logarithmic scale. A quantile is the middle of its place then, within 1 % of
 * the gap that it stands for; the greatest one is exact.
 */
export class Gaps {
  #exact: number[] = [];
  #counts: Uint32Array | undefined;
  #count = 0;
  #maxMs = 0;

  add(ms: number): void {
    this.#count += 1;
    this.#maxMs = Math.max(this.#maxMs, ms);
    if (this.#counts !== undefined) {
      countIn(this.#counts, ms);
      return;
    }
    this.#exact.push(ms);
    if (this.#exact.length <= maxExact) return;
    this.#counts = new Uint32Array(places);
    for (const each of this.#exact) countIn(this.#counts, each);
    this.#exact = [];
  }

  get maxMs(): number {
    return this.#maxMs;
  }

  /** The gap that so many of 100 are not longer than: the nearest rank. */
  percentile(percent: number): number {
    const rank = Math.ceil((percent / 100) * this.#count);
    if (rank >= this.#count) return this.#maxMs;
    const counts = this.#counts;
    if (counts === undefined) return this.#exact.toSorted((a, b) => a - b)[rank - 1] as number;
    let seen = 0;
    let place = 0;
    while (place < places && seen + (counts[place] as number) < rank) {
      seen += counts[place] as number;
      place += 1;
    }
    if (place === 0) return 0;
    return Math.min(this.#maxMs, leastMs * growth ** (place - 0.5));
  }
}

function countIn(counts: Uint32Array, ms: number): void {
  const place = ms < leastMs ? 0 : 1 + Math.floor(Math.log(ms / leastMs) / Math.log(growth));
  const known = Math.min(place, places - 1);
  counts[known] = (counts[known] as number) + 1;
}
