import type { Budget } from "./limits.ts";
import { type TextChunk, textPages, textWords } from "./pages/text-pages.ts";

/**
 * UUIDs, four numbers of 32 bits each, with a digit in every four bits, in an order of their own: equal ones
 * are equal numbers. As texts they would be a hundred bytes each and take ten times as long to compare.
 */
export type Uuids = Int32Array;

/**
 * The values of a column whose texts are UUIDs in lower case, page by page; a page's are good until the next
 * one is asked for. Throws at another text, and where pages are not stored so that they can be read.
 */
export function* uuidPages(column: TextChunk, budget: Budget): Generator<Uuids, void, undefined> {
  let uuids: Uuids = new Int32Array(0);
  let dictionary: { readonly texts: Int32Array; readonly uuids: Uuids } | undefined;
  for (const { texts, places, count } of textPages(column, budget)) {
    if (uuids.length < count * 4) {
      budget.take(count * bytesInMemory);
      uuids = new Int32Array(count * 4);
    }
    if (places === undefined) packTexts(texts, uuids);
    else {
      if (dictionary?.texts !== texts) dictionary = { texts, uuids: packed(texts, budget) };
      pick(dictionary.uuids, places, uuids);
    }
    yield uuids.subarray(0, count * 4);
  }
}

const bytesInMemory = 16;

function packed(texts: Int32Array, budget: Budget): Uuids {
  const count = texts.length / textWords;
  budget.take(count * bytesInMemory);
  const uuids = new Int32Array(count * 4);
  packTexts(texts, uuids);
  return uuids;
}

function pick(from: Uuids, places: ArrayLike<number>, into: Uuids): void {
  for (let i = 0; i < places.length; i++) {
    const at = (places[i] as number) * 4;
    for (let word = 0; word < 4; word++) into[i * 4 + word] = from[at + word] as number;
  }
}

function notUuids(): Error {
  return new Error("there are texts that are no UUIDs");
}

/** Of 36 characters, four are dashes. */
const textLength = 36;
const digits: Uint8Array = Buffer.from("0123456789abcdef", "latin1");
/** Makes a dash the digit 0. */
const dash = 0x2d ^ 0x30;

/**
 * Packs texts, four characters at a time: in a number, the first one is the lowest byte.
 *
 *   text    tttttttt-tttt-7ccc-vccc-rrrrrrrrrrrr
 *   number  1   2   3   4   5   6   7   8   9
 *
 * Of two numbers of four digits, in a half of each byte, the second one is put into the other halves. Numbers
 * 3 to 6 have a dash each, in places of which are the digits of number 9.
 */
function packTexts(texts: Int32Array, into: Uuids): void {
  let wrong = 0;
  for (let at = 0, place = 0; at < texts.length; at += textWords, place += 4) {
    // One by one: to take them out of an array would take twice the time.
    const word = (number: number): number => texts[at + number] as number;
    const c1 = word(1);
    const c2 = word(2);
    const c3 = word(3) ^ dash;
    const c4 = word(4) ^ (dash << 8);
    const c5 = word(5) ^ (dash << 16);
    const c6 = word(6) ^ (dash << 24);
    const c7 = word(7);
    const c8 = word(8);
    const c9 = word(9);
    const d1 = digitsOf(c1);
    const d2 = digitsOf(c2);
    const d3 = digitsOf(c3);
    const d4 = digitsOf(c4);
    const d5 = digitsOf(c5);
    const d6 = digitsOf(c6);
    const d7 = digitsOf(c7);
    const d8 = digitsOf(c8);
    const d9 = digitsOf(c9);
    wrong |= (word(0) ^ textLength) | (d3 & 0xff) | (d4 & 0xff00) | (d5 & 0xff0000) | (d6 & 0xff000000);
    wrong |= (d1 | d2 | d3 | d4 | d5 | d6 | d7 | d8 | d9) & 0xf0f0f0f0;
    wrong |= (c1 ^ textOf(d1)) | (c2 ^ textOf(d2)) | (c3 ^ textOf(d3)) | (c4 ^ textOf(d4));
    wrong |= (c5 ^ textOf(d5)) | (c6 ^ textOf(d6)) | (c7 ^ textOf(d7)) | (c8 ^ textOf(d8));
    wrong |= c9 ^ textOf(d9);
    into[place] = d1 | (d2 << 4);
    into[place + 1] = d3 | (d4 << 4) | (d9 & 0xf) | ((d9 & 0xf00) << 4);
    into[place + 2] = d5 | (d6 << 4) | (d9 & 0xf0000) | ((d9 & 0xf000000) << 4);
    into[place + 3] = d7 | (d8 << 4);
  }
  if (wrong !== 0) throw notUuids();
}

