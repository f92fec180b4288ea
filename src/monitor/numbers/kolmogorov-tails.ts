import { binomialDensity } from "./densities.ts";

/**
 * How probable it is that two samples of one continuous distribution, of `m` and `n` values, have a distance
 * of at least `height / (m n)`. Exact: the share of lattice paths from (0, 0) to (m, n) that touch the bound,
 * `A(i, j) = (i A(i - 1, j) + j A(i, j - 1)) / (i + j)`, and 1 where `|i n - j m| >= height`. All terms are
 * positive, so tiny answers have all their digits. Source: Hodges 1957; Viehmann 2021.
 */
export function twoSampleTail(m: number, n: number, height: number): number {
  const row = new Float64Array(n + 1).fill(1);
  row[0] = 0;
  for (let j = 1; j <= n; j++) row[j] = j * m >= height ? 1 : (row[j - 1] as number);
  for (let i = 1; i <= m; i++) {
    // Paths within the bound pass between these; beyond them all are 1.
    const from = Math.max(0, Math.floor((i * n - height) / m) + 1);
    const to = Math.min(n, Math.ceil((i * n + height) / m) - 1);
    if (from > 0) row[from - 1] = 1;
    for (let j = from; j <= to; j++) {
      // At an edge of the lattice there is one way.
      const left = j === 0 ? 0 : (row[j - 1] as number);
      row[j] = (i * (row[j] as number) + j * left) / (i + j);
    }
  }
  return row[n] as number;
}

/** Kolmogorov's limit, the probability that `sqrt(n) D` is at least `x` when `n` is large. */
export function kolmogorovTail(x: number): number {
  if (x <= 0) return 1;
  if (x < 1) {
    let below = 0;
    for (let k = 9; k >= 1; k -= 2) below += Math.exp(-((k * Math.PI) ** 2) / (8 * x * x));
    return 1 - (Math.sqrt(2 * Math.PI) / x) * below;
  }
  let sum = 0;
  for (let k = 9; k >= 1; k--) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * x * x);
  return sum;
}

/**
 * How probable it is that one sample of `n` values has a distance of at least `d` from its distribution.
 * Exact, or within 1e-10 of it; as scipy's `kstwo.sf`. Source: Simard and L'Ecuyer 2011, whose choice of
 * methods this is.
 */
export function oneSampleTail(n: number, d: number): number {
  if (d >= 1) return 0;
  if (n * d <= 0.5) return 1;
  const scaled = n * d * d;
  if (d >= 0.5 || scaled >= (n <= 140 ? 4 : 2.2)) return Math.min(1, 2 * oneSidedTail(n, d));
  const below = n <= 140 || (n <= 100_000 && n * d ** 1.5 <= 1.4) ? durbin(n, d) : pelzGood(n, d);
  return Math.min(1, Math.max(0, 1 - below));
}

/**
 * The probability that the distance upwards is at least `d`. Source: Smirnov 1944. Each term is a binomial
 * density times `d / (d + j / n)`.
 */
function oneSidedTail(n: number, d: number): number {
  let sum = 0;
  for (let j = 0; j <= Math.floor(n * (1 - d)); j++) {
    const p = d + j / n;
    sum += p >= 1 ? 0 : binomialDensity(j, n, p) * (d / p);
  }
  return sum;
}

/**
 * The probability that the distance is less than `d`, by powers of a matrix. Source: Marsaglia, Tsang, Wang
 * 2003.
 */
function durbin(n: number, d: number): number {
  const k = Math.ceil(n * d);
  const size = 2 * k - 1;
  let power = identity(size);
  let square = durbinMatrix(k, k - n * d);
  let exponent = 0;
  let squareExponent = 0;
  for (let left = n; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) {
      power = product(power, square, size);
      exponent += squareExponent;
    }
    square = product(square, square, size);
    squareExponent *= 2;
    if ((square[(k - 1) * size + k - 1] as number) > 2 ** 128) {
      square = square.map((value) => value / 2 ** 128);
      squareExponent += 128;
    }
  }
  // Times n! / n^n.
  let below = power[(k - 1) * size + k - 1] as number;
  for (let i = 1; i <= n; i++) {
    below *= i / n;
    if (below < 2 ** -128) {
      below *= 2 ** 128;
      exponent -= 128;
    }
  }
  return below * 2 ** exponent;
}

function durbinMatrix(k: number, h: number): Float64Array {
  const size = 2 * k - 1;
  const factorials = new Float64Array(size + 1).fill(1);
  for (let i = 1; i <= size; i++) factorials[i] = (factorials[i - 1] as number) / i;
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 1; j < size && j <= i + 1; j++) matrix[i * size + j] = factorials[i - j + 1] as number;
  for (let i = 0; i < size; i++) {
    const corner = i < size - 1 ? 1 - h ** (i + 1) : 1 - 2 * h ** size + Math.max(0, 2 * h - 1) ** size;
    const value = corner * (factorials[i + 1] as number);
    matrix[i * size] = value;
    matrix[(size - 1) * size + (size - 1 - i)] = value;
  }
  return matrix;
}

function identity(size: number): Float64Array {
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) matrix[i * size + i] = 1;
  return matrix;
}

function product(a: Float64Array, b: Float64Array, size: number): Float64Array {
  const result = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let l = 0; l < size; l++) {
      const factor = a[i * size + l] as number;
      if (factor === 0) continue;
      for (let j = 0; j < size; j++)
        result[i * size + j] = (result[i * size + j] as number) + factor * (b[l * size + j] as number);
    }
  return result;
}

/**
 * The same as a series of `1 / sqrt(n)`, `K0 + K1 / sqrt(n) + K2 / n + K3 / n^1.5`, `z = sqrt(n) d`. Source:
 * Pelz and Good 1976, in the form for small `z`.
 */
function pelzGood(n: number, d: number): number {
  const z = Math.sqrt(n) * d;
  const z2 = z * z;
  const pi2 = Math.PI ** 2;
  let [k0, k1, k2, k3] = [0, 0, 0, 0];
  for (let k = Math.ceil((16 * z) / Math.PI); k >= 1; k--) {
    const m2 = (2 * k - 1) ** 2;
    const q = Math.exp((-pi2 * m2) / 8 / z2);
    const a = pi2 * m2;
    const even = k * k * Math.exp((-pi2 * k * k) / 2 / z2);
    k0 += q / z;
    k1 += (q * (a / 4 - z2)) / (6 * z ** 4);
    k2 +=
      (q * (6 * z2 ** 3 + 2 * z2 ** 2 + ((2 * z2 ** 2 - 5 * z2) * a) / 4 + ((1 - 2 * z2) * a * a) / 16)) /
      (72 * z ** 7);
    k2 -= (even * pi2) / (36 * z ** 3);
    k3 +=
      (q *
        (-30 * z2 ** 3 -
          90 * z2 ** 4 +
          ((135 * z2 ** 2 - 96 * z2 ** 3) * a) / 4 +
          ((212 * z2 ** 2 - 60 * z2) * a * a) / 16 +
          ((5 - 30 * z2) * a ** 3) / 64)) /
      (6480 * z ** 10);
    k3 += (even * pi2 * (3 * z2 - pi2 * k * k)) / (216 * z ** 6);
  }
  return Math.sqrt(2 * Math.PI) * (k0 + k1 / Math.sqrt(n) + k2 / n + k3 / n ** 1.5);
}
