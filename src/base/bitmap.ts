/**
 * Bitmaps, least significant bit first, as in `frame/batch.ts`, in Arrow and in Parquet's bit-packed runs.
 * These run for every row of a sparse column: plain `Uint8Array`s, no checks, no callbacks.
 */

/** How many of the first `bits` bits are set. */
export function countBits(bitmap: Uint8Array, bits: number): number {
  let count = 0;
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) count += ones(bitmap[i]!);
  const rest = bits & 7;
  if (rest > 0) count += ones(bitmap[whole]! & ((1 << rest) - 1));
  return count;
}

function ones(byte: number): number {
  const pairs = byte - ((byte >> 1) & 0x55);
  const nibbles = (pairs & 0x33) + ((pairs >> 2) & 0x33);
  return (nibbles + (nibbles >> 4)) & 0x0f;
}

/** True when the bit at `index` is set. */
export function hasBit(bitmap: Uint8Array, index: number): boolean {
  return ((bitmap[index >> 3]! >> (index & 7)) & 1) === 1;
}

/** Sets the bit at `index`. */
export function setBit(target: Uint8Array, index: number): void {
  target[index >> 3]! |= 1 << (index & 7);
}

/** Sets `bits` bits from `bit` on; the others stay. */
export function setBits(target: Uint8Array, bit: number, bits: number): void {
  let at = bit;
  const end = bit + bits;
  while (at < end && (at & 7) !== 0) setBit(target, at++);
  const whole = (end - at) >> 3;
  if (whole > 0) target.fill(0xff, at >> 3, (at >> 3) + whole);
  at += whole * 8;
  while (at < end) setBit(target, at++);
}

/** Clears the bit at `bit` and all behind it, to the map's end. */
export function clearBitsFrom(target: Uint8Array, bit: number): void {
  const first = bit >> 3;
  if (first >= target.length) return;
  target[first]! &= (1 << (bit & 7)) - 1;
  target.fill(0, first + 1);
}

/**
 * Copies the first `bits` bits of `source` to the bits of `target` that begin at `bit`. Bits of `target` from
 * `bit` on must be zero, so a map is put together from front to back; what `source` has beyond `bits` is
 * ignored.
 */
export function appendBits(target: Uint8Array, bit: number, source: Uint8Array, bits: number): void {
  const bytes = (bits + 7) >> 3;
  if (bytes === 0) return;
  const first = bit >> 3;
  const shift = bit & 7;
  const last = bytes - 1;
  const lastByte = source[last]! & (0xff >> (bytes * 8 - bits));
  if (shift === 0) {
    target.set(source.subarray(0, last), first);
    target[first + last] = lastByte;
    return;
  }
  let carry = target[first]!;
  for (let i = 0; i < last; i++) {
    const byte = source[i]!;
    target[first + i] = carry | ((byte << shift) & 0xff);
    carry = byte >> (8 - shift);
  }
  target[first + last] = carry | ((lastByte << shift) & 0xff);
  const over = lastByte >> (8 - shift);
  if (over !== 0) target[first + last + 1] = over;
}

/** A copy of `bits` bits of `source` from `bit` on, beginning at bit 0. */
export function sliceBits(source: Uint8Array, bit: number, bits: number): Uint8Array {
  const bytes = (bits + 7) >> 3;
  const first = bit >> 3;
  const shift = bit & 7;
  if (shift === 0) return source.subarray(first, first + bytes);
  const target = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) {
    target[i] = (source[first + i]! >> shift) | ((source[first + i + 1] ?? 0) << (8 - shift));
  }
  return target;
}
