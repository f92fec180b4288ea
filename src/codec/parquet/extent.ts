import type { Values } from "../../frame/batch.ts";
import { bigintRange, numberRange } from "../../frame/value-range.ts";
import type { ByteDictionary } from "./encodings/byte-dictionary.ts";
import { notFilled } from "./encodings/byte-dictionary.ts";
import type { PhysicalType } from "./format.ts";

/**
 * Least and greatest value of a page or chunk, for statistics and the column index. Order: numbers by value,
 * byte arrays by unsigned bytes (which for UTF-8 is the order of code points), false before true: the order
 * `TypeDefinedOrder` stands for in parquet.thrift.
 *
 * `"none"`: there is no value. `"unknown"`: no bounds can be given. That is so as soon as there is a NaN: the
 * format would allow to leave NaN out, but engines that sort it above all numbers (DuckDB, Spark) would then
 * skip rows that `x > 5` is true for.
 */
export type Extent = { readonly min: Scalar; readonly max: Scalar } | "none" | "unknown";

/** A value as it is compared: boolean is 0 or 1. */
export type Scalar = number | bigint | Uint8Array;

/** Bounds as they are stored, with whether they are values that occur (not cut or rounded). */
export interface StoredExtent {
  readonly min: Uint8Array;
  readonly max: Uint8Array;
  readonly minExact: boolean;
  readonly maxExact: boolean;
}

/** Longer byte arrays are cut to this many bytes in statistics. */
const maxBoundBytes = 64;

/**
 * The extent of values of any kind but dictionary and list. `measured` says that `min` and `max` are given.
 */
export function extentOf(values: Values, measured: boolean): Extent {
  switch (values.kind) {
    case "float64":
      if (hasNaN(values.data)) return "unknown";
      return ordered(measured ? values : numberRange(values.data));
    case "int32":
      return ordered(measured ? values : numberRange(values.data));
    case "int64":
      if (values.data.length === 0) return "none";
      return measured ? { min: values.min, max: values.max } : bigintRange(values.data);
    case "boolean": {
      const { data } = values;
      if (data.length === 0) return "none";
      return { min: data.includes(0) ? 0 : 1, max: data.includes(1) ? 1 : 0 };
    }
    case "bytes":
      return bytesExtent(values.data, values.count);
    case "dictionary":
    case "list":
      throw new Error(`no extent of ${values.kind} values`);
  }
}

/** The extent of the codes' values. */
export function dictionaryExtent(dictionary: ByteDictionary, codes: Uint32Array, type: PhysicalType): Extent {
  if (codes.length === 0) return "none";
  const { count } = dictionary;
  switch (type) {
    case "BYTE_ARRAY": {
      const seen = new Uint8Array(count);
      for (let i = 0; i < codes.length; i++) seen[codes[i]!] = 1;
      return textExtent(dictionary, seen);
    }
    case "INT64":
      return wideExtent(new Int32Array(dictionary.page.bytes.buffer, 0, count * 2), codes);
    case "INT32":
      return codedExtent(new Int32Array(dictionary.page.bytes.buffer, 0, count), codes);
    default:
      return codedExtent(new Float64Array(dictionary.page.bytes.buffer, 0, count), codes);
  }
}

/** Of numbers code by code: a dictionary can have more entries than a page has values. */
function codedExtent(numbers: Float64Array | Int32Array, codes: Uint32Array): Extent {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < codes.length; i++) {
    const value = numbers[codes[i]!]!;
    if (value < min) min = value;
    if (value > max) max = value;
    if (value !== value) return "unknown";
  }
  return { min, max };
}

