import type { SchemaElement } from "hyparquet";
import { deltaBinaryUnpack } from "hyparquet/src/delta.js";
import { maxPageBytes } from "../limits.ts";
import { scanDeltas, scanHybrid } from "./runs.ts";

/** What decides how a column's pages are read. */
export interface LeafShape {
  readonly element: SchemaElement;
  readonly maxDefinition: number;
  readonly maxRepetition: number;
}

/** Where in a page its levels and values are. */
export interface PageLayout {
  readonly encoding: string | undefined;
  /** Nulls included. */
  readonly values: number;
  /** Bytes of the levels as the header tells; undefined where the page itself tells (version 1). */
  readonly levels:
    | { readonly repetition: number; readonly definition: number; readonly nulls: number }
    | undefined;
}

/** What a checked page comes to. */
export interface CheckedPage {
  /** Values that begin a row; of the others, a row began in a page before. */
  readonly rows: number;
  /** Values that are not null. */
  readonly present: number;
  /** Where the values begin, behind the levels. */
  readonly valuesAt: number;
}

/** A decimal has at most 38 digits in any engine, and its digits take time by their square. */
const maxDecimalBytes = 32;

/**
 * Refuses a page of which the decoder would make more than its counts say, or which lacks what they say:
 * `bytes` are the levels and values, not compressed. `dictionary` is how many values the chunk's dictionary
 * has, undefined without one.
 */
export function checkPage(
  bytes: Uint8Array,
  { encoding, values, levels }: PageLayout,
  shape: LeafShape,
  dictionary: number | undefined,
): CheckedPage {
  let at = 0;
  const readLevels = (max: number, length: number | undefined, wanted: number): number => {
    if (max === 0) {
      if (length !== undefined && length > 0) throw new Error("a page has levels, its column has none");
      return values;
    }
    const size = length ?? uint32(bytes, at);
    if (length === undefined) at += 4;
    const end = at + size;
    if (end > bytes.length) throw new Error("a page ends before its levels");
    const width = 32 - Math.clz32(max);
    const facts = scanHybrid(bytes, at, end, { width, count: values, wanted });
    if (facts.max > max) throw new Error(`a page has a level of ${facts.max}, its column has ${max}`);
    at = end;
    return facts.matches;
  };
  const rows = readLevels(shape.maxRepetition, levels?.repetition, 0);
  const present = readLevels(shape.maxDefinition, levels?.definition, shape.maxDefinition);
  if (levels !== undefined && values - levels.nulls !== present) {
    throw new Error(`a page has ${values - present} nulls, its header says ${levels.nulls}`);
  }
  checkValues(bytes, at, encoding, present, shape.element, { dictionary, second: levels !== undefined });
  return { rows, present, valuesAt: at };
}

/**
 * Refuses values that are not all there; `count` of them, nulls not included. `second` in a page of version
 * 2.
 */
export function checkValues(
  bytes: Uint8Array,
  at: number,
  encoding: string | undefined,
  count: number,
  element: SchemaElement,
  {
    dictionary,
    second = false,
  }: { readonly dictionary?: number | undefined; readonly second?: boolean } = {},
): void {
  const { type } = element;
  const left = bytes.length - at;
  const needs = (size: number): void => {
    if (size > left) throw new Error(`a page has ${left} bytes for ${count} values`);
  };
  switch (encoding) {
    case "PLAIN":
      if (type === "BYTE_ARRAY") checkTexts(bytes, at, count, element);
      else if (type === "BOOLEAN") needs(Math.ceil(count / 8));
      else needs(count * fixedBytes(element));
      return;
    case "PLAIN_DICTIONARY":
    case "RLE_DICTIONARY": {
      if (dictionary === undefined || type === "BOOLEAN")
        throw new Error("a page refers to a dictionary that is not there");
      if (count === 0) return;
      needs(1);
      const width = bytes[at] ?? 0;
      // Values of no bits are all the first one. The decoder reads runs of them in version 2 only.
      const runs = width > 0 || second;
      const max = runs ? scanHybrid(bytes, at + 1, bytes.length, { width, count }).max : 0;
      if (max >= dictionary)
        throw new Error(`a page refers to value ${max} of a dictionary of ${dictionary}`);
      return;
    }
    case "RLE": {
      if (type !== "BOOLEAN") break;
      const end = at + 4 + uint32(bytes, at);
      if (end > bytes.length) throw new Error("a page ends before its values");
      scanHybrid(bytes, at + 4, end, { width: 1, count });
      return;
    }
    case "BYTE_STREAM_SPLIT":
      needs(count * fixedBytes(element));
      return;
    case "DELTA_BINARY_PACKED":
      if (type !== "INT32" && type !== "INT64") break;
      if (count > 0) scanDeltas(bytes, at, count);
      return;
    case "DELTA_LENGTH_BYTE_ARRAY":
    case "DELTA_BYTE_ARRAY":
      if (type !== "BYTE_ARRAY" && type !== "FIXED_LEN_BYTE_ARRAY") break;
      if (count > 0) checkDeltaTexts(bytes, at, encoding, count, element);
      return;
    default:
  }
  throw new Error(`a page of ${type} values is encoded as ${encoding}`);
}

function checkTexts(bytes: Uint8Array, at: number, count: number, element: SchemaElement): void {
  for (let i = 0; i < count; i++) {
    const size = uint32(bytes, at);
    checkText(size, element);
    at += 4 + size;
    if (at > bytes.length) throw new Error("a page ends within a value");
  }
}

function checkDeltaTexts(
  bytes: Uint8Array,
  at: number,
  encoding: "DELTA_LENGTH_BYTE_ARRAY" | "DELTA_BYTE_ARRAY",
  count: number,
  element: SchemaElement,
): void {
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: at };
  const lengths = (): Int32Array => {
    scanDeltas(bytes, reader.offset, count);
    const numbers = new Int32Array(count);
    deltaBinaryUnpack(reader, count, numbers);
    return numbers;
  };
  const prefixes = encoding === "DELTA_BYTE_ARRAY" ? lengths() : undefined;
  const suffixes = lengths();
  let before = 0;
  let made = 0;
  let stored = reader.offset;
  for (let i = 0; i < count; i++) {
    const [prefix, suffix] = [prefixes?.[i] ?? 0, suffixes[i] ?? 0];
    if (prefix < 0 || prefix > before || suffix < 0)
      throw new Error("a page has a value of impossible length");
    stored += suffix;
    before = prefix + suffix;
    made += before;
    checkText(before, element);
    if (stored > bytes.length) throw new Error("a page ends within a value");
    // A value can repeat all of the one before: a few bytes make any number of them.
    if (made > maxPageBytes) throw new Error(`the values of a page have more than ${maxPageBytes} bytes`);
  }
}

function checkText(size: number, { converted_type }: SchemaElement): void {
  if (converted_type === "DECIMAL" && size > maxDecimalBytes) throw new Error(`a decimal has ${size} bytes`);
}

function fixedBytes({ type, type_length = 0 }: SchemaElement): number {
  switch (type) {
    case "INT32":
    case "FLOAT":
      return 4;
    case "INT64":
    case "DOUBLE":
      return 8;
    case "INT96":
      return 12;
    case "FIXED_LEN_BYTE_ARRAY":
      return type_length;
    default:
      throw new Error(`a page has values of the unknown size of ${type}`);
  }
}

function uint32(bytes: Uint8Array, at: number): number {
  if (at + 4 > bytes.length) throw new Error("a page ends within a length");
  const [a = 0, b = 0, c = 0, d = 0] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
}
