import { poissonDensity } from "./densities.ts";

/**
 * The regularised upper incomplete gamma function `Q(a, x)`, `a > 0`, `x >= 0`: 1 at 0, and accurate to the
 * last digits also in the far tail. By the series of `1 - Q` below `a + 1`, and Legendre's continued fraction
 * above (Lentz's method). Source: DLMF 8.11.4 and 8.9.2.
 */
export function gammaTail(a: number, x: number): number {
  if (x <= 0) return 1;
  if (x === Infinity) return 0;
  return x < a + 1 ? 1 - series(a, x) : fraction(a, x);
}

/** `P(a, x) = x^a e^-x / gamma(a + 1) * (1 + x / (a + 1) + x^2 / ((a + 1)(a + 2)) + …)`. */
function series(a: number, x: number): number {
  let term = 1;
  let sum = 1;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return Math.min(1, poissonDensity(a, x) * sum);
}

/** `Q(a, x) = x^a e^-x / gamma(a) * 1 / (x + 1 - a - 1 (1 - a) / (x + 3 - a - 2 (2 - a) / …))`. */
function fraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = Infinity;
  let d = 1 / b;
  let result = d;
  for (let n = 1; n < 100_000; n++) {
    const numerator = -n * (n - a);
    b += 2;
    d = 1 / (numerator * d + b);
    c = b + numerator / c;
    const factor = c * d;
    result *= factor;
    if (Math.abs(factor - 1) < 2e-16) break;
  }
  return poissonDensity(a, x) * a * result;
}

/** The probability that a chi-squared variable is more than `statistic`. */
export function chiSquaredTail(statistic: number, degreesOfFreedom: number): number {
  return gammaTail(degreesOfFreedom / 2, statistic / 2);
}

/** The probability that a standard normal variable is further from 0 than `z`. */
export function normalTails(z: number): number {
  return gammaTail(0.5, (z * z) / 2);
}