/** The same of 64-bit integers, given as halves, because each BigInt is an allocation. */
function wideExtent(halves: Int32Array, codes: Uint32Array): Extent {
  const less = (a: number, b: number): boolean => {
    const difference = halves[a * 2 + 1]! - halves[b * 2 + 1]!;
    return difference === 0 ? halves[a * 2]! >>> 0 < halves[b * 2]! >>> 0 : difference < 0;
  };
  let min = codes[0]!;
  let max = min;
  for (let i = 1; i < codes.length; i++) {
    const code = codes[i]!;
    if (less(code, min)) min = code;
    else if (less(max, code)) max = code;
  }
  const integer = (code: number): bigint =>
    (BigInt(halves[code * 2 + 1]!) << 32n) | BigInt(halves[code * 2]! >>> 0);
  return { min: integer(min), max: integer(max) };
}

function textExtent(dictionary: ByteDictionary, seen: Uint8Array): Extent {
  const { starts, ends } = dictionary;
  const { view } = dictionary.page;
  let min = -1;
  let max = -1;
  for (let code = 0; code < seen.length; code++) {
    if (seen[code] === 0) continue;
    if (min < 0) min = max = code;
    else if (isLess(view, starts[code]!, ends[code]!, starts[min]!, ends[min]!)) min = code;
    else if (isLess(view, starts[max]!, ends[max]!, starts[code]!, ends[code]!)) max = code;
  }
  return min < 0 ? "none" : { min: dictionary.value(min), max: dictionary.value(max) };
}

/** The same extent in memory of its own: bounds of texts are views of a batch or a dictionary. */
export function ownExtent(extent: Extent): Extent {
  if (typeof extent !== "object" || !(extent.min instanceof Uint8Array)) return extent;
  const { min, max } = extent;
  return { min: new Uint8Array(min), max: max instanceof Uint8Array ? new Uint8Array(max) : max };
}

/** The extent of both together. */
export function union(a: Extent, b: Extent): Extent {
  if (a === "unknown" || b === "unknown") return "unknown";
  if (a === "none") return b;
  if (b === "none") return a;
  return {
    min: compareScalars(b.min, a.min) < 0 ? b.min : a.min,
    max: compareScalars(b.max, a.max) > 0 ? b.max : a.max,
  };
}

