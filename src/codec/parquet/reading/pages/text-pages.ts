import type { SchemaTree } from "hyparquet";
import type { CheckedFile } from "../column-range.ts";
import type { Budget } from "../limits.ts";
import type { ColumnChunk, RowGroup } from "../metadata.ts";
import { chunkExtent } from "../offset-index.ts";
import { leafDecoder } from "./leaf-decoder.ts";
import { decompressed, readValues } from "./page.ts";
import { readStoredPage, type StoredPage } from "./stored-page.ts";

/*
 * Columns of texts of 36 characters, as UUIDs are, in the bytes in which they are stored: nothing is made of
 * a text that is only compared.
 */

/** A length and 36 characters, as numbers of 32 bits. */
export const textWords = 10;

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
  const chunk = group.columns.find(({ path }) => path[0] === column);
  if (node === undefined || chunk === undefined || !isPlainText(node)) return undefined;
  const { start, end } = chunkExtent(chunk);
  budget.take(end - start);
  return { file, node, chunk, bytes: await file.source.read(start, end), rows: group.rows };
}

/** The texts of a page; there is at least one. */
export interface TextPage {
  /** One behind the other, {@link textWords} each: the first character is the lowest byte of its number. */
  readonly texts: Int32Array;
  /** Which text each value is; undefined where each is the next one. */
  readonly places: ArrayLike<number> | undefined;
  readonly count: number;
}

/**
 * The texts of a column, page by page; a page's are good until the one after the next is asked for. Throws
 * where texts have other bytes than as many of 36 characters, and where pages are not stored so that they can
 * be read.
 */
export function* textPages(column: TextChunk, budget: Budget): Generator<TextPage, void, undefined> {
  const { bytes, rows } = column;
  const { codec } = column.chunk;
  let dictionary: Int32Array | undefined;
  // The page before keeps its room.
  let [room, before] = [new Uint8Array(0), new Uint8Array(0)];
  let row = 0;
  for (let at = 0; at < bytes.length; ) {
    const page = readStoredPage(bytes, at);
    at = page.end;
    if (page.header.type === "INDEX_PAGE") continue;
    if (page.header.type === "DICTIONARY_PAGE") {
      if (dictionary !== undefined || row > 0) throw new Error("a column has more than one dictionary");
      dictionary = wordsOf(decompressed(page, codec, budget), page.values);
      continue;
    }
    const count = page.values;
    row += count;
    if (row > rows) throw new Error("a column has more values than rows");
    if (count === 0) continue;
    if (isEncodedPlain(page)) {
      const size = count * textWords * 4;
      if (page.header.uncompressed_page_size !== size) throw otherTexts();
      [room, before] = [before, room];
      if (room.length <= size) {
        budget.take(size);
        room = new Uint8Array(size + 1);
      }
      yield { texts: wordsOf(decompressed(page, codec, budget, room), count), places: undefined, count };
    } else yield { ...picked(page, column, dictionary, budget), count };
  }
  if (row < rows) throw new Error("a column has fewer values than rows");
}

/** Without levels, so that a page begins with its values. */
function isPlainText({ element, children }: SchemaTree): boolean {
  return element.type === "BYTE_ARRAY" && element.repetition_type === "REQUIRED" && children.length === 0;
}

function encodingOf({ header }: StoredPage): string | undefined {
  return (header.data_page_header ?? header.data_page_header_v2)?.encoding;
}

function isEncodedPlain(page: StoredPage): boolean {
  return encodingOf(page) === "PLAIN";
}

/** The values of a page that has places in a dictionary. */
function picked(
  page: StoredPage,
  { file, node, chunk }: TextChunk,
  dictionary: Int32Array | undefined,
  budget: Budget,
): Omit<TextPage, "count"> {
  const encoding = encodingOf(page);
  const isPlaces = encoding === "RLE_DICTIONARY" || encoding === "PLAIN_DICTIONARY";
  if (dictionary === undefined || !isPlaces) throw otherTexts();
  const leaf = leafDecoder([file.schema, node], file.parsers);
  const all = Uint32Array.from({ length: dictionary.length / textWords }, (_, place) => place);
  const { data } = readValues(page, leaf, chunk.codec, { dictionary: all, before: undefined }, budget);
  return { texts: dictionary, places: data as ArrayLike<number> };
}

function wordsOf(bytes: Uint8Array, count: number): Int32Array {
  if (bytes.length !== count * textWords * 4) throw otherTexts();
  return bytes.byteOffset % 4 === 0
    ? new Int32Array(bytes.buffer, bytes.byteOffset, count * textWords)
    : new Int32Array(new Uint8Array(bytes).buffer);
}

function otherTexts(): Error {
  return new Error("there are texts that do not have 36 characters");
}

/**
 * How two texts are ordered, by their bytes: below 0 if the first one comes first, above if the other one
 * does; never 0 if their lengths differ.
 */
export function compareTexts(texts: Int32Array, at: number, others: Int32Array, other: number): number {
  for (let word = 0; word < textWords; word++) {
    const own = texts[at + word] as number;
    const its = others[other + word] as number;
    if (own === its) continue;
    const differs = own ^ its;
    // The byte that differs and is in front.
    const shift = (31 - Math.clz32(differs & -differs)) & 24;
    return ((own >>> shift) & 0xff) - ((its >>> shift) & 0xff);
  }
  return 0;
}

/** A text as a string. */
export function textAt(texts: Int32Array, at: number): string {
  return Buffer.from(texts.buffer, texts.byteOffset + (at + 1) * 4, (textWords - 1) * 4).toString("latin1");
}
