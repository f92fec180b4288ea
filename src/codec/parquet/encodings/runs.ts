import { hasBit } from "../../../base/bitmap.ts";
import type { BatchColumn, Values } from "../../../frame/batch.ts";
import { addByteArrays, ByteDictionary, notFilled } from "./byte-dictionary.ts";
import { numberCodes } from "./dictionary-choice.ts";
import type { PhysicalType } from "../format.ts";
import { widthOf } from "../leaf.ts";
import { valueCount } from "../piece.ts";

/** The code of null in {@link RunBuilder}. */
export const nullCode = 0xffffffff;

/**
 * A column as repetitions of few values: `lengths[i]` rows with the value `codes[i]`, neighbours different.
 * Its memory is used again from column to column.
 */
export class RunBuilder {
  readonly dictionary: ByteDictionary = new ByteDictionary(0);
  codes: Uint32Array = new Uint32Array(1024);
  lengths: Uint32Array = new Uint32Array(1024);
  /** How many repetitions there are; the arrays can be longer. */
  count = 0;
  rows = 0;
  #frameCodes: Uint32Array = new Uint32Array(256);
  #map: Uint32Array = new Uint32Array(256);
  #text: string | undefined;
  #textCode = 0;

  /** About the memory that it holds. */
  get heldBytes(): number {
    const arrays = [this.codes, this.lengths, this.#frameCodes, this.#map];
    return arrays.reduce((sum, array) => sum + array.byteLength, this.dictionary.heldBytes);
  }

  /** Starts a column. */
  reset(physical: PhysicalType): void {
    this.dictionary.reset(widthOf(physical));
    this.count = 0;
    this.rows = 0;
    this.#text = undefined;
  }

  add(code: number, rows: number): void {
    if (rows === 0) return;
    this.rows += rows;
    if (this.count > 0 && this.codes[this.count - 1] === code) {
      this.lengths[this.count - 1]! += rows;
      return;
    }
    if (this.count === this.codes.length) {
      this.codes = doubled(this.codes);
      this.lengths = doubled(this.lengths);
    }
    this.codes[this.count] = code;
    this.lengths[this.count++] = rows;
  }

  /** The same text, or null, in all of `rows` rows. */
  addText(text: string | null, rows: number): void {
    if (text === null || rows === 0) return this.add(nullCode, rows);
    // Mostly it is that of the batch before.
    if (text !== this.#text) {
      const bytes = Buffer.from(text);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.#textCode = this.dictionary.code(view, 0, bytes.byteLength);
      this.#text = text;
    }
    this.add(this.#textCode, rows);
  }

  /** A value per frame, in the rows of that frame. */
  addFrames({ values, validity }: BatchColumn, rows: Uint32Array): void {
    const codes = this.#codesOf(values);
    let next = 0;
    for (let frame = 0; frame < rows.length; frame++) {
      const valid = validity === undefined || hasBit(validity, frame);
      this.add(valid ? codes[next++]! : nullCode, rows[frame]!);
    }
  }

  /** The code of each value, in memory that the next call uses again. */
  #codesOf(values: Values): Uint32Array {
    const codes = atLeast(this.#frameCodes, valueCount(values));
    this.#frameCodes = codes;
    switch (values.kind) {
      case "bytes":
        byteCodes(this.dictionary, values, codes);
        return codes;
      case "dictionary": {
        const { dictionary, codes: own } = values;
        const map = atLeast(this.#map, dictionary.count);
        this.#map = map;
        byteCodes(this.dictionary, dictionary, map);
        for (let i = 0; i < own.length; i++) {
          const code = own[i]!;
          if (code >= dictionary.count) throw new Error(`batch: code ${code} is outside its dictionary`);
          codes[i] = map[code]!;
        }
        return codes;
      }
      case "float64":
      case "int64":
      case "int32":
        numberCodes(this.dictionary, values.data, values.data.length, codes, 0);
        return codes;
      default:
        throw new Error(`batch: ${values.kind} values in a frame column`);
    }
  }
}

function atLeast(array: Uint32Array, length: number): Uint32Array {
  return array.length < length ? new Uint32Array(length * 2) : array;
}

function byteCodes(
  dictionary: ByteDictionary,
  { data, count }: { readonly data: Uint8Array; readonly count: number },
  codes: Uint32Array,
): void {
  if (addByteArrays(dictionary, data, count, codes, 0) !== data.byteLength) throw notFilled(count);
}

function doubled(array: Uint32Array): Uint32Array {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}
