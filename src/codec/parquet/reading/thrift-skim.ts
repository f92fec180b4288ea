import { maxThriftItems } from "./limits.ts";

/*
 * Thrift's compact protocol, walked without making anything of it. A decoder makes an array as long as a list
 * says, and goes as deep as structs are nested: a kilobyte of made-up lengths would take gigabytes. What
 * passes here is decoded in memory and time that its bytes are worth.
 *
 *   struct: { field header: id step << 4 | type [, id] | value } 0
 *   list:   size << 4 | type [, size]   elements
 */

const maxNesting = 12;
const maxFields = 128;
/** Below so many structs stand only statistics, which are cut or small. */
const statisticsDepth = 4;
const maxStatisticsBytes = 64 * 1024;

/** Where the struct at `start` ends. Throws when it does not end, or is nothing a Parquet file can hold. */
export function skimStruct(view: DataView, start: number): number {
  const walk = new StructWalk(view, start);
  walk.struct(0);
  return walk.at;
}

/** A walk over one struct; each method goes past what it is named after. */
class StructWalk {
  at: number;
  readonly #view: DataView;
  #items = 0;

  constructor(view: DataView, start: number) {
    this.#view = view;
    this.at = start;
  }

  struct(depth: number): void {
    if (depth > maxNesting) throw new Error("its header is nested too deeply");
    this.#count(1);
    for (let fields = 0; ; fields++) {
      const byte = this.#byte();
      if ((byte & 0x0f) === 0) return;
      if (fields === maxFields) throw new Error("its header has too many fields");
      if (byte >> 4 === 0) this.#varint(5);
      this.#value(byte & 0x0f, depth);
    }
  }

  #list(depth: number): void {
    if (depth > maxNesting) throw new Error("its header is nested too deeply");
    const byte = this.#byte();
    const size = byte >> 4 === 15 ? this.#length() : byte >> 4;
    const type = byte & 0x0f;
    this.#count(size + 1);
    // Truth values take no byte as a field, and one as an element.
    for (let i = 0; i < size; i++) {
      if (type === 1 || type === 2) this.#bytes(1);
      else this.#value(type, depth + 1);
    }
  }

  #value(type: number, depth: number): void {
    switch (type) {
      case 1:
      case 2:
        return;
      case 3:
        this.#bytes(1);
        return;
      case 4:
      case 5:
        this.#varint(5);
        return;
      case 6:
        this.#varint(10);
        return;
      case 7:
        this.#bytes(8);
        return;
      case 8:
        this.#text(depth);
        return;
      case 9:
        this.#list(depth);
        return;
      case 12:
        this.struct(depth + 1);
        return;
      default:
        throw new Error(`its header has a field of unknown type ${type}`);
    }
  }

  #text(depth: number): void {
    const size = this.#length();
    if (depth >= statisticsDepth && size > maxStatisticsBytes) {
      throw new Error(`its header has statistics of ${size} bytes`);
    }
    this.#count(1);
    this.#bytes(size);
  }

  #count(more: number): void {
    this.#items += more;
    if (this.#items > maxThriftItems) throw new Error("its header has too many parts");
  }

  #bytes(length: number): void {
    const left = this.#view.byteLength - this.at;
    if (!(length >= 0 && length <= left)) {
      throw new Error(`its header says ${length} bytes follow, there are ${left}`);
    }
    this.at += length;
  }

  #byte(): number {
    this.#bytes(1);
    return this.#view.getUint8(this.at - 1);
  }

  #varint(maxBytes: number): number {
    let value = 0;
    for (let i = 0; i < maxBytes; i++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    throw new Error("its header has a number without end");
  }

  #length(): number {
    const value = this.#varint(5);
    const left = this.#view.byteLength - this.at;
    if (value > left) throw new Error(`its header says ${value} parts follow, there are ${left} bytes`);
    return value;
  }
}