/** Whether a text is a UUID in lower case. */
export function isUuidText(texts: Int32Array, at: number): boolean {
  const word = (number: number): number => texts[at + number] as number;
  const c3 = word(3) ^ dash;
  const c4 = word(4) ^ (dash << 8);
  const c5 = word(5) ^ (dash << 16);
  const c6 = word(6) ^ (dash << 24);
  const areDigits =
    areFourDigits(word(1)) &
    areFourDigits(word(2)) &
    areFourDigits(c3) &
    areFourDigits(c4) &
    areFourDigits(c5) &
    areFourDigits(c6) &
    areFourDigits(word(7)) &
    areFourDigits(word(8)) &
    areFourDigits(word(9));
  // What was a dash is the digit 0 now.
  const zeros = ((c3 & 0xff) ^ 0x30) | (((c4 >>> 8) & 0xff) ^ 0x30) | (((c5 >>> 16) & 0xff) ^ 0x30);
  return word(0) === textLength && areDigits === 1 && (zeros | ((c6 >>> 24) ^ 0x30)) === 0;
}

/** 1 if all four characters are digits, else 0. */
function areFourDigits(characters: number): number {
  return (digitPairs[characters & 0xffff] as number) & (digitPairs[characters >>> 16] as number);
}

/** Of two characters, as a number of 16 bits, 1 if both are digits: looked up sooner than told. */
const digitPairs = new Uint8Array(65_536);
for (const one of digits) for (const other of digits) digitPairs[one | (other << 8)] = 1;

/** What four characters are worth as digits, a byte each. */
function digitsOf(characters: number): number {
  const letters = (characters >>> 6) & 0x01010101;
  return (characters & 0x0f0f0f0f) + ((letters << 3) + letters);
}

/** The characters of digits, 0 to 9 and a to f. */
function textOf(digits: number): number {
  return digits + 0x30303030 + Math.imul(((digits + 0x06060606) >>> 4) & 0x01010101, 0x27);
}

/** The text of the one whose numbers begin at `at`, as it was stored. */
export function uuidText(uuids: Uuids, at: number): string {
  const word = (number: number): number => uuids[at + number] as number;
  const first = (number: number): string => hex(word(number));
  const second = (number: number): string => hex(word(number) >>> 4);
  const [a, b, c, d] = [first(1), second(1), first(2), second(2)];
  const last = `${a[0]}${b[1]}${c[2]}${d[3]}`;
  const middle = `${a.slice(1)}${b[0]}-${b.slice(2)}${c.slice(0, 2)}-${c[3]}${d.slice(0, 3)}`;
  return `${first(0)}${second(0)}-${middle}-${first(3)}${second(3)}${last}`;
}

/** The digits in the lower halves of a number's bytes. */
function hex(word: number): string {
  return [0, 8, 16, 24].map((shift) => ((word >>> shift) & 15).toString(16)).join("");
}

/** When a UUID of version 7 was made, milliseconds since 1970 UTC; undefined for any other. */
export function uuidMillis(uuids: Uuids, at: number): number | undefined {
  const first = uuids[at] as number;
  const second = uuids[at + 1] as number;
  if (((second >>> 20) & 15) !== 7 || ((uuids[at + 2] as number) >>> 26) % 4 !== 2) return undefined;
  const low = (fourDigits(second) & 0xfff) * 16 + ((second >>> 4) & 15);
  return (fourDigits(first) * 65_536 + fourDigits(first >>> 4)) * 65_536 + low;
}

/** The number whose digits are in the lower halves of a number's bytes. */
function fourDigits(word: number): number {
  const pairs = ((word & 0x000f000f) << 4) | ((word >>> 8) & 0x000f000f);
  return ((pairs & 0xff) << 8) | (pairs >>> 16);
}
