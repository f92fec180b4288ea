/** Values of a page of DELTA_BINARY_PACKED, which were walked before: see `runs.ts`. */
export function unpackDeltas(bytes: Uint8Array, at: number, into: Int32Array | BigInt64Array): void {
  const reader = new Reader(bytes, at);
  const [block, miniblocks] = [reader.number(), reader.number()];
  reader.number();
  reader.zigzag();
  // As two halves each: a bigint for every value would take several times as long.
  const isWide = into instanceof BigInt64Array;
  const words = isWide ? new Int32Array(into.buffer, into.byteOffset, into.length * 2) : into;
  const step = isWide ? 2 : 1;
  const each = block / miniblocks;
  let { low, high } = reader;
  const put = (place: number): void => {
    words[place] = low;
    if (isWide) words[place + 1] = high;
  };
  if (into.length > 0) put(0);
  for (let seen = 1; seen < into.length; ) {
    reader.zigzag();
    const { low: leastLow, high: leastHigh } = reader;
    const widths = reader.at;
    reader.at += miniblocks;
    for (let i = 0; i < miniblocks && seen < into.length; i++) {
      const width = bytes[widths + i]!;
      const end = Math.min(into.length, seen + each);
      for (let bit = reader.at * 8; seen < end; seen++, bit += width) {
        if (width > 0) reader.bits(bit, width);
        else reader.low = reader.high = 0;
        const sum = (low >>> 0) + (leastLow >>> 0) + (reader.low >>> 0);
        low = sum | 0;
        high = (high + leastHigh + reader.high + Math.floor(sum / 2 ** 32)) | 0;
        put(seen * step);
      }
      reader.at += (each * width) / 8;
    }
  }
}

/** Reads numbers of up to 64 bits as two halves. */
class Reader {
  at: number;
  low = 0;
  high = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** One of few bits. */
  number(): number {
    this.#varint();
    return this.low;
  }

  /** One that may be negative. */
  zigzag(): void {
    this.#varint();
    const sign = -(this.low & 1);
    this.low = ((this.low >>> 1) | (this.high << 31)) ^ sign;
    this.high = (this.high >>> 1) ^ sign;
  }

  /** `width` bits, at least one, from a bit on. */
  bits(bit: number, width: number): void {
    const [byte, shift] = [bit >>> 3, bit & 7];
    const low = this.#word(byte, shift);
    if (width <= 32) {
      this.low = width === 32 ? low : low & (2 ** width - 1);
      this.high = 0;
      return;
    }
    const high = this.#word(byte + 4, shift);
    this.low = low;
    this.high = width === 64 ? high : high & (2 ** (width - 32) - 1);
  }

  /** 32 bits. Behind the last byte there is nothing, which in a number is zero. */
  #word(byte: number, shift: number): number {
    const bytes = this.#bytes;
    const four = bytes[byte]! | (bytes[byte + 1]! << 8) | (bytes[byte + 2]! << 16) | (bytes[byte + 3]! << 24);
    return shift === 0 ? four : (four >>> shift) | (bytes[byte + 4]! << (32 - shift));
  }

  #varint(): void {
    this.low = this.high = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes[this.at++]!;
      const part = byte & 0x7f;
      if (shift < 32) this.low |= part << shift;
      if (shift >= 32) this.high |= part << (shift - 32);
      else if (shift === 28) this.high |= part >>> 4;
      if (byte < 0x80) return;
    }
  }
}
