/**
 * JSON as bytes, in memory that grows as needed and is used again. Texts are escaped as `JSON.stringify` does
 * it, but from UTF-8 to UTF-8: no string is made of them, whatever their size.
 */
export class JsonBytes {
  #buffer: Buffer = Buffer.allocUnsafeSlow(4096);
  /** Bytes written. */
  length = 0;

  /** What was written, or a part of it; valid until the next write. */
  written(from = 0, to: number = this.length): Uint8Array {
    // Not a Buffer, whose slice() is no copy.
    return new Uint8Array(this.#buffer.buffer, this.#buffer.byteOffset + from, to - from);
  }

  /** Starts again; what grew beyond `keptBytes` is given back. */
  clear(keptBytes: number = Number.POSITIVE_INFINITY): void {
    this.length = 0;
    if (this.#buffer.length > keptBytes) this.#buffer = Buffer.allocUnsafeSlow(4096);
  }

  /** A short text as it stands. */
  text(text: string): void {
    // A UTF-16 unit is at most three bytes of UTF-8.
    this.#reserve(text.length * 3);
    this.length += this.#buffer.write(text, this.length, "utf8");
  }

  /** Letters, digits and signs of ASCII as they stand. */
  ascii(text: string): void {
    const { length } = text;
    this.#reserve(length);
    const buffer = this.#buffer;
    const at = this.length;
    // A call of a method of Buffer takes longer than a few characters do.
    if (length > fewBytes) buffer.write(text, at, "latin1");
    else for (let i = 0; i < length; i++) buffer[at + i] = text.charCodeAt(i);
    this.length = at + length;
  }

  byte(byte: number): void {
    this.#reserve(1);
    this.#buffer[this.length++] = byte;
  }

  /** Bytes as they stand, from `start` to `end` of `source`. */
  raw(source: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.#reserve(length);
    const buffer = this.#buffer;
    const at = this.length;
    if (length > fewBytes) buffer.set(source.subarray(start, end), at);
    else for (let i = 0; i < length; i++) buffer[at + i] = source[start + i]!;
    this.length = at + length;
  }

  /** JSON text on one line: it can have line breaks between its tokens, never within one. */
  oneLine(source: Uint8Array, start: number, end: number): void {
    const from = this.length;
    this.raw(source, start, end);
    const buffer = this.#buffer;
    for (let at = from; at < this.length; at++) if (buffer[at] === 10 || buffer[at] === 13) buffer[at] = 32;
  }

  /**
   * What stands between the quotes of a JSON string, of UTF-8 from `start` to `end` of `source`, which may
   * begin and end within a character.
   */
  escaped(source: Uint8Array, start: number, end: number): void {
    let plain = start;
    for (let at = start; at < end; at++) {
      const escape = escapes[source[at]!];
      if (escape === undefined) continue;
      this.raw(source, plain, at);
      this.ascii(escape);
      plain = at + 1;
    }
    this.raw(source, plain, end);
  }

  /** Bytes as base64, which needs no escapes. A part that is not the last must have a multiple of 3 bytes. */
  base64(source: Buffer, start: number, end: number): void {
    for (let at = start; at < end; at += base64Step) {
      this.ascii(source.toString("base64", at, Math.min(end, at + base64Step)));
    }
  }

  #reserve(count: number): void {
    const need = this.length + count;
    if (need <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(need, this.#buffer.length * 2));
    grown.set(this.#buffer.subarray(0, this.length));
    this.#buffer = grown;
  }
}

const fewBytes = 40;
/** A multiple of 3. */
const base64Step = 48 * 1024;

/** How `JSON.stringify` writes the bytes that a JSON string cannot hold as they are. */
const escapes: readonly (string | undefined)[] = Array.from({ length: 256 }, (_, byte) =>
  byte < 32 || byte === 34 || byte === 92
    ? JSON.stringify(String.fromCharCode(byte)).slice(1, -1)
    : undefined,
);
