import type { Values } from "../../../frame/batch.ts";
import { addByteArrays, ByteDictionary, notFilled } from "./byte-dictionary.ts";
import { type PhysicalType } from "../format.ts";
import { widthOf } from "../leaf.ts";
import { valueCount } from "../piece.ts";

/** A column chunk's values as codes into one dictionary. */
export interface Coded {
  readonly dictionary: ByteDictionary;
  /** One per value, in order. */
  readonly codes: Uint32Array;
}

/**
 * Memory for a chunk's dictionary, codes and numbers, used again for every chunk: what was in it for the last
 * one is then no longer valid.
 */
export class DictionaryScratch {
  readonly dictionary: ByteDictionary = new ByteDictionary(0);
  #codes: Uint32Array = new Uint32Array(0);
  #numbers: Int32Array = new Int32Array(0);
  #map: Uint32Array = new Uint32Array(0);
  /** What `#map` is of. */
  #mapped: Dictionary | undefined;

  /** About the memory that it holds. */
  get heldBytes(): number {
    const arrays = [this.#codes, this.#numbers, this.#map];
    return arrays.reduce((sum, array) => sum + array.byteLength, this.dictionary.heldBytes);
  }

  /** Room for the codes of a chunk. */
  codes(count: number): Uint32Array {
    if (this.#codes.length < count) this.#codes = new Uint32Array(count * 2);
    return this.#codes.subarray(0, count);
  }

  /** Room for numbers that are in no batch. */
  numbers(count: number): Int32Array {
    if (this.#numbers.length < count) this.#numbers = new Int32Array(count * 2);
    return this.#numbers.subarray(0, count);
  }

  /** The codes in `dictionary` of the values of one part's dictionary, valid until the next call. */
  map(values: Dictionary): Uint32Array {
    const { count, data } = values;
    const last = this.#mapped;
    // Batches that follow each other often have the same.
    if (last?.count === count && Buffer.compare(last.data, data) === 0) return this.#map;
    this.#mapped = undefined;
    if (this.#map.length < count) this.#map = new Uint32Array(count * 2);
    if (addByteArrays(this.dictionary, data, count, this.#map, 0) !== data.byteLength) throw notFilled(count);
    this.#mapped = values;
    return this.#map;
  }

  /** The dictionary is complete; nothing of the batches is kept. */
  close(): void {
    this.#mapped = undefined;
  }
}

type Dictionary = (Values & { kind: "dictionary" })["dictionary"];

/** Dictionaries beyond this many values or bytes are given up. */
const maxValues = 65_536;
const maxBytes = 1024 * 1024;
/** So many values are looked at before the rest is. */
const sampleValues = 2048;
/** A dictionary must have less than one value in so many; numbers have more to win from plain pages. */
const repeats = { text: 2, number: 4 } as const;

/**
 * The values of a chunk merged into one dictionary, or undefined where PLAIN is better: when few values
 * repeat, or when there are too many different ones.
 */
export function tryDictionary(
  parts: readonly Values[],
  physical: PhysicalType,
  scratch: DictionaryScratch,
): Coded | undefined {
  try {
    return merge(parts, physical, scratch);
  } finally {
    scratch.close();
  }
}

function merge(
  parts: readonly Values[],
  physical: PhysicalType,
  scratch: DictionaryScratch,
): Coded | undefined {
  if (physical === "BOOLEAN") return undefined;
  const total = parts.reduce((sum, part) => sum + valueCount(part), 0);
  const limit = Math.min(total / (physical === "BYTE_ARRAY" ? repeats.text : repeats.number), maxValues);
  if (limit < 1) return undefined;
  const codes = scratch.codes(total);
  const { dictionary } = scratch;
  dictionary.reset(widthOf(physical));
  let done = 0;
  for (const part of parts) {
    const count = valueCount(part);
    // A long part is sampled first, so that a column of ids is given up early.
    if (done < sampleValues && count > sampleValues && part.kind !== "dictionary") {
      addCodes(part, sampleValues, scratch, codes, done);
      if (exceeds(dictionary, done + sampleValues, limit)) return undefined;
    }
    addCodes(part, count, scratch, codes, done);
    done += count;
    if (done >= sampleValues && exceeds(dictionary, done, limit)) return undefined;
  }
  if (dictionary.count > limit) return undefined;
  return { dictionary, codes };
}

/**
 * Whether the dictionary is too large, or is going to be: of `limit` different values that are equally
 * frequent, so many are to be expected among the first `done`. Values of unequal frequency repeat sooner.
 */
function exceeds(dictionary: ByteDictionary, done: number, limit: number): boolean {
  const { count, page } = dictionary;
  const max = Math.min(limit, (maxBytes / page.length) * count);
  return count > max * (1 - Math.exp(-done / max));
}

/** Codes of the part's first `count` values, to `codes[at…]`. */
function addCodes(
  part: Values,
  count: number,
  scratch: DictionaryScratch,
  codes: Uint32Array,
  at: number,
): void {
  const { dictionary } = scratch;
  switch (part.kind) {
    case "dictionary":
      return translate(part, scratch, codes, at);
    case "bytes": {
      const read = addByteArrays(dictionary, part.data, count, codes, at);
      if (count === part.count && read !== part.data.byteLength) throw notFilled(count);
      return;
    }
    case "float64":
    case "int64":
    case "int32":
      return numberCodes(dictionary, part.data, count, codes, at);
    default:
      throw new Error(`batch: no dictionary of ${part.kind} values`);
  }
}

/** Codes of the first `count` numbers, to `codes[at…]`. */
export function numberCodes(
  dictionary: ByteDictionary,
  data: Float64Array | BigInt64Array | Int32Array,
  count: number,
  codes: Uint32Array,
  at: number,
): void {
  if (dictionary.width === 8) {
    const halves = new Int32Array(data.buffer, data.byteOffset, data.length * 2);
    for (let i = 0; i < count; i++)
      codes[at + i] = dictionary.codeOfHalves(halves[i * 2]!, halves[i * 2 + 1]!);
    return;
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let i = 0; i < count; i++) codes[at + i] = dictionary.code(view, i * 4, i * 4 + 4);
}

function translate(
  { codes: own, dictionary }: Values & { kind: "dictionary" },
  scratch: DictionaryScratch,
  codes: Uint32Array,
  at: number,
): void {
  const { count } = dictionary;
  const map = scratch.map(dictionary);
  for (let i = 0; i < own.length; i++) {
    const code = own[i]!;
    if (code >= count) throw new Error(`batch: code ${code} is outside its dictionary of ${count}`);
    codes[at + i] = map[code]!;
  }
}
