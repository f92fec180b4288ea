/**
 * A growing buffer that bytes are written to, reused from page to page. Hot code reserves room once and then
 * writes through `bytes` or `view` itself; both are replaced when the buffer grows, so take them after
 * `reserve`.
 */
export class ByteSink {
  bytes: Uint8Array<ArrayBuffer>;
  view: DataView<ArrayBuffer>;
  /** Bytes written so far. */
  length = 0;

  constructor(capacity = 1024) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  /**
   * Makes room for `count` more bytes, counts them as written and returns where they begin. They hold old
   * data.
   */
  reserve(count: number): number {
    const start = this.length;
    const end = start + count;
    if (end > this.bytes.length) this.#grow(end);
    this.length = end;
    return start;
  }

  u8(value: number): void {
    const at = this.reserve(1);
    this.bytes[at] = value;
  }

  u32(value: number): void {
    const at = this.reserve(4);
    this.view.setUint32(at, value, true);
  }

  /** An unsigned LEB128 of a whole number of at most 2^53. */
  varint(value: number): void {
    let rest = value;
    while (rest > 0x7fffffff) {
      this.u8((rest % 128) | 0x80);
      rest = Math.floor(rest / 128);
    }
    while (rest > 0x7f) {
      this.u8((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.u8(rest);
  }

  put(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length);
    this.bytes.set(bytes, at);
  }

  /** Starts again; keeps the memory. */
  reset(): void {
    this.length = 0;
  }

  /** A view of what was written, valid until the next write. */
  written(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }

  #grow(min: number): void {
    const bytes = new Uint8Array(Math.max(min, this.bytes.length * 2));
    bytes.set(this.bytes.subarray(0, this.length));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }
}
