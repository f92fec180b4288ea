/**
 * Unpacks `count` values of `width` bits of a hybrid of runs and bit-packed groups, which begins at `at` and
 * was walked before: see `runs.ts`.
 */
export function unpackHybrid(
  bytes: Uint8Array,
  at: number,
  width: number,
  count: number,
  into: Uint32Array,
): void {
  const mask = 2 ** width - 1;
  const valueBytes = (width + 7) >> 3;
  for (let seen = 0; seen < count; ) {
    let header = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = bytes[at++]!;
      header += (byte & 0x7f) * unit;
      if (byte < 0x80) break;
    }
    if (header % 2 === 0) {
      let value = 0;
      for (let i = 0; i < valueBytes; i++) value |= bytes[at++]! << (8 * i);
      const end = seen + header / 2;
      into.fill(value, seen, end);
      seen = end;
      continue;
    }
    const packed = (header - 1) * 4;
    const end = Math.min(count, seen + packed);
    for (let bit = at * 8; seen < end; seen++, bit += width) {
      const byte = bit >>> 3;
      // Behind the last byte there is nothing, which in a number of 32 bits is zero.
      const four =
        bytes[byte]! | (bytes[byte + 1]! << 8) | (bytes[byte + 2]! << 16) | (bytes[byte + 3]! << 24);
      into[seen] = (four >>> (bit & 7)) & mask;
    }
    at += (packed / 8) * width;
  }
}
