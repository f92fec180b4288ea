import { maxThriftItems } from "./limits.ts";

/*
 * Thrift's compact protocol, walked without making anything of it. A decoder makes an array as long as a list says, and
 * goes as deep as structs are nested: a kilobyte of made-up lengths would take gigabytes. What passes here is decoded in
 * memory and time that its bytes are worth.
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
  let at = start;
  let items = 0;

  const count = (more: number): void => {
    items += more;
    if (items > maxThriftItems) throw new Error("its header has too many parts");
  };
  const bytes = (length: number): void => {
    if (!(length >= 0 && length <= view.byteLength - at)) {
      throw new Error(`its header says ${length} bytes follow, there are ${view.byteLength - at}`);
    }
    at += length;
  };
  const varint = (max: number): number => {
    let value = 0;
    for (let i = 0; i < max; i++) {
      bytes(1);
      const byte = view.getUint8(at - 1);
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    throw new Error("its header has a number without end");
  };
  const length = (): number => {
    const value = varint(5);
    if (value > view.byteLength - at) {
      throw new Error(`its header says ${value} parts follow, there are ${view.byteLength - at} bytes`);
    }
    return value;
  };
  const struct = (depth: number): void => {
    if (depth > maxNesting) throw new Error("its header is nested too deeply");
    count(1);
    for (let fields = 0; ; fields++) {
      bytes(1);
      const byte = view.getUint8(at - 1);
      if ((byte & 0x0f) === 0) return;
      if (fields === maxFields) throw new Error("its header has too many fields");
      if (byte >> 4 === 0) varint(5);
      value(byte & 0x0f, depth);
    }
  };
  const list = (depth: number): void => {
    bytes(1);
    const byte = view.getUint8(at - 1);
    const size = byte >> 4 === 15 ? length() : byte >> 4;
    const type = byte & 0x0f;
    count(size + 1);
    // Truth values take no byte as a field, and one as an element.
    for (let i = 0; i < size; i++) {
      if (type === 1 || type === 2) bytes(1);
      else value(type, depth + 1);
    }
  };
  const value = (type: number, depth: number): void => {
    switch (type) {
      case 1:
      case 2:
        return;
      case 3:
        bytes(1);
        return;
      case 4:
      case 5:
        varint(5);
        return;
      case 6:
        varint(10);
        return;
      case 7:
        bytes(8);
        return;
      case 8: {
        const size = length();
        if (depth >= statisticsDepth && size > maxStatisticsBytes) {
          throw new Error(`its header has statistics of ${size} bytes`);
        }
        count(1);
        bytes(size);
        return;
      }
      case 9:
        if (depth > maxNesting) throw new Error("its header is nested too deeply");
        list(depth);
        return;
      case 12:
        struct(depth + 1);
        return;
      default:
        throw new Error(`its header has a field of unknown type ${type}`);
    }
  };

  struct(0);
  return at;
}
