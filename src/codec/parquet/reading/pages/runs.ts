/*
 * The encodings that make many values of few bytes, walked before they are decoded: a decoder that believes a
 * run's count fills memory, or runs for ever.
 *
 * Hybrid of runs and bit-packed groups: { count << 1 | value | 8 values packed << 1 | 1 } Deltas: block size,
 * miniblocks, count, first value, then blocks of { least delta, widths, miniblocks packed }
 */

/** What a hybrid encoding holds. */
export interface HybridFacts {
  /** Where it ends. */
  readonly end: number;
  /** The greatest value; -1 when there is none. */
  readonly max: number;
  /** How many values are the wanted one. */
  readonly matches: number;
}

/** Writers fill the last group up, DuckDB to 256 values. */
const maxPadding = 512;
const widest = 24;

/**
 * Walks `count` values of `width` bits in `bytes[at, end)`. Throws when they are not all there, or there
 * would be more.
 */
export function scanHybrid(
  bytes: Uint8Array,
  at: number,
  end: number,
  { width, count, wanted = -1 }: { readonly width: number; readonly count: number; readonly wanted?: number },
): HybridFacts {
  if (width > widest) throw new Error(`a page has values of ${width} bits`);
  let max = -1;
  let matches = 0;
  for (let seen = 0; seen < count; ) {
    const header = varint(bytes, at, end, 5);
    at = header.end;
    const left = count - seen;
    if (header.value % 2 === 0) {
      const run = header.value / 2;
      let value = 0;
      const valueEnd = at + ((width + 7) >> 3);
      if (valueEnd > end) throw cut();
      for (let shift = 0; at < valueEnd; at++, shift += 8) value |= (bytes[at] ?? 0) << shift;
      if (run > left) throw new Error(`a page has a run of ${run} values where ${left} are left`);
      if (run === 0) continue;
      if (value > max) max = value;
      if (value === wanted) matches += run;
      seen += run;
      continue;
    }
    const packed = ((header.value - 1) / 2) * 8;
    if (packed > left + maxPadding) throw new Error(`a page has ${packed} values where ${left} are left`);
    const taken = Math.min(packed, left);
    if (at + Math.ceil((taken * width) / 8) > end) throw cut();
    const mask = 2 ** width - 1;
    for (let i = 0, bit = at * 8; i < taken; i++, bit += width) {
      const byte = bit >>> 3;
      const four =
        (bytes[byte] ?? 0) |
        ((bytes[byte + 1] ?? 0) << 8) |
        ((bytes[byte + 2] ?? 0) << 16) |
        ((bytes[byte + 3] ?? 0) << 24);
      const value = (four >>> (bit & 7)) & mask;
      if (value > max) max = value;
      if (value === wanted) matches++;
    }
    at = Math.min(end, at + (packed / 8) * width);
    seen += taken;
  }
  return { end: at, max, matches };
}

const maxMiniblocks = 512;
const maxBlock = 1024 * 1024;

/** Walks `count` deltas at `at`. Throws when they are not all there. */
export function scanDeltas(bytes: Uint8Array, at: number, count: number): void {
  const end = bytes.length;
  const next = (max: number): number => {
    const { value, end: after } = varint(bytes, at, end, max);
    at = after;
    return value;
  };
  const [block, miniblocks] = [next(5), next(5)];
  next(5);
  next(10);
  const each = block / miniblocks;
  if (!(miniblocks > 0 && miniblocks <= maxMiniblocks && block <= maxBlock && each > 0 && each % 8 === 0)) {
    throw new Error(`a page has blocks of ${block} deltas in ${miniblocks} parts`);
  }
  for (let seen = 1; seen < count; ) {
    next(10);
    const widths = at;
    at += miniblocks;
    if (at > end) throw cut();
    for (let i = 0; i < miniblocks && seen < count; i++) {
      const width = bytes[widths + i] ?? 0;
      if (width > 64) throw new Error(`a page has deltas of ${width} bits`);
      const taken = Math.min(each, count - seen);
      if (at + Math.ceil((taken * width) / 8) > end) throw cut();
      at += (each * width) / 8;
      seen += taken;
    }
  }
}

function varint(
  bytes: Uint8Array,
  at: number,
  end: number,
  max: number,
): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let i = 0; i < max; i++) {
    if (at + i >= end) throw cut();
    const byte = bytes[at + i] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, end: at + i + 1 };
  }
  throw new Error("a page has a number without end");
}

function cut(): Error {
  return new Error("a page ends before its values");
}
