/**
 * What numpy's `np.random.seed(seed)` and `normal` give, so that values computed with numpy are reproduced without it:
 * MT19937, doubles of 53 bits, the polar method.
 */
export class SeededNormals {
  readonly #state = new Uint32Array(624);
  #at = 624;
  #kept: number | undefined;

  constructor(seed: number) {
    this.#state[0] = seed;
    for (let i = 1; i < 624; i++) {
      const before = this.#state[i - 1] as number;
      this.#state[i] = Math.imul(1_812_433_253, before ^ (before >>> 30)) + i;
    }
  }

  /** So many values of a normal distribution. */
  normal(mean: number, deviation: number, size: number): Float64Array {
    return Float64Array.from({ length: size }, () => mean + deviation * this.#next());
  }

  #next(): number {
    const kept = this.#kept;
    if (kept !== undefined) {
      this.#kept = undefined;
      return kept;
    }
    for (;;) {
      const x = 2 * this.#double() - 1;
      const y = 2 * this.#double() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      this.#kept = factor * x;
      return factor * y;
    }
  }

  /** From 0 to 1, without 1. */
  #double(): number {
    const high = this.#word() >>> 5;
    return (high * 2 ** 26 + (this.#word() >>> 6)) / 2 ** 53;
  }

  #word(): number {
    if (this.#at === 624) this.#twist();
    let y = this.#state[this.#at++] as number;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  #twist(): void {
    const state = this.#state;
    const word = (i: number): number => state[i % 624] as number;
    for (let i = 0; i < 624; i++) {
      const y = (word(i) & 0x80000000) | (word(i + 1) & 0x7fffffff);
      state[i] = word(i + 397) ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#at = 0;
  }
}
