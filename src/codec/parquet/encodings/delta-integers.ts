import type { ByteSink } from "../bytes/byte-sink.ts";

/**
 * DELTA_BINARY_PACKED (Encodings.md, "Delta Encoding"): the first value, then the differences between
 * neighbours in blocks, each less the block's least difference and in as few bits as a miniblock needs:
 *
 *     header := varint(values in a block) varint(miniblocks in a block) varint(values) zigzag(first value)
 *     block  := zigzag(least difference) width… miniblock…
 *
 * 128 values in four miniblocks is what parquet-java writes, so every reader has met it.
 */
const blockValues = 128;
const miniblocks = 4;
const miniblockValues = blockValues / miniblocks;

/** Integers as they lie in a batch: of 64 bits or of 32. */
export type Integers = BigInt64Array | Int32Array;

/**
 * Differences are doubles here, which take the time that BigInt takes for its allocation alone. Up to this
 * size they and what is left of them less the least one are exact.
 */
const greatestDifference = 2 ** 51;

/** Writes sequences of integers as DELTA_BINARY_PACKED; its buffers are used again. */
export class DeltaIntegers {
  #differences = new Float64Array(1024);
  readonly #words = new Uint32Array((blockValues * 64) / 32);
  readonly #bytes = new Uint8Array(this.#words.buffer);

  /** About the memory that it holds. */
  get heldBytes(): number {
    return this.#differences.byteLength;
  }

  /**
   * Writes the parts one after another as one sequence. Writes nothing and returns false when neighbours are
   * too far apart: that is nothing this encoding could shrink.
   */
  write(sink: ByteSink, parts: readonly Integers[]): boolean {
    const filled = parts.filter((part) => part.length > 0);
    const count = filled.reduce((sum, part) => sum + part.length, 0);
    if (this.#differences.length < count) this.#differences = new Float64Array(count * 2);
    const [first] = filled;
    const exact =
      first instanceof BigInt64Array
        ? wideDifferences(filled as readonly BigInt64Array[], this.#differences)
        : narrowDifferences(filled as readonly Int32Array[], this.#differences);
    if (!exact) return false;
    writeHead(sink, count, BigInt(first?.[0] ?? 0));
    // The difference before the first value does not exist.
    for (let start = 1; start < count; start += blockValues) {
      this.#block(sink, start, Math.min(count, start + blockValues));
    }
    return true;
  }

  #block(sink: ByteSink, start: number, end: number): void {
    const differences = this.#differences;
    let min = differences[start]!;
    let greatest = min;
    for (let i = start + 1; i < end; i++) {
      const difference = differences[i]!;
      if (difference < min) min = difference;
      if (difference > greatest) greatest = difference;
    }
    sink.varint(min < 0 ? -2 * min - 1 : 2 * min);
    const widths = sink.reserve(miniblocks);
    sink.bytes.fill(0, widths, widths + miniblocks);
    if (min === greatest) return;
    let used = 0;
    for (let mini = 0; mini < miniblocks; mini++) {
      const from = start + mini * miniblockValues;
      const to = Math.min(end, from + miniblockValues);
      let max = 0;
      for (let i = from; i < to; i++) {
        const rest = differences[i]! - min;
        differences[i] = rest;
        if (rest > max) max = rest;
      }
      const width = bitsOf(max);
      sink.bytes[widths + mini] = width;
      if (width > 32) packWide(differences, from, to, width, this.#words, used);
      else if (width > 0) packNarrow(differences, from, to, width, this.#words, used);
      // 32 values of so many bits are so many words; in the last miniblock zeros fill up.
      used += width;
    }
    sink.put(this.#bytes.subarray(0, used * 4));
  }
}

function wideDifferences(parts: readonly BigInt64Array[], into: Float64Array): boolean {
  let at = 0;
  let base = 0;
  let before = 0;
  for (const part of parts) {
    const high = new Int32Array(part.buffer, part.byteOffset, part.length * 2);
    const low = new Uint32Array(part.buffer, part.byteOffset, part.length * 2);
    if (at === 0) {
      base = high[1]!;
      before = low[0]!;
    }
    for (let i = 0; i < part.length; i++) {
      // From the first value's upper half on; a larger distance would not be exact.
      const upper = high[i * 2 + 1]! - base;
      if (upper > farthest || upper < -farthest) return false;
      const value = upper * 0x1_0000_0000 + low[i * 2]!;
      into[at++] = value - before;
      before = value;
    }
  }
  return true;
}

/** Distances of so many upper halves stay below {@link greatestDifference}, also between two of them. */
const farthest = greatestDifference / 0x1_0000_0000 / 2 - 1;

function narrowDifferences(parts: readonly Int32Array[], into: Float64Array): boolean {
  let at = 0;
  let before = parts[0]?.[0] ?? 0;
  for (const part of parts) {
    for (let i = 0; i < part.length; i++) {
      const value = part[i]!;
      const difference = value - before;
      // Readers add up in 32 bits, or in 64 without wrapping; half the range keeps both from overflowing.
      if (difference > 0x3fff_ffff || difference < -0x3fff_ffff) return false;
      into[at++] = difference;
      before = value;
    }
  }
  return true;
}

function bitsOf(value: number): number {
  if (value < 0x1_0000_0000) return 32 - Math.clz32(value);
  return 64 - Math.clz32(Math.floor(value / 0x1_0000_0000));
}

function packNarrow(
  values: Float64Array,
  from: number,
  to: number,
  width: number,
  words: Uint32Array,
  at: number,
): void {
  const stop = at + width;
  let out = at;
  let word = 0;
  let bits = 0;
  for (let i = from; i < to; i++) {
    const value = values[i]! >>> 0;
    word |= value << bits;
    bits += width;
    if (bits < 32) continue;
    words[out++] = word;
    bits -= 32;
    word = bits === 0 ? 0 : value >>> (width - bits);
  }
  if (out < stop) words[out++] = word;
  words.fill(0, out, stop);
}

function packWide(
  values: Float64Array,
  from: number,
  to: number,
  width: number,
  words: Uint32Array,
  at: number,
): void {
  words.fill(0, at, at + width);
  let bit = at * 32;
  for (let i = from; i < to; i++) {
    const value = values[i]!;
    const upper = Math.floor(value / 0x1_0000_0000);
    orBits(words, bit, value >>> 0);
    orBits(words, bit + 32, upper);
    bit += width;
  }
}

/** Sets the bits of a 32-bit number from `bit` on, where all are zero. */
function orBits(words: Uint32Array, bit: number, value: number): void {
  const word = bit >>> 5;
  const shift = bit & 31;
  words[word]! |= value << shift;
  if (shift > 0 && value >>> (32 - shift) !== 0) words[word + 1]! |= value >>> (32 - shift);
}

/** The header; of the first value an unsigned LEB128 of its zigzag form. */
function writeHead(sink: ByteSink, count: number, first: bigint): void {
  sink.varint(blockValues);
  sink.varint(miniblocks);
  sink.varint(count);
  let rest = BigInt.asUintN(64, (first << 1n) ^ (first >> 63n));
  for (; rest > 0x7fn; rest >>= 7n) sink.u8(Number(rest & 0x7fn) | 0x80);
  sink.u8(Number(rest));
}
