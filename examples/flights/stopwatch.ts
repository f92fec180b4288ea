/** Adds up times, lap by lap. */
export class Stopwatch {
  readonly #laps: number[] = [];
  #current = 0;

  /** Runs `action` and adds its time to the current lap. */
  time<T>(action: () => T): T {
    const start = performance.now();
    const result = action();
    this.#current += performance.now() - start;
    return result;
  }

  /** Ends the current lap. */
  lap(): void {
    this.#laps.push(this.#current);
    this.#current = 0;
  }

  /** The time that this share of the laps (0 to 1) did not exceed, milliseconds. */
  quantile(share: number): number {
    const sorted = this.#laps.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  }
}
