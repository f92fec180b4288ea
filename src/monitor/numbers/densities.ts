/**
 * Densities of the Poisson and the binomial distribution, accurate to the last digits also where they are
 * tiny or their arguments large. Source: Loader 2000, Fast and Accurate Computation of Binomial
 * Probabilities: the deviation from the mode is one exponent, so nothing large cancels.
 */

/** `e^-mean * mean^count / gamma(count + 1)`, `count` being any number from 0 on. */
export function poissonDensity(count: number, mean: number): number {
  if (mean === 0) return count === 0 ? 1 : 0;
  if (count === 0) return Math.exp(-mean);
  const exponent = -stirlingError(count) - deviance(count, mean);
  return Math.exp(exponent) / Math.sqrt(2 * Math.PI * count);
}

/** The probability of `count` successes in so many trials. */
export function binomialDensity(count: number, trials: number, probability: number): number {
  const failures = trials - count;
  const failure = 1 - probability;
  if (count === 0) return Math.exp(trials * Math.log1p(-probability));
  if (failures === 0) return Math.exp(trials * Math.log(probability));
  const errors = stirlingError(trials) - stirlingError(count) - stirlingError(failures);
  const exponent = errors - deviance(count, trials * probability) - deviance(failures, trials * failure);
  return Math.exp(exponent) * Math.sqrt(trials / (2 * Math.PI * count * failures));
}

/** `ln(gamma(n + 1))` minus Stirling's formula, `(n + 1/2) ln(n) - n + ln(2 pi) / 2`. */
function stirlingError(n: number): number {
  // The series is good from here on; below, one step down is exact: error(n) = error(n + 1) + (n + 1/2) ln(1
  // + 1/n) - 1.
  let below = 0;
  let at = n;
  for (; at < 16; at++) below += stepError(at);
  const inverse = 1 / (at * at);
  let series = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) series = series * inverse + (coefficients[i] as number);
  return below + series / at;
}

/** Bernoulli numbers `B(2j) / (2j (2j - 1))`. */
const coefficients = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360_360, 1 / 156];

/** `(n + 1/2) ln(1 + 1/n) - 1`, as a series of `1 / (2n + 1)`: `sum over k from 1 of z^2k / (2k + 1)`. */
function stepError(n: number): number {
  const square = 1 / (2 * n + 1) ** 2;
  if (square > 0.2) return (n + 0.5) * Math.log1p(1 / n) - 1;
  let sum = 0;
  for (let k = 24; k >= 1; k--) sum = (sum + 1 / (2 * k + 1)) * square;
  return sum;
}

/** `x ln(x / mean) + mean - x`, not negative, also where both are nearly equal. */
function deviance(x: number, mean: number): number {
  const difference = x - mean;
  if (Math.abs(difference) >= 0.1 * (x + mean)) return x * Math.log(x / mean) + mean - x;
  const v = difference / (x + mean);
  let sum = difference * v;
  let power = 2 * x * v;
  for (let j = 1; j < 1000; j++) {
    power *= v * v;
    const next = sum + power / (2 * j + 1);
    if (next === sum) break;
    sum = next;
  }
  return sum;
}
