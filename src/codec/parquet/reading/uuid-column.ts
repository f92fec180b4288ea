import type { ColumnChunk, DecodedArray, RowGroup, SchemaTree } from "hyparquet";
import type { CheckedFile } from "./column-range.ts";
import type { Budget } from "./limits.ts";
import { chunkExtent } from "./offset-index.ts";
import { leafDecoder } from "./pages/leaf-decoder.ts";
import { decompressed, readValues } from "./pages/page.ts";
import { readStoredPage, type StoredPage } from "./pages/stored-page.ts";

/**
 * UUIDs, four numbers of 32 bits each, with a digit in every four bits, in an order of their own: equal ones
 * are equal numbers. As texts they would be a hundred bytes each and take ten times as long to compare.
 */
export type Uuids = Int32Array;

/** A column's chunk, fetched. */
export interface TextChunk {
  readonly file: CheckedFile;
  readonly node: SchemaTree;
  readonly chunk: ColumnChunk;
  readonly bytes: Uint8Array;
  readonly rows: number;
}

/** Fetches a column of texts, all of a row group; undefined if it has nulls or is no such column. */
export async function fetchTextChunk(
  file: CheckedFile,
  column: string,
  group: RowGroup,
  budget: Budget,
): Promise<TextChunk | undefined> {
  const node = file.schema.children.find(({ element }) => element.name === column);
  const chunk = group.columns.find(({ meta_data: meta }) => meta?.path_in_schema[0] === column);
  if (node === undefined || chunk?.meta_data === undefined || !isPlainText(node)) return undefined;
  const { start, end } = chunkExtent(chunk);
  budget.take(end - start);
  return { file, node, chunk, bytes: await file.source.read(start, end), rows: Number(group.num_rows) };
}

/**
 * The values of a column whose texts are UUIDs in lower case, page by page; a page's are good until the next
 * one is asked for. Throws at another text, and where pages are not stored so that they can be read.
 */
export function* uuidPages(column: TextChunk, budget: Budget): Generator<Uuids, void, undefined> {
  const { bytes, rows, chunk } = column;
  const codec = chunk.meta_data?.codec ?? "UNCOMPRESSED";
  let uuids: Uuids = new Int32Array(0);
  let dictionary: Uuids | undefined;
  let row = 0;
  for (let at = 0; at < bytes.length; ) {
    const page = readStoredPage(bytes, at);
    at = page.end;
    if (page.header.type === "INDEX_PAGE") continue;
    if (page.header.type === "DICTIONARY_PAGE") {
      if (dictionary !== undefined || row > 0) throw new Error("a column has more than one dictionary");
      budget.take(page.values * bytesInMemory);
      dictionary = new Int32Array(page.values * 4);
      packTexts(decompressed(page, codec, budget), dictionary, page.values);
      continue;
    }
    row += page.values;
    if (row > rows) throw new Error("a column has more values than rows");
    if (uuids.length < page.values * 4) {
      budget.take(page.values * bytesInMemory);
      uuids = new Int32Array(page.values * 4);
    }
    if (isEncodedPlain(page)) packTexts(decompressed(page, codec, budget), uuids, page.values);
    else pickTexts(placesIn(page, column, dictionary, budget), dictionary, uuids);
    yield uuids.subarray(0, page.values * 4);
  }
  if (row < rows) throw new Error("a column has fewer values than rows");
}

const bytesInMemory = 16;

/** Without levels, so that a page begins with its values. */
function isPlainText({ element, children }: SchemaTree): boolean {
  return element.type === "BYTE_ARRAY" && element.repetition_type === "REQUIRED" && children.length === 0;
}

function isEncodedPlain({ header }: StoredPage): boolean {
  const { encoding } = header.data_page_header ?? header.data_page_header_v2 ?? {};
  return encoding === "PLAIN";
}

/** Which values of the dictionary a page has. */
function placesIn(
  page: StoredPage,
  { file, node, chunk: { meta_data: meta } }: TextChunk,
  dictionary: Uuids | undefined,
  budget: Budget,
): DecodedArray {
  const { encoding } = page.header.data_page_header ?? page.header.data_page_header_v2 ?? {};
  if (meta === undefined || (encoding !== "RLE_DICTIONARY" && encoding !== "PLAIN_DICTIONARY"))
    throw notUuids();
  const leaf = leafDecoder([file.schema, node], file.parsers);
  const places = Uint32Array.from({ length: (dictionary?.length ?? 0) / 4 }, (_, place) => place);
  return readValues(page, leaf, meta.codec, { dictionary: places, before: undefined }, budget).data;
}

function pickTexts(places: DecodedArray, dictionary: Uuids | undefined, into: Uuids): void {
  if (dictionary === undefined) throw notUuids();
  for (let i = 0; i < places.length; i++) {
    const from = (places[i] as number) * 4;
    for (let word = 0; word < 4; word++) into[i * 4 + word] = dictionary[from + word] as number;
  }
}

function notUuids(): Error {
  return new Error("there are texts that are no UUIDs");
}

/** A length and 36 characters, of which four are dashes, as numbers of 32 bits. */
const textWords = 10;
const textLength = 36;
/** Makes a dash the digit 0. */
const dash = 0x2d ^ 0x30;

/**
 * Packs so many texts, four characters at a time: in a number, the first one is the lowest byte.
 *
 *   text    tttttttt-tttt-7ccc-vccc-rrrrrrrrrrrr
 *   number  1   2   3   4   5   6   7   8   9
 *
 * Of two numbers of four digits, in a half of each byte, the second one is put into the other halves. Numbers
 * 3 to 6 have a dash each, in places of which are the digits of number 9.
 */
function packTexts(bytes: Uint8Array, into: Uuids, count: number): void {
  if (bytes.length !== count * textWords * 4) throw notUuids();
  const texts =
    bytes.byteOffset % 4 === 0
      ? new Int32Array(bytes.buffer, bytes.byteOffset, count * textWords)
      : new Int32Array(new Uint8Array(bytes).buffer);
  let wrong = 0;
  for (let at = 0, place = 0; place < count * 4; at += textWords, place += 4) {
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