/** Negative, zero or positive, for two values of one column. */
export function compareScalars(a: Scalar, b: Scalar): number {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The bytes of `min` and `max` in statistics, or undefined when there are none. */
export function storeExtent(extent: Extent, type: PhysicalType, text: boolean): StoredExtent | undefined {
  if (extent === "none" || extent === "unknown") return undefined;
  const { min, max } = extent;
  if (min instanceof Uint8Array && max instanceof Uint8Array) {
    const low = cut(min, text);
    const high = max.length <= maxBoundBytes ? new Uint8Array(max) : raise(cut(max, text), text);
    if (high === undefined) return undefined;
    return {
      min: low,
      max: high,
      minExact: low.length === min.length,
      maxExact: max.length <= maxBoundBytes,
    };
  }
  // A zero's sign is not ordered, so zero bounds must cover both (parquet.thrift, ColumnOrder). Nobody knows
  // then whether that very zero occurs, and an engine that takes an exact bound for the answer to min() would
  // say -0.0 where all are positive.
  const zero = type === "DOUBLE" ? 0 : undefined;
  return {
    min: encodeScalar(min === zero ? -0 : (min as number | bigint), type),
    max: encodeScalar(max === zero ? 0 : (max as number | bigint), type),
    minExact: min !== zero,
    maxExact: max !== zero,
  };
}

function hasNaN(data: Float64Array): boolean {
  for (let i = 0; i < data.length; i++) if (data[i] !== data[i]) return true;
  return false;
}

function ordered(bounds: { readonly min: number; readonly max: number }): Extent {
  return bounds.min <= bounds.max ? { min: bounds.min, max: bounds.max } : "none";
}

function bytesExtent(data: Uint8Array, count: number): Extent {
  if (count === 0 && data.length === 0) return "none";
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let at = 0;
  let minStart = 0;
  let minEnd = 0;
  let maxStart = 0;
  let maxEnd = 0;
  // The first four bytes of both: nearly every value lies between them, and needs no further comparison.
  let minHead = 0xffff_ffff;
  let maxHead = 0;
  for (let i = 0; i < count; i++) {
    if (at + 4 > data.length) throw notFilled(count);
    const start = at + 4;
    at = start + view.getUint32(at, true);
    if (at > data.length) throw notFilled(count);
    if (at - start >= 4 && i > 0) {
      const head = view.getUint32(start);
      if (head > minHead && head < maxHead) continue;
    }
    if (i === 0) {
      minStart = maxStart = start;
      minEnd = maxEnd = at;
    } else if (isLess(view, start, at, minStart, minEnd)) {
      minStart = start;
      minEnd = at;
    } else if (isLess(view, maxStart, maxEnd, start, at)) {
      maxStart = start;
      maxEnd = at;
    } else continue;
    minHead = minEnd - minStart >= 4 ? view.getUint32(minStart) : 0xffff_ffff;
    maxHead = maxEnd - maxStart >= 4 ? view.getUint32(maxStart) : 0;
  }
  if (at !== data.length) throw notFilled(count);
  return { min: data.subarray(minStart, minEnd), max: data.subarray(maxStart, maxEnd) };
}

function isLess(view: DataView, aStart: number, aEnd: number, bStart: number, bEnd: number): boolean {
  const shared = Math.min(aEnd - aStart, bEnd - bStart);
  let i = 0;
  for (; i + 4 <= shared; i += 4) {
    const a = view.getUint32(aStart + i);
    const b = view.getUint32(bStart + i);
    if (a !== b) return a < b;
  }
  for (; i < shared; i++) {
    const a = view.getUint8(aStart + i);
    const b = view.getUint8(bStart + i);
    if (a !== b) return a < b;
  }
  return aEnd - aStart < bEnd - bStart;
}

/** At most {@link maxBoundBytes} bytes; text is not cut inside a character. */
function cut(value: Uint8Array, text: boolean): Uint8Array {
  if (value.length <= maxBoundBytes) return new Uint8Array(value);
  let end = maxBoundBytes;
  if (text) while (end > 0 && (value[end]! & 0xc0) === 0x80) end--;
  return new Uint8Array(value.subarray(0, end));
}

/**
 * The least short upper bound of all values that begin with `prefix`: its last character or byte that can be
 * raised is raised by one, and what follows is dropped. Undefined if none can be.
 */
function raise(prefix: Uint8Array, text: boolean): Uint8Array | undefined {
  for (let end = prefix.length; end > 0; ) {
    let start = end - 1;
    if (text) while (start > 0 && (prefix[start]! & 0xc0) === 0x80) start--;
    const raised = text ? raiseCharacter(prefix.subarray(start, end)) : raiseByte(prefix[start]!);
    if (raised !== undefined) return Uint8Array.from([...prefix.subarray(0, start), ...raised]);
    end = start;
  }
  return undefined;
}

function raiseByte(byte: number): number[] | undefined {
  return byte < 0xff ? [byte + 1] : undefined;
}

function raiseCharacter(character: Uint8Array): Uint8Array | undefined {
  const code = Buffer.from(character).toString("utf8").codePointAt(0);
  if (code === undefined || code >= 0x10ffff) return undefined;
  // Surrogates are no characters: the one after U+D7FF is U+E000.
  return Buffer.from(String.fromCodePoint(code === 0xd7ff ? 0xe000 : code + 1));
}

/** PLAIN bytes of one number. */
function encodeScalar(value: number | bigint, type: PhysicalType): Uint8Array {
  const bytes = new Uint8Array(type === "BOOLEAN" ? 1 : type === "INT32" ? 4 : 8);
  const view = new DataView(bytes.buffer);
  if (typeof value === "bigint") view.setBigInt64(0, value, true);
  else if (type === "BOOLEAN") view.setUint8(0, value);
  else if (type === "INT32") view.setInt32(0, value, true);
  else view.setFloat64(0, value, true);
  return bytes;
}
