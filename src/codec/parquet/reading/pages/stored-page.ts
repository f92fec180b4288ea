import type { PageHeader } from "hyparquet";
import { Encodings, PageTypes } from "hyparquet/src/constants.js";
import { maxPageBytes, maxPageValues } from "../limits.ts";
import { ThriftReader, thriftTypes } from "../thrift-reader.ts";

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
  fieldsAt(reader, own, true);
  const [first, dictionary, second] = [own[5] && within[5], own[7] && within[7], own[8] && within[8]];
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

/** Numbers and truth values of a struct by their ids; true of a struct. */
type HeaderFields = (number | boolean | undefined)[];

/** No header has a field of a greater id. */
const maxFieldId = 8;
const emptyFields = (): HeaderFields => new Array<undefined>(maxFieldId + 1).fill(undefined);

/** For the header that is read, and the structs within it by their ids. There are very many headers. */
const own = emptyFields();
const within: readonly HeaderFields[] = own.map(emptyFields);

function fieldsAt(reader: ThriftReader, fields: HeaderFields, isOuter: boolean): void {
  fields.fill(undefined);
  for (let id = reader.field(0); reader.type !== thriftTypes.stop; id = reader.field(id)) {
    const { type } = reader;
    if (!(id > 0 && id <= maxFieldId)) reader.skip(type);
    else if (type === thriftTypes.i32) fields[id] = reader.i32();
    else if (type === thriftTypes.struct && isOuter) {
      fieldsAt(reader, within[id]!, false);
      fields[id] = true;
    } else if (type === 1 || type === 2) fields[id] = type === 1;
    else reader.skip(type);
  }
}

/** A number of a header, if it can be one. */
export function whole(value: unknown, max: number, what: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= max) return value;
  throw new Error(`a page says it has ${String(value)} ${what}, expected 0 to ${max}`);
}
