/** The sum of numbers, compensated (Neumaier 1974): its error does not grow with how many there are. */
export function sumOf(values: Iterable<number>): number {
  let sum = 0;
  let lost = 0;
  for (const value of values) {
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  }
  return sum + lost;
}

/**
 * The standard deviation of numbers, `sqrt(sum (x - mean)^2 / (n - ddof))`, computed around the mean. `NaN`
 * when there are no more values than `ddof`.
 */
export function standardDeviation(values: Float64Array, ddof: 0 | 1): number {
  const freedom = values.length - ddof;
  if (freedom <= 0) return Number.NaN;
  const mean = sumOf(values) / values.length;
  return Math.sqrt(sumOf(squares(values, mean)) / freedom);
}

function* squares(values: Float64Array, mean: number): Generator<number> {
  for (const value of values) yield (value - mean) ** 2;
}
