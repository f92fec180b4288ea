import { maxThriftItems } from "./limits.ts";

/** Types of fields and elements in Thrift's compact protocol; zero ends a struct, and truth has no bytes. */
export const thriftTypes = {
  stop: 0,
  truth: 1,
  untruth: 2,
  i32: 5,
  i64: 6,
  binary: 8,
  list: 9,
  struct: 12,
} as const;

const maxNesting = 12;

/**
 * Reads Thrift's compact protocol (thrift-compact-protocol.md) field by field, for whoever knows what to
 * expect; the rest is gone past. A number, length or list that the bytes cannot hold throws, and so do more
 * parts than {@link maxThriftItems}.
 */
export class ThriftReader {
  readonly bytes: Uint8Array;
  at = 0;
  /** Of the field whose header was read last. */
  type = 0;
  #items = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Goes past the header of the field after that with the id `before`, zero at first: its id. */
  field(before: number): number {
    const byte = this.#byte();
    this.type = byte & 0x0f;
    if (this.type === thriftTypes.stop) return before;
    return byte >> 4 === 0 ? this.i32() : before + (byte >> 4);
  }

  /** How many elements follow; `type` is theirs. */
  list(): number {
    const byte = this.#byte();
    this.type = byte & 0x0f;
    const size = byte >> 4 === 15 ? this.#length() : byte >> 4;
    this.#count(size + 1);
    return size;
  }

  i32(): number {
    return signed(this.#varint(5));
  }

  /** Exact up to 2^53. */
  i64(): number {
    return signed(this.#varint(10));
  }

  /** A part of the bytes themselves. */
  binary(): Uint8Array {
    const length = this.passBinary();
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** Goes past as much; returns how many bytes it has, which are those in front of `at`. */
  passBinary(): number {
    const length = this.#length();
    this.#count(1);
    this.at += length;
    return length;
  }

  /** Goes past a value. */
  skip(type: number, depth = 0): void {
    switch (type) {
      case thriftTypes.truth:
      case thriftTypes.untruth:
        return;
      case 3:
        this.#pass(1);
        return;
      case 4:
      case thriftTypes.i32:
        this.#varint(5);
        return;
      case thriftTypes.i64:
        this.#varint(10);
        return;
      case 7:
        this.#pass(8);
        return;
      case thriftTypes.binary:
        this.passBinary();
        return;
      case thriftTypes.list:
        this.#skipList(depth + 1);
        return;
      case thriftTypes.struct:
        this.#skipStruct(depth + 1);
        return;
      default:
        throw new Error(`its header has a field of unknown type ${type}`);
    }
  }

  #skipList(depth: number): void {
    if (depth > maxNesting) throw new Error("its header is nested too deeply");
    const size = this.list();
    const { type } = this;
    // Truth values take no byte as a field, and one as an element.
    if (type === thriftTypes.truth || type === thriftTypes.untruth) this.#pass(size);
    else for (let i = 0; i < size; i++) this.skip(type, depth);
  }

  #skipStruct(depth: number): void {
    if (depth > maxNesting) throw new Error("its header is nested too deeply");
    this.#count(1);
    for (let id = this.field(0); this.type !== thriftTypes.stop; id = this.field(id))
      this.skip(this.type, depth);
  }

  #count(more: number): void {
    this.#items += more;
    if (this.#items > maxThriftItems) throw new Error("its header has too many parts");
  }

  #byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new Error("its header has no end");
    return byte;
  }

  #pass(length: number): void {
    const left = this.bytes.length - this.at;
    if (length > left) throw new Error(`its header says ${length} bytes follow, there are ${left}`);
    this.at += length;
  }

  #length(): number {
    const value = this.#varint(5);
    const left = this.bytes.length - this.at;
    if (value > left) throw new Error(`its header says ${value} parts follow, there are ${left} bytes`);
    return value;
  }

  #varint(maxBytes: number): number {
    let value = this.#byte();
    if (value < 0x80) return value;
    value -= 0x80;
    let unit = 128;
    for (let i = 1; i < maxBytes; i++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
      unit *= 128;
    }
    throw new Error("its header has a number without end");
  }
}

/** Of a number whose lowest bit is its sign (zigzag). */
function signed(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
