import type { DecodedArray } from "hyparquet";
import { unpackDeltas } from "./delta-values.ts";
import { unpackHybrid } from "./hybrid-values.ts";
import type { FlatKind } from "./leaf-decoder.ts";

/** A page of a column whose rows and values are one to one, checked: see `page-check.ts`. */
export interface FlatPage {
  /** Its levels and values, not compressed. */
  readonly bytes: Uint8Array;
  readonly encoding: string | undefined;
  /** Nulls included. */
  readonly values: number;
  /** Those that are not null. */
  readonly present: number;
  /** Where it says which are null; behind the length. */
  readonly levelsAt: number;
  /** Where the values begin. */
  readonly valuesAt: number;
}

/**
 * The values of a page in the encodings that files mostly have, null where there is none; undefined for
 * others. Numbers without a null among them are a typed array.
 */
export function flatValues(
  page: FlatPage,
  kind: FlatKind,
  dictionary: DecodedArray | undefined,
): DecodedArray | undefined {
  const { values, present } = page;
  const dense = denseValues(page, kind, dictionary);
  return dense === undefined || present === values ? dense : spread(page, dense);
}

/** The values that are there, one after another. */
function denseValues(
  { bytes, encoding, present, valuesAt: at }: FlatPage,
  kind: FlatKind,
  dictionary: DecodedArray | undefined,
): DecodedArray | undefined {
  switch (encoding) {
    case "PLAIN":
      return plainValues(bytes, at, present, kind);
    case "PLAIN_DICTIONARY":
    case "RLE_DICTIONARY":
      return dictionary === undefined ? undefined : picked(bytes, at, present, dictionary);
    case "RLE":
      return kind === "boolean" ? truths(placesAt(bytes, at + 4, 1, present), present) : undefined;
    case "DELTA_BINARY_PACKED": {
      const numbers = kind === "int32" ? new Int32Array(present) : new BigInt64Array(present);
      if (present > 0) unpackDeltas(bytes, at, numbers);
      return numbers;
    }
    default:
      return undefined;
  }
}

/** Values of the encoding PLAIN, such as a dictionary has. */
export function plainValues(bytes: Uint8Array, at: number, count: number, kind: FlatKind): DecodedArray {
  switch (kind) {
    case "float64": {
      const { buffer, start } = bytesAt(bytes, at, count * 8);
      return new Float64Array(buffer, start, count);
    }
    case "int64":
    case "instant": {
      const { buffer, start } = bytesAt(bytes, at, count * 8);
      return new BigInt64Array(buffer, start, count);
    }
    case "int32": {
      const { buffer, start } = bytesAt(bytes, at, count * 4);
      return new Int32Array(buffer, start, count);
    }
    case "boolean": {
      const found = new Array<boolean>(count);
      for (let i = 0; i < count; i++) found[i] = ((bytes[at + (i >> 3)]! >> (i & 7)) & 1) === 1;
      return found;
    }
    case "text":
      return texts(bytes, at, count);
  }
}

/** The bytes themselves if they lie as numbers do, and nothing else of weight would be kept with them. */
function bytesAt(bytes: Uint8Array, at: number, length: number): { buffer: ArrayBufferLike; start: number } {
  const start = bytes.byteOffset + at;
  if (start % 8 === 0 && bytes.buffer.byteLength <= length + maxBesides)
    return { buffer: bytes.buffer, start };
  const copy = new Uint8Array(length);
  copy.set(bytes.subarray(at, at + length));
  return { buffer: copy.buffer, start: 0 };
}

const maxBesides = 1_024;

/** Texts that were checked to be there, each behind its length. */
function texts(bytes: Uint8Array, start: number, count: number): string[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = new Array<string>(count);
  let at = start;
  for (let i = 0; i < count; i++) {
    const end = at + 4 + buffer.readUInt32LE(at);
    found[i] = buffer.toString("utf8", at + 4, end);
    at = end;
  }
  return found;
}

function picked(bytes: Uint8Array, at: number, count: number, dictionary: DecodedArray): DecodedArray {
  const width = count === 0 ? 0 : bytes[at]!;
  // Values of no bits are all the first one.
  const places = width === 0 ? undefined : placesAt(bytes, at + 1, width, count);
  if (dictionary instanceof Float64Array) {
    const found = new Float64Array(count);
    if (places === undefined) found.fill(dictionary[0]!);
    else for (let i = 0; i < count; i++) found[i] = dictionary[places[i]!]!;
    return found;
  }
  if (dictionary instanceof BigInt64Array) {
    const found = new BigInt64Array(count);
    if (places === undefined) found.fill(dictionary[0]!);
    else for (let i = 0; i < count; i++) found[i] = dictionary[places[i]!]!;
    return found;
  }
  const found = new Array<unknown>(count);
  if (places === undefined) found.fill(dictionary[0]);
  else for (let i = 0; i < count; i++) found[i] = dictionary[places[i]!];
  return found;
}

function truths(bits: Uint32Array, count: number): boolean[] {
  const found = new Array<boolean>(count);
  for (let i = 0; i < count; i++) found[i] = bits[i] === 1;
  return found;
}

/** For the numbers of one page, which are read at once. */
let scratch = new Uint32Array(1_024);
/** No more is kept, whatever a page once had. */
const maxScratch = 64 * 1024;

/** Numbers of so many bits; they are good until the next ones are read. */
function placesAt(bytes: Uint8Array, at: number, width: number, count: number): Uint32Array {
  let places = scratch;
  if (places.length < count) {
    places = new Uint32Array(count * 2);
    if (places.length <= maxScratch) scratch = places;
  }
  unpackHybrid(bytes, at, width, count, places);
  return places;
}

/** Each value at its row. */
function spread({ bytes, values, levelsAt }: FlatPage, dense: DecodedArray): unknown[] {
  const levels = placesAt(bytes, levelsAt, 1, values);
  const found = new Array<unknown>(values);
  for (let row = 0, next = 0; row < values; row++) found[row] = levels[row] === 1 ? dense[next++] : null;
  return found;
}
