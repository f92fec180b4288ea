import type { BatchColumn, Values } from "../../frame/batch.ts";
import { bitAt } from "./bits.ts";
import { addByteArrays, ByteDictionary, notFilled } from "./byte-dictionary.ts";
import { numberCodes } from "./dictionary-choice.ts";
import type { PhysicalType } from "./format.ts";
import { widthOf } from "./leaf.ts";

/** The code of null in {@link Runs}. */
export const nullCode = 0xffffffff;

/** A column as repetitions of few values: `lengths[i]` rows with the value `codes[i]`, neighbours different. */
export interface Runs {
  readonly dictionary: ByteDictionary;
  readonly codes: Uint32Array;
  readonly lengths: Uint32Array;
  /** How many repetitions there are; the arrays can be longer. */
  readonly count: number;
  readonly rows: number;
}

/** Puts {@link Runs} together. */
export class RunBuilder implements Runs {
  readonly dictionary: ByteDictionary;
  codes: Uint32Array = new Uint32Array(256);
  lengths: Uint32Array = new Uint32Array(256);
  count = 0;
  rows = 0;

  constructor(physical: PhysicalType) {
    this.dictionary = new ByteDictionary(widthOf(physical));
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
    const bytes = Buffer.from(text);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.add(this.dictionary.code(view, 0, bytes.byteLength), rows);
  }

  /** A value per frame, in the rows of that frame. */
  addFrames(column: BatchColumn, rows: Uint32Array): void {
    const codes = frameCodes(this.dictionary, column.values);
    let next = 0;
    for (let frame = 0; frame < rows.length; frame++) {
      const valid = column.validity === undefined || bitAt(column.validity, frame);
      this.add(valid ? codes[next++]! : nullCode, rows[frame]!);
    }
  }
}

function doubled(array: Uint32Array): Uint32Array {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}

function frameCodes(dictionary: ByteDictionary, values: Values): Uint32Array {
  switch (values.kind) {
    case "bytes":
      return byteCodes(dictionary, values.data, values.count);
    case "dictionary": {
      const map = byteCodes(dictionary, values.dictionary.data, values.dictionary.count);
      return values.codes.map((code) => {
        const mapped = map[code];
        if (mapped === undefined) throw new Error(`batch: code ${code} is outside its dictionary`);
        return mapped;
      });
    }
    case "float64":
    case "int64":
    case "int32": {
      const codes = new Uint32Array(values.data.length);
      numberCodes(dictionary, values.data, codes.length, codes, 0);
      return codes;
    }
    default:
      throw new Error(`batch: ${values.kind} values in a frame column`);
  }
}

function byteCodes(dictionary: ByteDictionary, data: Uint8Array, count: number): Uint32Array {
  const codes = new Uint32Array(count);
  if (addByteArrays(dictionary, data, count, codes, 0) !== data.byteLength) throw notFilled(count);
  return codes;
}
