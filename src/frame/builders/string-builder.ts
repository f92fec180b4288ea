import type { Values } from "../batch.ts";
import type { Cell } from "../cell.ts";
import { cutText } from "../copy/cut-text.ts";
import { grownCapacity, isOversized } from "./grow.ts";
import { maxEvenLength, PlainValues } from "./plain-values.ts";
import { Presence } from "../presence.ts";
import type { ValuesBuilder } from "./values-builder.ts";

/**
 * A dictionary is given up when it has more than this many entries and more than half of the values are
 * distinct.
 */
const sampleEntries = 1000;
/** At the end of a batch, so many entries are enough to tell. */
const fewEntries = 64;
/** A power of two: enough for the values of a category, at 6 KiB for a column. */
const recentSlots = 512;
/**
 * Texts joined at once, from so many on, up to so many: it pays for long columns, and bounds the string that
 * comes to be.
 */
const minEven = 32;
const maxEven = 1024;
/** A column that gave up its dictionary tries again after this many batches. */
const plainBatches = 16;

/**
 * A builder of string columns: a dictionary and codes while values repeat, plain values when a sample says
 * that they do not. Texts of more than `maxBytes` UTF-8 bytes are cut. Takes well-formed strings only.
 *
 * @param plain always plain, for columns known to be distinct.
 */
export function createStringBuilder(maxBytes: number, plain = false): ValuesBuilder {
  return new StringBuilder(maxBytes, plain);
}

class StringBuilder implements ValuesBuilder {
  readonly #maxBytes: number;
  readonly #alwaysPlain: boolean;
  readonly #presence = new Presence();
  /** Plain values, or the dictionary's. */
  #data = new PlainValues();
  #spare: PlainValues | undefined;
  #codeOf = new Map<string, number>();
  #codes = new Uint32Array(64);
  /**
   * A text lately seen in each slot of {@link recentSlot}, and its code. To find a text again here takes a
   * third of what it takes in the map, which must hash all of it first.
   */
  readonly #recent: string[];
  readonly #recentCodes: Uint32Array;
  /** Batches to go until a dictionary is tried; 0 while there is one. */
  #plainFor: number;

  constructor(maxBytes: number, plain: boolean) {
    this.#maxBytes = maxBytes;
    this.#alwaysPlain = plain;
    this.#plainFor = plain ? plainBatches : 0;
    this.#recent = new Array(plain ? 0 : recentSlots).fill("");
    this.#recentCodes = new Uint32Array(this.#recent.length);
  }

  get count(): number {
    return this.#presence.count;
  }

  get byteLength(): number {
    const codes = this.#plainFor === 0 ? this.#presence.count * 4 : 0;
    return this.#data.size + codes + this.#presence.byteLength;
  }

  fill(cells: readonly Cell[], from: number, to: number, row: number): number {
    const presence = this.#presence;
    let i = from;
    while (i < to) {
      const start = i;
      i = this.#plainFor === 0 ? this.#takeCodes(cells, start, to) : this.#takePlain(cells, start, to);
      if (i > start) presence.addRun(row + start - from, i - start);
      const end = i;
      while (i < to && (cells[i] === null || cells[i] === undefined)) i++;
      // Neither a string nor a null, or a string with a lone surrogate.
      if (i === end && (i === start || typeof cells[i] !== "string")) break;
    }
    return i;
  }

  validity(rows: number): Uint8Array | undefined {
    return this.#presence.validity(rows);
  }

