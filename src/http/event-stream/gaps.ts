/** The least gap that has a place of its own, milliseconds: what is shorter counts as none. */
const leastMs = 0.001;
/** Each place is so much wider than the one before. */
const growth = 1.02;
/** Places up to gaps of more than a day; what is longer counts as that. */
const places = 1 + Math.ceil(Math.log(86_400_000 / leastMs) / Math.log(growth));

/**
 * Distances in time, milliseconds, in fixed memory (5 KiB) however many they are: counted by places on a
 * logarithmic scale. A quantile is the middle of its place, within 1 % of the gap that it stands for; the
 * greatest one is exact.
 */
export class Gaps {
  readonly #counts = new Uint32Array(places);
  #count = 0;
  #maxMs = 0;

  add(ms: number): void {
    const place = ms < leastMs ? 0 : 1 + Math.floor(Math.log(ms / leastMs) / Math.log(growth));
    const known = Math.min(place, places - 1);
    this.#counts[known] = (this.#counts[known] as number) + 1;
    this.#count += 1;
    this.#maxMs = Math.max(this.#maxMs, ms);
  }

  get maxMs(): number {
    return this.#maxMs;
  }

  /** The gap that so many of 100 are not longer than: the nearest rank. */
  percentile(percent: number): number {
    const rank = Math.ceil((percent / 100) * this.#count);
    if (rank >= this.#count) return this.#maxMs;
    let seen = 0;
    let place = 0;
    while (place < places && seen + (this.#counts[place] as number) < rank) {
      seen += this.#counts[place] as number;
      place += 1;
    }
    if (place === 0) return 0;
    return Math.min(this.#maxMs, leastMs * growth ** (place - 0.5));
  }
}
