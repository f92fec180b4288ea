import type { DecodedArray, PageHeader } from "hyparquet";
import { parquetHeader, readPage } from "hyparquet/src/column.js";
import { convert } from "hyparquet/src/convert.js";
import { crc32 } from "../../../base/checksum.ts";
import { decompress } from "./decompress.ts";
import { type Budget, maxPageBytes, maxPageValues } from "./limits.ts";
import { checkPage, checkValues, type LeafShape, type PageLayout } from "./page-check.ts";
import { skimStruct } from "./thrift-skim.ts";

/** How hyparquet is told of a column. */
export type ColumnDecoder = Parameters<typeof readPage>[2];

/** A page as its header describes it, with its bytes as they are stored. */
export interface StoredPage {
  readonly header: PageHeader;
  readonly stored: Uint8Array;
  /** Where the next page is. */
  readonly end: number;
  /** Values, nulls included. */
  readonly values: number;
}

/** Reads the header at `start` of a column chunk's bytes, and refuses what cannot be true of it. */
export function readStoredPage(chunk: Uint8Array, start: number): StoredPage {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
  const bodyStart = skimStruct(view, start);
  const header = parquetHeader({ view, offset: start });
  const size = whole(header.compressed_page_size, maxPageBytes, "bytes");
  whole(header.uncompressed_page_size, maxPageBytes, "bytes");
  const end = bodyStart + size;
  if (end > chunk.length) throw new Error(`a page ends ${end - chunk.length} bytes behind its column`);
  const facts = header.data_page_header ?? header.data_page_header_v2 ?? header.dictionary_page_header;
  const values = whole(facts?.num_values, maxPageValues, "values");
  return { header, stored: chunk.subarray(bodyStart, end), end, values };
}

/** Decodes the dictionary of a chunk. */
export function readDictionary(page: StoredPage, decoder: ColumnDecoder, budget: Budget): DecodedArray {
  const { header, values } = page;
  const bytes = decompressed(page, decoder.codec, budget);
  checkValues(bytes, 0, "PLAIN", values, decoder.element);
  const { data } = readPage(
    reader(bytes),
    plainHeader(header, bytes),
    plain(decoder),
    undefined,
    undefined,
    0,
  );
  return data === undefined ? [] : convert(data, decoder);
}

/** Decodes a page of values; a row that goes on from the page before is appended to `before`. */
export function readValues(
  page: StoredPage,
  decoder: ColumnDecoder,
  shape: LeafShape,
  { dictionary, before }: { dictionary: DecodedArray | undefined; before: DecodedArray | undefined },
  budget: Budget,
): { readonly data: DecodedArray; readonly rows: number } {
  const bytes = decompressed(page, decoder.codec, budget);
  const { rows, present, valuesAt } = checkPage(bytes, layoutOf(page), shape, dictionary?.length);
  const isFlat = decoder.schemaPath.length === 2 && shape.maxRepetition === 0;
  const isWhole = isFlat && shape.maxDefinition > 0 && present === page.values;
  const own = isWhole ? bytes.subarray(valuesAt) : bytes;
  const header = plainHeader(page.header, own, isWhole);
  const known = isWhole ? required(decoder) : decoder;
  const { data } = readPage(reader(own), header, plain(known), dictionary, before, 0);
  // Of a dictionary of doubles a page is an array of doubles, and would be copied again and again.
  const isDoubles = isWhole && dictionary instanceof Float64Array && Array.isArray(data);
  return { data: (isDoubles ? Float64Array.from(data as number[]) : data) ?? [], rows };
}

/**
 * The column of a page without nulls, as if it could have none: levels that say nothing would be made a list,
 * and a value looked up for each.
 */
function required({ schemaPath: [root, leaf], ...decoder }: ColumnDecoder): ColumnDecoder {
  const { element } = decoder;
  const path = [root, leaf && { ...leaf, element: { ...element, repetition_type: "REQUIRED" as const } }];
  return { ...decoder, schemaPath: path.filter((node) => node !== undefined) };
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
 * The bytes of a page, its checksum compared where it has one. Version 2 never compresses the levels, which
 * come first.
 */
export function decompressed(
  { header, stored, values }: StoredPage,
  codec: string,
  budget: Budget,
): Uint8Array {
  const { crc, uncompressed_page_size: size } = header;
  // Level, value and its place in an array.
  budget.take(stored.length + size + values * 24);
  if (crc !== undefined && crc32(stored) !== crc >>> 0) throw new Error("a page does not have its checksum");
  const second = header.type === "DATA_PAGE_V2" ? header.data_page_header_v2 : undefined;
  if (second === undefined) return decompress(codec, stored, size);
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

function reader(bytes: Uint8Array): { view: DataView; offset: number } {
  return { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: 0 };
}

/** The header of the same page, had it been stored as it is now, and without levels if these were cut off. */
function plainHeader(header: PageHeader, bytes: Uint8Array, isCut = false): PageHeader {
  const second = header.data_page_header_v2;
  const levels = isCut ? { definition_levels_byte_length: 0, repetition_levels_byte_length: 0 } : {};
  return {
    ...header,
    compressed_page_size: bytes.length,
    uncompressed_page_size: bytes.length,
    ...(second === undefined ? {} : { data_page_header_v2: { ...second, ...levels, is_compressed: false } }),
  };
}

function plain(decoder: ColumnDecoder): ColumnDecoder {
  return { ...decoder, codec: "UNCOMPRESSED" };
}

function whole(value: unknown, max: number, what: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= max) return value;
  throw new Error(`a page says it has ${String(value)} ${what}, expected 0 to ${max}`);
}
