import type { Cell } from "../cell.ts";
import { isWellFormed } from "../../base/well-formed.ts";
import { grownCapacity, isOversized } from "./grow.ts";

/** Up to this many characters, a loop over them beats the call into the engine's own encoder. */
const loopLength = 24;

/** Up to this length, the four bytes of a length are ASCII, too. */
export const maxEvenLength = 127;

/**
 * Growing bytes of values in Parquet's PLAIN form for byte arrays: each a little-endian uint32 length, then
 * its bytes (parquet-format, Encodings.md, "Plain: (PLAIN = 0)").
 */
export class PlainValues {
  /** Bytes so far. */
  size = 0;
  #data: Buffer = Buffer.allocUnsafeSlow(256);

  /** Appends a text as UTF-8. False, and nothing appended, when it has a lone surrogate. */
  putText(text: string): boolean {
    const length = text.length;
    const start = this.size + 4;
    // A UTF-16 code unit takes at most three bytes.
    const data = this.#room(start + length * 3);
    let end = start;
    let i = 0;
    if (length <= loopLength) {
      for (; i < length; i++) {
        const unit = text.charCodeAt(i);
        if (unit >= 0x80) break;
        data[end++] = unit;
      }
    }
    if (i < length) {
      end = start + data.write(text, start, "utf8");
      // As many bytes as characters: all are ASCII.
      if (end !== start + length && !isWellFormed(text)) return false;
    }
    this.#putLength(end - start);
    this.size = end;
    return true;
  }

  /**
   * Appends `count` texts of `length` characters each, from `cells[from]` on. False, and nothing appended,
   * unless all are ASCII and `length` is at most {@link maxEvenLength}. The length before each is the
   * separator they are joined with, so that the engine copies all in one call: half the time of a loop over
   * the characters.
   */
  putEven(cells: readonly Cell[], from: number, count: number, length: number): boolean {
    const joined = (count === cells.length ? cells : cells.slice(from, from + count)).join(
      lengthText(length),
    );
    const start = this.size + 4;
    const end = start + joined.length;
    if (this.#room(start + joined.length * 3).write(joined, start, "utf8") !== joined.length) return false;
    this.#putLength(length);
    this.size = end;
    return true;
  }

  /** Appends bytes. */
  putBytes(bytes: Uint8Array): void {
    const start = this.size + 4;
    const data = this.#room(start + bytes.length);
    data.set(bytes, start);
    this.#putLength(bytes.length);
    this.size = start + bytes.length;
  }

  /** Appends a value of another such sequence, with its length: `from.bytes.subarray(start, end)`. */
  putRaw(from: PlainValues, start: number, end: number): void {
    const data = this.#room(this.size + end - start);
    from.#data.copy(data, this.size, start, end);
    this.size += end - start;
  }

  /** All values. A view, valid until the next change. */
  view(): Uint8Array {
    return this.#data.subarray(0, this.size);
  }

  /** Where each of the first `count` values starts, and after them the end of the last. */
  offsets(count: number): Uint32Array {
    const offsets = new Uint32Array(count + 1);
    let at = 0;
    for (let i = 0; i < count; i++) {
      at += 4 + this.#data.readUInt32LE(at);
      offsets[i + 1] = at;
    }
    return offsets;
  }

  /** Keeps the first `count` values. */
  truncate(count: number): void {
    this.size = this.offsets(count)[count] as number;
  }

  clear(): void {
    if (isOversized(this.#data.length, this.size)) this.#data = Buffer.allocUnsafeSlow(256);
    this.size = 0;
  }

  #putLength(length: number): void {
    const data = this.#data;
    const at = this.size;
    data[at] = length;
    data[at + 1] = length >>> 8;
    data[at + 2] = length >>> 16;
    data[at + 3] = length >>> 24;
  }

  #room(need: number): Buffer {
    if (need > this.#data.length) {
      const grown = Buffer.allocUnsafeSlow(grownCapacity(this.#data.length, need));
      this.#data.copy(grown, 0, 0, this.size);
      this.#data = grown;
    }
    return this.#data;
  }
}

/** The four bytes of a length, as text. */
function lengthText(length: number): string {
  return String.fromCharCode(length, 0, 0, 0);
}