  values(): Values {
    if (this.#plainFor > 0) return { kind: "bytes", count: this.count, data: this.#data.view() };
    return {
      kind: "dictionary",
      codes: this.#codes.subarray(0, this.count),
      dictionary: { count: this.#codeOf.size, data: this.#data.view() },
    };
  }

  truncate(rows: number): void {
    this.#presence.truncate(rows);
    if (this.#plainFor > 0) return this.#data.truncate(this.count);
    // Codes are given in order of first sight: those that are left are the entries up to the greatest.
    let entries = 0;
    for (let i = 0; i < this.count; i++) entries = Math.max(entries, (this.#codes[i] as number) + 1);
    for (const [text, code] of this.#codeOf) if (code >= entries) this.#codeOf.delete(text);
    this.#recent.fill("");
    this.#data.truncate(entries);
  }

  clear(): void {
    if (isOversized(this.#codes.byteLength, this.count * 4)) this.#codes = new Uint32Array(64);
    const entries = this.#codeOf.size;
    // A batch of long texts is full before the sample is.
    if (entries > fewEntries && entries * 2 > this.count) this.#plainFor = plainBatches;
    else if (this.#plainFor > 0 && !this.#alwaysPlain) this.#plainFor--;
    this.#forgetRecent();
    this.#codeOf.clear();
    this.#data.clear();
    this.#presence.clear();
  }

  /** What is in a slot is an entry, so after few entries few slots need a look. */
  #forgetRecent(): void {
    if (this.#codeOf.size > recentSlots / 8) this.#recent.fill("");
    else for (const text of this.#codeOf.keys()) this.#recent[recentSlot(text)] = "";
  }

  /** Takes strings up to the first other cell, whose index it returns. */
  #takePlain(cells: readonly Cell[], from: number, to: number): number {
    const data = this.#data;
    const safeLength = this.#maxBytes / 3;
    // Up to here texts are taken one by one: they were tried together.
    let single = from;
    let i = from;
    while (i < to) {
      const cell = cells[i];
      if (typeof cell !== "string") break;
      const { length } = cell;
      if (i >= single && to - i >= minEven && length <= safeLength && length <= maxEvenLength) {
        const count = evenRun(cells, i, to, length);
        single = i + count;
        if (count >= minEven && data.putEven(cells, i, count, length)) {
          i = single;
          continue;
        }
      }
      if (!data.putText(length <= safeLength ? cell : cutText(cell, this.#maxBytes))) break;
      i++;
    }
    return i;
  }

  #takeCodes(cells: readonly Cell[], from: number, to: number): number {
    const codeOf = this.#codeOf;
    const codes = this.#roomForCodes(this.count + to - from);
    const recent = this.#recent;
    const recentCodes = this.#recentCodes;
    let n = this.count;
    let i = from;
    for (; i < to; i++) {
      const cell = cells[i];
      if (typeof cell !== "string") break;
      const slot = recentSlot(cell);
      // An empty slot holds the empty text, so that the engine compares strings only.
      if (recent[slot] === cell && cell !== "") {
        codes[n++] = recentCodes[slot] as number;
        continue;
      }
      const code = codeOf.get(cell) ?? this.#newCode(cell);
      if (code < 0) break;
      recent[slot] = cell;
      recentCodes[slot] = code;
      codes[n++] = code;
    }
    if (codeOf.size > sampleEntries && codeOf.size * 2 > n) this.#becomePlain(n);
    return i;
  }

  #newCode(text: string): number {
    // A cut text can be an entry already; entries are told apart by the text before the cut, which does no
    // harm.
    const code = this.#codeOf.size;
    if (!this.#data.putText(text.length * 3 <= this.#maxBytes ? text : cutText(text, this.#maxBytes)))
      return -1;
    this.#codeOf.set(text, code);
    return code;
  }

  #becomePlain(count: number): void {
    const dictionary = this.#data;
    const offsets = dictionary.offsets(this.#codeOf.size);
    const plain = this.#spare ?? new PlainValues();
    for (let i = 0; i < count; i++) {
      const code = this.#codes[i] as number;
      plain.putRaw(dictionary, offsets[code] as number, offsets[code + 1] as number);
    }
    this.#data = plain;
    dictionary.clear();
    this.#spare = dictionary;
    this.#codeOf.clear();
    this.#recent.fill("");
    this.#plainFor = plainBatches;
  }

  #roomForCodes(need: number): Uint32Array {
    if (need > this.#codes.length) {
      const grown = new Uint32Array(grownCapacity(this.#codes.length, need));
      grown.set(this.#codes.subarray(0, this.count));
      this.#codes = grown;
    }
    return this.#codes;
  }
}

/**
 * A slot by length and last characters: texts of one column mostly differ in these, be they numbers or words.
 */
function recentSlot(text: string): number {
  const end = text.length;
  if (end < 3) return end;
  const last = text.charCodeAt(end - 1) + text.charCodeAt(end - 2) * 11 + text.charCodeAt(end - 3) * 121;
  return (last + end) & (recentSlots - 1);
}

/** How many texts of this length follow one another from `from` on. */
function evenRun(cells: readonly Cell[], from: number, to: number, length: number): number {
  const end = Math.min(to, from + maxEven);
  let i = from;
  for (; i < end; i++) {
    const cell = cells[i];
    if (typeof cell !== "string" || cell.length !== length) break;
  }
  return i - from;
}
