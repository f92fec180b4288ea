import type { DecodedArray, PageHeader } from "hyparquet";
import { readPage } from "hyparquet/src/column.js";
import { Encodings, PageTypes } from "hyparquet/src/constants.js";
import { convert } from "hyparquet/src/convert.js";
import { crc32 } from "../../../base/checksum.ts";
import { decompress } from "./decompress.ts";
import { type Budget, maxPageBytes, maxPageValues } from "./limits.ts";
import { checkPage, checkValues, type LeafShape, type PageLayout } from "./page-check.ts";
import { ThriftReader, thriftTypes } from "./thrift-reader.ts";

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
  const reader = new ThriftReader(chunk);
  reader.at = start;
  const header = headerAt(reader);
  const bodyStart = reader.at;
  const size = whole(header.compressed_page_size, maxPageBytes, "bytes");
  whole(header.uncompressed_page_size, maxPageBytes, "bytes");
  const end = bodyStart + size;
  if (end > chunk.length) throw new Error(`a page ends ${end - chunk.length} bytes behind its column`);
  const facts = header.data_page_header ?? header.data_page_header_v2 ?? header.dictionary_page_header;
  const values = whole(facts?.num_values, maxPageValues, "values");
  return { header, stored: chunk.subarray(bodyStart, end), end, values };
}

/**
 * A `PageHeader` of parquet.thrift in the form that hyparquet gives it, but for its statistics: of the pages
 * of small files the headers are as long as the values.
 */
function headerAt(reader: ThriftReader): PageHeader {
  const structs: HeaderFields[] = [];
  const own = fieldsAt(reader, (id) => (structs[id] = fieldsAt(reader)));
  const [first, dictionary, second] = [structs[5], structs[7], structs[8]];
  const header: { [Field in keyof PageHeader]: unknown } = {
    type: PageTypes[Number(own[1])],
    uncompressed_page_size: own[2],
    compressed_page_size: own[3],
    crc: own[4],
    data_page_header: first && { num_values: first[1], encoding: Encodings[Number(first[2])] },
    dictionary_page_header: dictionary && { num_values: dictionary[1] },
    data_page_header_v2: second && {
      num_values: second[1],
      num_nulls: second[2],
      num_rows: second[3],
      encoding: Encodings[Number(second[4])],
      definition_levels_byte_length: second[5],
      repetition_levels_byte_length: second[6],
      is_compressed: second[7] ?? true,
    },
  };
  return header as PageHeader;
}

/** Numbers and truth values of a struct by their ids. */
type HeaderFields = (number | boolean | undefined)[];

/** No header has a field of a greater id. */
const maxFieldId = 8;

/** `onStruct` reads one that is within. */
function fieldsAt(reader: ThriftReader, onStruct?: (id: number) => void): HeaderFields {
  const fields: HeaderFields = [];
  for (let id = reader.field(0); reader.type !== thriftTypes.stop; id = reader.field(id)) {
    const { type } = reader;
    if (!(id > 0 && id <= maxFieldId)) reader.skip(type);
    else if (type === thriftTypes.i32) fields[id] = reader.i32();
    else if (type === thriftTypes.struct && onStruct !== undefined) onStruct(id);
    else if (type === 1 || type === 2) fields[id] = type === 1;
    else reader.skip(type);
  }
  return fields;
}

/** Decodes the dictionary of a chunk. */
export function readDictionary(page: StoredPage, decoder: ColumnDecoder, budget: Budget): DecodedArray {
  const { header, values } = page;
  const bytes = decompressed(page, decoder.codec, budget);
  checkValues(bytes, 0, "PLAIN", values, decoder.element);
  if (isText(decoder)) return texts(bytes, 0, values);
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
  if (isFlat && present === 0) return { data: new Array<undefined>(page.values).fill(undefined), rows };
  const isWhole = isFlat && shape.maxDefinition > 0 && present === page.values;
  if (isFlat && present === page.values) {
    const data = flatValues(bytes, valuesAt, page, decoder, dictionary);
    if (data !== undefined) return { data, rows };
  }
  const own = isWhole ? bytes.subarray(valuesAt) : bytes;
  const header = plainHeader(page.header, own, isWhole);
  const known = isWhole ? required(decoder) : decoder;
  const { data } = readPage(reader(own), header, plain(known), dictionary, before, 0);
  // Of a dictionary of doubles a page is an array of doubles, and would be copied again and again.
  const isDoubles = isWhole && dictionary instanceof Float64Array && Array.isArray(data);
  return { data: (isDoubles ? Float64Array.from(data as number[]) : data) ?? [], rows };
}

/** Values of a page without nulls, in the encodings that small files have most of; undefined in others. */
function flatValues(
  bytes: Uint8Array,
  at: number,
  { header, values }: StoredPage,
  decoder: ColumnDecoder,
  dictionary: DecodedArray | undefined,
): DecodedArray | undefined {
  const { encoding } = header.data_page_header ?? header.data_page_header_v2 ?? {};
  if (encoding === "PLAIN") return isText(decoder) ? texts(bytes, at, values) : undefined;
  // Values of no bits are all the first one.
  const isConstant = encoding === "RLE_DICTIONARY" && decoder.type !== "BOOLEAN" && bytes[at] === 0;
  if (!isConstant || !Array.isArray(dictionary)) return undefined;
  return new Array<unknown>(values).fill(dictionary[0]);
}

function isText({ element, type }: ColumnDecoder): boolean {
  const { converted_type: converted, logical_type: logical } = element;
  return type === "BYTE_ARRAY" && converted === "UTF8" && (logical?.type ?? "STRING") === "STRING";
}

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
