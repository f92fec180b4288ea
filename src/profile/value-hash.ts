/*
 * Hashes of values, for estimates only: 53 bits, the same in every process and on every machine. Not meant to
 * withstand anybody who chooses values to collide.
 */

/** The hash of a number: of its 64 bits, 0 and -0 being one number. */
export function hashNumber(value: number): number {
  double[0] = value + 0;
  return mixed((words[0] as number) ^ 0x9e3779b9, words[1] as number);
}

/** The hash of a text: of its UTF-16 units. */
export function hashText(text: string): number {
  let [a, b] = [0xdeadbeef ^ text.length, 0x41c6ce57 ^ text.length];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 2_654_435_761);
    b = Math.imul(b ^ unit, 1_597_334_677);
  }
  return mixed(a, b);
}

/** The hash of several numbers, in their order. */
export function hashNumbers(values: ArrayLike<number>, seed: number): number {
  let [a, b] = [seed | 0, values.length];
  for (let i = 0; i < values.length; i++) {
    double[0] = (values[i] as number) + 0;
    a = Math.imul(a ^ (words[0] as number), 2_654_435_761);
    b = Math.imul(b ^ (words[1] as number) ^ (a >>> 15), 1_597_334_677);
  }
  return mixed(a, b);
}

/** Two words made one number of 53 bits, in which each bit depends on all (the last steps of MurmurHash3). */
function mixed(low: number, high: number): number {
  let [a, b] = [low, high];
  a = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909);
  b = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909);
  a = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909);
  b = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909);
  return (b >>> 0) * 2 ** 21 + ((a >>> 0) & 0x1fffff);
}

const double = new Float64Array(1);
const words = new Int32Array(double.buffer);
