import type { ColumnChunk, DecodedArray, RowGroup, SchemaTree } from "hyparquet";
import type { CheckedFile } from "./column-range.ts";
import type { Budget } from "./limits.ts";
import { chunkExtent } from "./offset-index.ts";
import { decompressed, readStoredPage, readValues, type StoredPage } from "./page.ts";

/**
 * UUIDs, four numbers each, their first digits first. As texts they would be a hundred bytes each and take
 * ten times as long to compare.
 */
export type Uuids = Uint32Array;

/**
 * The values of a column that are UUIDs in lower case, without nulls, of a whole row group. Undefined when
 * there is another text among them, or the column is not stored so.
 */
export async function readUuidColumn(
  file: CheckedFile,
  column: string,
  group: RowGroup,
  budget: Budget,
): Promise<Uuids | undefined> {
  const node = file.schema.children.find(({ element }) => element.name === column);
  const chunk = group.columns.find(({ meta_data: meta }) => meta?.path_in_schema[0] === column);
  if (node === undefined || chunk?.meta_data === undefined || !isPlainText(node)) return undefined;
  const { start, end } = chunkExtent(chunk);
  budget.take(end - start);
  const bytes = await file.source.read(start, end);
  const rows = Number(group.num_rows);
  budget.take(rows * bytesInMemory);
  const uuids = new Uint32Array(rows * 4);
  let dictionary: Uuids | undefined;
  let row = 0;
  for (let at = 0; at < bytes.length; ) {
    const page = readStoredPage(bytes, at);
    at = page.end;
    if (page.header.type === "INDEX_PAGE") continue;
    if (page.header.type === "DICTIONARY_PAGE") {
      if (dictionary !== undefined || row > 0) throw new Error("a column has more than one dictionary");
      budget.take(page.values * bytesInMemory);
      dictionary = new Uint32Array(page.values * 4);
      if (!parseTexts(decompressed(page, chunk.meta_data.codec, budget), dictionary, 0, page.values))
        return undefined;
      continue;
    }
    if (row + page.values > rows) throw new Error(`column ${column}: it has more values than rows`);
    const isRead = isEncodedPlain(page)
      ? parseTexts(decompressed(page, chunk.meta_data.codec, budget), uuids, row, page.values)
      : pickTexts(placesIn(page, { file, node, chunk, dictionary, budget }), dictionary, uuids, row);
    if (!isRead) return undefined;
    row += page.values;
  }
  if (row < rows) throw new Error(`column ${column}: it has fewer values than rows`);
  return uuids;
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

interface PlacesIn {
  readonly file: CheckedFile;
  readonly node: SchemaTree;
  readonly chunk: ColumnChunk;
  readonly dictionary: Uuids | undefined;
  readonly budget: Budget;
}

/** Which values of the dictionary a page has. */
function placesIn(
  page: StoredPage,
  { file, node, chunk, dictionary, budget }: PlacesIn,
): DecodedArray | undefined {
  const { meta_data: meta } = chunk;
  const { encoding } = page.header.data_page_header ?? page.header.data_page_header_v2 ?? {};
  if (meta === undefined || (encoding !== "RLE_DICTIONARY" && encoding !== "PLAIN_DICTIONARY"))
    return undefined;
  const decoder = {
    pathInSchema: meta.path_in_schema,
    type: meta.type,
    element: node.element,
    schemaPath: [file.schema, node],
    codec: meta.codec,
    parsers: file.parsers,
    utf8: false,
  };
  const shape = { element: node.element, maxDefinition: 0, maxRepetition: 0 };
  const places = Uint32Array.from({ length: (dictionary?.length ?? 0) / 4 }, (_, place) => place);
  return readValues(page, decoder, shape, { dictionary: places, before: undefined }, budget).data;
}

function pickTexts(
  places: DecodedArray | undefined,
  dictionary: Uuids | undefined,
  into: Uuids,
  row: number,
): boolean {
  if (places === undefined || dictionary === undefined) return false;
  for (let i = 0; i < places.length; i++) {
    const from = (places[i] as number) * 4;
    for (let word = 0; word < 4; word++) into[(row + i) * 4 + word] = dictionary[from + word] as number;
  }
  return true;
}

/** A length and 36 characters, of which four are dashes. */
const textBytes = 40;
const dash = 0x2d;
/** What each character is worth as a digit; more than 15 for those that are none. */
const digits = new Uint8Array(256).fill(0xff);
for (const [worth, digit] of [..."0123456789abcdef"].entries()) digits[digit.charCodeAt(0)] = worth;

/** Whether so many texts are all UUIDs; they are put at `row` and behind it. */
function parseTexts(bytes: Uint8Array, into: Uuids, row: number, count: number): boolean {
  if (bytes.length !== count * textBytes) return false;
  let wrong = 0;
  const byte = (at: number): number => bytes[at] as number;
  const four = (at: number): number => {
    const a = digits[byte(at)] as number;
    const b = digits[byte(at + 1)] as number;
    const c = digits[byte(at + 2)] as number;
    const d = digits[byte(at + 3)] as number;
    wrong |= a | b | c | d;
    return (a << 12) | (b << 8) | (c << 4) | d;
  };
  for (let i = 0, at = 0; i < count; i++, at += textBytes) {
    const place = (row + i) * 4;
    const isSize = byte(at) === 36 && (byte(at + 1) | byte(at + 2) | byte(at + 3)) === 0;
    const isDashed =
      byte(at + 12) === dash && byte(at + 17) === dash && byte(at + 22) === dash && byte(at + 27) === dash;
    if (!isSize || !isDashed) return false;
    into[place] = (four(at + 4) << 16) | four(at + 8);
    into[place + 1] = (four(at + 13) << 16) | four(at + 18);
    into[place + 2] = (four(at + 23) << 16) | four(at + 28);
    into[place + 3] = (four(at + 32) << 16) | four(at + 36);
  }
  return wrong <= 15;
}

/** The text of one, as it was stored. */
export function uuidText(uuids: Uuids, place: number): string {
  const words = uuids.subarray(place * 4, place * 4 + 4);
  const hex = Array.from(words, (word) => word.toString(16).padStart(8, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** When a UUID of version 7 was made, milliseconds since 1970 UTC; undefined for any other. */
export function uuidMillis(uuids: Uuids, place: number): number | undefined {
  const [high, low, variant] = [uuids[place * 4], uuids[place * 4 + 1], uuids[place * 4 + 2]] as number[];
  if ((((low as number) >>> 12) & 0xf) !== 7 || (variant as number) >>> 30 !== 2) return undefined;
  return (high as number) * 0x1_0000 + ((low as number) >>> 16);
}
