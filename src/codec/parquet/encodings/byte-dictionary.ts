import { ByteSink } from "../bytes/byte-sink.ts";

/**
 * The distinct values of a column, numbered in order of first appearance. Values are compared by their bytes,
 * without becoming JS strings; `page` is at any time the body of a PLAIN dictionary page (Encodings.md,
 * "Dictionary Encoding").
 */
export class ByteDictionary {
  /** Bytes of every value, or 0: each has its length before it (BYTE_ARRAY). */
  width: number;
  readonly page: ByteSink = new ByteSink(4096);
  count = 0;
  /** Where each value's bytes begin and end in `page`. */
  starts: Uint32Array = new Uint32Array(256);
  ends: Uint32Array = new Uint32Array(256);
  #hashes = new Int32Array(256);
  /** Open addressing; code + 1, 0 = free. Those up to `#mask` are in use. */
  #slots = new Uint32Array(firstSlots);
  #mask = firstSlots - 1;

  constructor(width: number) {
    this.width = width;
  }

  /**
   * Starts again for values of that width; keeps the memory, so that what was read from `page` is no longer
   * valid.
   */
  reset(width: number): void {
    this.width = width;
    this.count = 0;
    this.page.reset();
    this.#mask = firstSlots - 1;
    this.#slots.fill(0, 0, firstSlots);
  }

  /** About the memory that it holds. */
  get heldBytes(): number {
    return this.page.bytes.byteLength + this.#slots.byteLength + this.#hashes.byteLength * 3;
  }

  /** The code of the value whose bytes are `view`'s from `start` to `end`. */
  code(view: DataView, start: number, end: number): number {
    const hash = hashBytes(view, start, end);
    const mask = this.#mask;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const found = this.#slots[slot]!;
      if (found === 0) return this.#add(view, start, end, hash, slot);
      if (this.#hashes[found - 1] === hash && this.#equals(found - 1, view, start, end)) return found - 1;
    }
  }

  /** {@link code} of a number of 8 bytes, given as its halves. */
  codeOfHalves(low: number, high: number): number {
    let hash = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
    hash ^= hash >>> 15;
    const mask = this.#mask;
    const own = this.page.view;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const found = this.#slots[slot]!;
      if (found === 0) {
        const start = this.#append(8, hash, slot);
        this.page.view.setInt32(start, low, true);
        this.page.view.setInt32(start + 4, high, true);
        return this.count - 1;
      }
      const at = (found - 1) * 8;
      if (own.getInt32(at, true) === low && own.getInt32(at + 4, true) === high) return found - 1;
    }
  }

  /** A value's bytes, without the length. A view of `page`. */
  value(code: number): Uint8Array {
    return this.page.bytes.subarray(this.starts[code]!, this.ends[code]!);
  }

  #equals(code: number, view: DataView, start: number, end: number): boolean {
    const from = this.starts[code]!;
    if (this.ends[code]! - from !== end - start) return false;
    const own = this.page.view;
    let at = start;
    let ownAt = from;
    for (; at + 4 <= end; at += 4, ownAt += 4) {
      if (view.getUint32(at, true) !== own.getUint32(ownAt, true)) return false;
    }
    for (; at < end; at++, ownAt++) if (view.getUint8(at) !== own.getUint8(ownAt)) return false;
    return true;
  }

  #add(view: DataView, start: number, end: number, hash: number, slot: number): number {
    const target = this.#append(end - start, hash, slot);
    const own = this.page.view;
    let at = start;
    let ownAt = target;
    for (; at + 4 <= end; at += 4, ownAt += 4) own.setUint32(ownAt, view.getUint32(at, true), true);
    for (; at < end; at++, ownAt++) own.setUint8(ownAt, view.getUint8(at));
    return this.count - 1;
  }

  /** A new value in that free slot; returns where its `length` bytes go. */
  #append(length: number, hash: number, slot: number): number {
    const code = this.count++;
    if (code === this.#hashes.length) this.#widen();
    if (this.width === 0) this.page.u32(length);
    const start = this.page.reserve(length);
    this.starts[code] = start;
    this.ends[code] = start + length;
    this.#hashes[code] = hash;
    this.#slots[slot] = code + 1;
    if (this.count * 2 > this.#mask) this.#rehash();
    return start;
  }

  #widen(): void {
    this.starts = doubled(this.starts, Uint32Array);
    this.ends = doubled(this.ends, Uint32Array);
    this.#hashes = doubled(this.#hashes, Int32Array);
  }

  #rehash(): void {
    const length = (this.#mask + 1) * 4;
    const slots = length <= this.#slots.length ? this.#slots.fill(0, 0, length) : new Uint32Array(length);
    const mask = length - 1;
    for (let code = 0; code < this.count; code++) {
      let slot = this.#hashes[code]! & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = code + 1;
    }
    this.#slots = slots;
    this.#mask = mask;
  }
}

const firstSlots = 1024;

function doubled<A extends Uint32Array | Int32Array>(array: A, make: new (length: number) => A): A {
  const larger = new make(array.length * 2);
  larger.set(array);
  return larger;
}

/** A multiplicative hash of 4 bytes at a time, finished as MurmurHash3 does. Never stored. */
function hashBytes(view: DataView, start: number, end: number): number {
  let hash = end - start;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; at < end; at++) hash = Math.imul(hash ^ view.getUint8(at), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/**
 * Adds the first `count` values of a PLAIN BYTE_ARRAY sequence; their codes go to `codes[at…]`. Returns bytes
 * read.
 */
export function addByteArrays(
  dictionary: ByteDictionary,
  data: Uint8Array,
  count: number,
  codes: Uint32Array,
  at: number,
): number {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const length = data.byteLength;
  let read = 0;
  for (let i = 0; i < count; i++) {
    if (read + 4 > length) throw notFilled(count);
    const start = read + 4;
    read = start + view.getUint32(read, true);
    if (read > length) throw notFilled(count);
    codes[at + i] = dictionary.code(view, start, read);
  }
  return read;
}

/**
 * Calls `each` with the bytes' place of every value of a PLAIN BYTE_ARRAY sequence; throws if they do not
 * fill `data`.
 */
export function eachByteArray(
  data: Uint8Array,
  count: number,
  each: (view: DataView, start: number, end: number, index: number) => void,
): void {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const start = at + 4;
    const end = start + view.getUint32(at, true);
    if (end > data.byteLength) break;
    each(view, start, end, i);
    at = end;
  }
  if (at !== data.byteLength) throw notFilled(count);
}

/** The error for lengths that do not add up to the bytes there are. */
export function notFilled(count: number): Error {
  return new Error(`batch: the lengths of ${count} values do not fill their bytes`);
}
