import type { DecodedArray, PageHeader } from "hyparquet";
import { readPage } from "hyparquet/src/column.js";
import { convert } from "hyparquet/src/convert.js";
import { crc32 } from "../../../../base/checksum.ts";
import { decompress } from "./decompress.ts";
import type { Budget } from "../limits.ts";
import { flatValues, plainValues } from "./flat-values.ts";
import type { LeafDecoder } from "./leaf-decoder.ts";
import { checkPage, checkValues, type PageLayout } from "./page-check.ts";
import { type StoredPage, whole } from "./stored-page.ts";

/** Decodes the dictionary of a chunk. */
export function readDictionary(
  page: StoredPage,
  { column, kind, lastDictionary }: LeafDecoder,
  codec: string,
  budget: Budget,
): DecodedArray {
  const { header, values } = page;
  const known = lastDictionary.find(page, codec);
  if (known !== undefined) {
    charge(page, budget);
    return known;
  }
  const bytes = decompressed(page, codec, budget);
  checkValues(bytes, 0, "PLAIN", values, column.element);
  if (kind !== undefined) {
    const made = plainValues(bytes, 0, values, kind);
    lastDictionary.keep(page, codec, made);
    return made;
  }
  const { data } = readPage(reader(bytes), plainHeader(header, bytes), column, undefined, undefined, 0);
  return data === undefined ? [] : convert(data, column);
}

/** Decodes a page of values; a row that goes on from the page before is appended to `before`. */
export function readValues(
  page: StoredPage,
  leaf: LeafDecoder,
  codec: string,
  { dictionary, before }: { dictionary: DecodedArray | undefined; before: DecodedArray | undefined },
  budget: Budget,
): { readonly data: DecodedArray; readonly rows: number } {
  const { values } = page;
  const { column, shape, isFlat, kind } = leaf;
  const layout = layoutOf(page);
  const bytes =
    hasPlaces(layout) && isFlat && kind !== undefined
      ? placesOf(page, leaf, codec, budget)
      : decompressed(page, codec, budget);
  const { rows, present, valuesAt } = checkPage(bytes, layout, shape, dictionary?.length);
  if (isFlat && present === 0) return { data: new Array<null>(values).fill(null), rows };
  if (isFlat && kind !== undefined) {
    // The levels of version 2 have their length in the header.
    const levelsAt = layout.levels === undefined ? 4 : 0;
    const { encoding } = layout;
    const data = flatValues({ bytes, encoding, values, present, levelsAt, valuesAt }, kind, dictionary);
    if (data !== undefined) return { data, rows };
  }
  const known = before?.length ?? 0;
  const { data } = readPage(reader(bytes), plainHeader(page.header, bytes), column, dictionary, before, 0);
  // It leaves out what is null. What was there before has been looked at: there may be very many pages.
  if (isFlat && present < values && Array.isArray(data))
    for (let i = data === before ? known : 0; i < data.length; i++) data[i] ??= null;
  return { data: data ?? [], rows };
}

function hasPlaces({ encoding }: PageLayout): boolean {
  return encoding === "RLE_DICTIONARY" || encoding === "PLAIN_DICTIONARY";
}

/** A page of places in a dictionary, decompressed; they are only read. */
function placesOf(page: StoredPage, { lastPlaces }: LeafDecoder, codec: string, budget: Budget): Uint8Array {
  const known = lastPlaces.find(page, codec);
  if (known !== undefined) {
    charge(page, budget);
    return known;
  }
  const bytes = decompressed(page, codec, budget);
  lastPlaces.keep(page, codec, bytes);
  return bytes;
}

function layoutOf({ header, values }: StoredPage): PageLayout {
  const second = header.data_page_header_v2;
  if (header.type === "DATA_PAGE" && header.data_page_header !== undefined) {
    return { encoding: header.data_page_header.encoding, values, levels: undefined };
  }
  if (header.type !== "DATA_PAGE_V2" || second === undefined)
    throw new Error(`a page is of the kind ${header.type}`);
  return {
    encoding: second.encoding,
    values,
    levels: {
      repetition: second.repetition_levels_byte_length,
      definition: second.definition_levels_byte_length,
      nulls: whole(second.num_nulls, values, "nulls"),
    },
  };
}

/**
 * The bytes of a page, its checksum compared where it has one; they may be put into `room`, if they are
 * fewer. Version 2 never compresses the levels, which come first.
 */
export function decompressed(
  { header, stored, values }: StoredPage,
  codec: string,
  budget: Budget,
  room?: Uint8Array,
): Uint8Array {
  const { crc, uncompressed_page_size: size } = header;
  charge({ header, stored, values }, budget);
  if (crc !== undefined && crc32(stored) !== crc >>> 0) throw new Error("a page does not have its checksum");
  const second = header.type === "DATA_PAGE_V2" ? header.data_page_header_v2 : undefined;
  if (second === undefined) return decompress(codec, stored, size, room);
  const max = Math.min(stored.length, size);
  const levels =
    whole(second.repetition_levels_byte_length, max, "bytes of levels") +
    whole(second.definition_levels_byte_length, max, "bytes of levels");
  whole(levels, max, "bytes of levels");
  const body = stored.subarray(levels);
  // No values, no bytes: some writers then have nothing that could be decompressed.
  const plainBody = second.is_compressed === false || body.length === 0;
  const rest = decompress(plainBody ? "UNCOMPRESSED" : codec, body, size - levels);
  const all = new Uint8Array(size);
  all.set(stored.subarray(0, levels));
  all.set(rest, levels);
  return all;
}

function charge({ header, stored, values }: Omit<StoredPage, "end">, budget: Budget): void {
  // Level, value and its place in an array.
  budget.take(stored.length + header.uncompressed_page_size + values * 24);
}

function reader(bytes: Uint8Array): { view: DataView; offset: number } {
  return { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: 0 };
}

/** The header of the same page, had it been stored as it is now. */
function plainHeader(header: PageHeader, bytes: Uint8Array): PageHeader {
  const second = header.data_page_header_v2;
  return {
    ...header,
    compressed_page_size: bytes.length,
    uncompressed_page_size: bytes.length,
    ...(second === undefined ? {} : { data_page_header_v2: { ...second, is_compressed: false } }),
  };
}
