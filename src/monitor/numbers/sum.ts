/** The sum of numbers, compensated (Neumaier 1974): its error does not grow with how many there are. */
export function sumOf(values: Iterable<number>): number {
  const sum = new CompensatedSum();
  if (values instanceof Float64Array) for (let i = 0; i < values.length; i++) sum.add(values[i] as number);
  else for (const value of values) sum.add(value);
  return sum.value;
}

/** A sum that grows, as {@link sumOf} has it. */
export class CompensatedSum {
  #sum = 0;
  #lost = 0;

  /** Adds a number. */
  add(value: number): void {
    const sum = this.#sum;
    const next = sum + value;
    this.#lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    this.#sum = next;
  }

  /** The sum so far. */
  get value(): number {
    return this.#sum + this.#lost;
  }
}

/**
 * The standard deviation of numbers, `sqrt(sum (x - mean)^2 / (n - ddof))`, computed around the mean. `NaN`
 * when there are no more values than `ddof`.
 */
export function standardDeviation(values: Float64Array, ddof: 0 | 1): number {
  const freedom = values.length - ddof;
  if (freedom <= 0) return Number.NaN;
  return Math.sqrt(sumOfSquares(values, sumOf(values) / values.length) / freedom);
}

/** The sum of the squares of what numbers differ by from a mean. */
export function sumOfSquares(values: Float64Array, mean: number): number {
  const sum = new CompensatedSum();
  for (let i = 0; i < values.length; i++) sum.add(((values[i] as number) - mean) ** 2);
  return sum.value;
}
