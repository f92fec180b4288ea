import { ByteSink } from "./byte-sink.ts";

/**
 * Writes Thrift's compact protocol (apache/thrift, doc/specs/thrift-compact-protocol.md), in which Parquet's
 * page headers, indexes and footer are laid out. Fields of a struct must come in rising order of their ids;
 * integers are never negative here, so that zigzag is a doubling.
 */
export class ThriftWriter {
  readonly sink: ByteSink;
  #lastField = 0;
  readonly #outer: number[] = [];

  constructor(sink: ByteSink = new ByteSink()) {
    this.sink = sink;
  }

  boolean(field: number, value: boolean): void {
    this.#field(field, value ? types.true : types.false);
  }

  i16(field: number, value: number): void {
    this.#field(field, types.i16);
    this.sink.varint(value * 2);
  }

  i32(field: number, value: number): void {
    this.#field(field, types.i32);
    this.sink.varint(value * 2);
  }

  /** A CRC or another pattern of 32 bits, as the signed number it is in Thrift. */
  bits32(field: number, value: number): void {
    this.#field(field, types.i32);
    const signed = value | 0;
    this.sink.varint(((signed << 1) ^ (signed >> 31)) >>> 0);
  }

  i64(field: number, value: number): void {
    this.#field(field, types.i64);
    this.sink.varint(value * 2);
  }

  binary(field: number, value: Uint8Array | string): void {
    this.#field(field, types.binary);
    this.binaryElement(value);
  }

  struct(field: number, body: () => void): void {
    this.#field(field, types.struct);
    this.structElement(body);
  }

  /** A list's head; `count` elements must follow. */
  list(field: number, element: "boolean" | "i32" | "i64" | "binary" | "struct", count: number): void {
    this.#field(field, types.list);
    const type = element === "boolean" ? types.true : types[element];
    if (count < 15) this.sink.u8((count << 4) | type);
    else {
      this.sink.u8(0xf0 | type);
      this.sink.varint(count);
    }
  }

  booleanElement(value: boolean): void {
    this.sink.u8(value ? types.true : types.false);
  }

  /** An element of an `i32` or `i64` list. */
  integerElement(value: number): void {
    this.sink.varint(value * 2);
  }

  binaryElement(value: Uint8Array | string): void {
    const bytes = typeof value === "string" ? Buffer.from(value) : value;
    this.sink.varint(bytes.length);
    this.sink.put(bytes);
  }

  /** A struct as an element of a list, or at the top. */
  structElement(body: () => void): void {
    this.#outer.push(this.#lastField);
    this.#lastField = 0;
    body();
    this.sink.u8(types.stop);
    this.#lastField = this.#outer.pop() ?? 0;
  }

  #field(id: number, type: number): void {
    const delta = id - this.#lastField;
    if (delta > 0 && delta < 16) this.sink.u8((delta << 4) | type);
    else {
      this.sink.u8(type);
      this.sink.varint(id * 2);
    }
    this.#lastField = id;
  }
}

const types = {
  stop: 0,
  true: 1,
  false: 2,
  i16: 4,
  i32: 5,
  i64: 6,
  binary: 8,
  list: 9,
  struct: 12,
} as const;
