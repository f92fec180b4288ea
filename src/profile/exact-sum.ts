/**
 * The sum of doubles, and of their squares, without any rounding: a whole number of units of a power of two.
 * So it is the same whatever the order of the values and however they were split and merged; only {@link
 * ExactSum.value} rounds, once and correctly. Infinite values and `NaN` must be left out by the caller.
 */
export class ExactSum {
  /** The sum in units of `2 ** #exponent`. */
  #units = 0n;
  #exponent = 0;

  /** Adds values. */
  add(values: Float64Array): void {
    for (let from = 0; from < values.length; from += maxPending)
      this.#gather(values.subarray(from, from + maxPending), put);
  }

  /** Adds the squares of values. */
  addSquares(values: Float64Array): void {
    for (let from = 0; from < values.length; from += maxPending)
      this.#gather(values.subarray(from, from + maxPending), (value) => this.#putSquare(value));
  }

  /** Adds another sum. */
  merge(other: ExactSum): void {
    this.#addUnits(other.#units, other.#exponent);
  }

  /** The double that is nearest to the sum. */
  get value(): number {
    return ratio(this.#units, 1n, this.#exponent);
  }

  /** The sum itself, `units * 2 ** exponent`. */
  get exact(): { readonly units: bigint; readonly exponent: number } {
    return { units: this.#units, exponent: this.#exponent };
  }

  /** The exact sum as a text, `-0x1bp-3` for -27/8: one text for one sum. */
  toJSON(): string {
    let [units, exponent] = [this.#units, this.#exponent];
    if (units === 0n) return "0x0p0";
    const sign = units < 0n ? "-" : "";
    if (units < 0n) units = -units;
    for (let step = 1024n; step >= 1n; step /= 2n)
      while (BigInt.asUintN(Number(step), units) === 0n) {
        units >>= step;
        exponent += Number(step);
      }
    return `${sign}0x${units.toString(16)}p${exponent}`;
  }

  /** The sum of a text made by {@link ExactSum.toJSON}; undefined for any other text. */
  static parse(text: string): ExactSum | undefined {
    const match = /^(-?)(0x[0-9a-f]{1,1200})p(-?\d{1,4})$/.exec(text);
    if (match === null) return undefined;
    const [, sign, digits = "", exponent] = match;
    const sum = new ExactSum();
    sum.#units = BigInt(digits) * (sign === "-" ? -1n : 1n);
    sum.#exponent = Number(exponent);
    return sum;
  }

  #gather(values: Float64Array, one: (value: number) => void): void {
    for (const value of values) one(value);
    for (let e = 0; e < bins; e++) {
      const [high, low] = [highs[e] as number, lows[e] as number];
      if (high === 0 && low === 0) continue;
      this.#addUnits((BigInt(high) << 32n) + BigInt(low), exponentOf(e));
      highs[e] = 0;
      lows[e] = 0;
    }
  }

  #putSquare(value: number): void {
    const size = Math.abs(value);
    if (size > 2 ** 500 || (size < 2 ** -480 && size > 0)) {
      // The square or its rounding error is no double.
      const { exponent, high, low } = partsOf(size);
      this.#addUnits(((BigInt(high) << 32n) + BigInt(low)) ** 2n, 2 * exponentOf(exponent));
      return;
    }
    // The square and what it was rounded by (Dekker 1971).
    const square = value * value;
    const scaled = 134_217_729 * value;
    const high = scaled - (scaled - value);
    const low = value - high;
    put(square);
    put(low * low - (square - high * high - 2 * high * low));
  }

  #addUnits(units: bigint, exponent: number): void {
    if (units === 0n) return;
    if (this.#units === 0n) this.#exponent = exponent;
    const down = this.#exponent - exponent;
    if (down > 0) {
      this.#units <<= BigInt(down);
      this.#exponent = exponent;
    }
    this.#units += down < 0 ? units << BigInt(-down) : units;
  }
}

/**
 * The double nearest to `numerator / denominator * 2 ** exponent`; the denominator is positive. Of results
 * below `2 ** -1022` the last digit may be off.
 */
export function ratio(numerator: bigint, denominator: bigint, exponent: number): number {
  if (numerator === 0n) return 0;
  const size = numerator < 0n ? -numerator : numerator;
  // At least 64 bits of the quotient; what is below them only says whether there is more.
  const up = Math.max(0, 66 - bitLength(size) + bitLength(denominator));
  const scaled = size << BigInt(up);
  const quotient = scaled / denominator;
  const extra = Math.max(0, bitLength(quotient) - 66);
  const top = quotient >> BigInt(extra);
  const isExact = top << BigInt(extra) === quotient && quotient * denominator === scaled;
  const rounded = Number(isExact ? top : top | 1n);
  return scaledBy(numerator < 0n ? -rounded : rounded, exponent - up + extra);
}

/** `value * 2 ** power`, also where the power alone is no double. */
export function scaledBy(value: number, power: number): number {
  const half = Math.trunc(power / 2);
  return value * 2 ** half * 2 ** (power - half);
}

/** About how many bits a whole number from 0 on has: up to three more. */
export function bitLength(value: bigint): number {
  return value.toString(16).length * 4;
}

/*
 * Values on their way: of each exponent the sum of the upper 21 and of the lower 32 bits of the mantissas,
 * which are whole numbers and stay exact for this many values. Shared, for it is empty between calls.
 */
const maxPending = 2 ** 19;
const bins = 2047;
const highs = new Float64Array(bins);
const lows = new Float64Array(bins);
const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
double[0] = 1;
const upper = words[1] === 0 ? 0 : 1;

/** The mantissa of a positive double, `high * 2 ** 32 + low`, and its exponent as it is stored. */
function partsOf(value: number): { readonly exponent: number; readonly high: number; readonly low: number } {
  double[0] = value;
  const word = words[upper] as number;
  const exponent = (word >>> 20) & 0x7ff;
  const high = (word & 0xfffff) | (exponent === 0 ? 0 : 0x100000);
  return { exponent, high, low: words[1 - upper] as number };
}

/** The power of two that is one unit of a mantissa. */
function exponentOf(stored: number): number {
  return Math.max(stored, 1) - 1075;
}

function put(value: number): void {
  const { exponent, high, low } = partsOf(Math.abs(value));
  const sign = value < 0 ? -1 : 1;
  highs[exponent] = (highs[exponent] as number) + sign * high;
  lows[exponent] = (lows[exponent] as number) + sign * low;
}
