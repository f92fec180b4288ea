import { readColumnIndex, type SchemaElement } from "hyparquet";
import { hashParquetValue, readBloomFilter, sbbfContains } from "hyparquet/src/bloom.js";
import { convertMetadata } from "hyparquet/src/metadata.js";
import type { Stored } from "../../../layout/filter/stored-values.ts";
import type { ValueFacts } from "../../../layout/filter/possible.ts";
import type { CheckedFile } from "./column-range.ts";
import type { ColumnChunk } from "./metadata.ts";
import { pagePlaces } from "./offset-index.ts";
import { skimStruct } from "./thrift-skim.ts";

/**
 * What a file says of a column's values in a row group: in its footer, of each page, and in a Bloom filter.
 */

/** What the footer says; undefined where it says nothing of use. */
export function chunkFacts({ statistics }: ColumnChunk, rows: number): ValueFacts {
  const { nulls, min, max } = statistics ?? {};
  return { rows, nulls, min: lowerBound(min), max: upperBound(max) };
}

/** A test of values that answers false for one that is not there; undefined where there is none of use. */
export async function bloomTest(
  { source }: CheckedFile,
  { filterAt, filterLength }: ColumnChunk,
  element: SchemaElement,
): Promise<((value: Stored) => boolean) | undefined> {
  if (filterAt === 0 || filterLength === 0) return undefined;
  const bytes = await source.read(filterAt, filterAt + filterLength);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  skimStruct(view, 0);
  const filter = readBloomFilter({ view, offset: 0 });
  if (filter === undefined) return undefined;
  return (value) => {
    // Of two zeros, and of what a Float32 cannot say, the bytes differ and the values do not.
    const hash = typeof value === "number" ? undefined : hashParquetValue(value, element);
    return hash === undefined || sbbfContains(filter.blocks, hash);
  };
}

/** What is known of a page's values. */
export interface PageFacts extends ValueFacts {
  /** Its first row in the row group. */
  readonly firstRow: number;
}

/** What the page index says, page by page; undefined where there is none of use. */
export async function pageFacts(
  { source, parsers }: CheckedFile,
  chunk: ColumnChunk,
  element: SchemaElement,
  groupRows: number,
): Promise<readonly PageFacts[] | undefined> {
  const { columnIndexAt, columnIndexLength, offsetIndexAt, offsetIndexLength } = chunk;
  if ([columnIndexAt, columnIndexLength, offsetIndexAt, offsetIndexLength].includes(0)) return undefined;
  const [columnBytes, offsetBytes] = await Promise.all([
    source.read(columnIndexAt, columnIndexAt + columnIndexLength),
    source.read(offsetIndexAt, offsetIndexAt + offsetIndexLength),
  ]);
  const places = pagePlaces(offsetBytes, chunk, groupRows);
  const view = new DataView(columnBytes.buffer, columnBytes.byteOffset, columnBytes.length);
  skimStruct(view, 0);
  // Bounds as bytes: pages of nulls have empty ones, which are no values.
  const index = readColumnIndex({ view, offset: 0 }, { name: element.name, type: "FIXED_LEN_BYTE_ARRAY" });
  const bound = (bytes: unknown): unknown => convertMetadata(bytes as Uint8Array, element, parsers);
  const lists: readonly unknown[] = [index.null_pages, index.min_values, index.max_values];
  if (!lists.every((list) => Array.isArray(list) && list.length === places.length))
    throw new Error("its page index does not tell of each page");
  return places.map(({ firstRow }, page) => {
    const rows = (places[page + 1]?.firstRow ?? groupRows) - firstRow;
    if (index.null_pages[page] === true)
      return { firstRow, rows, nulls: rows, min: undefined, max: undefined };
    const nulls = index.null_counts?.[page];
    return {
      firstRow,
      rows,
      nulls: nulls === undefined ? undefined : Number(nulls),
      min: lowerBound(bound(index.min_values[page])),
      max: upperBound(bound(index.max_values[page])),
    };
  });
}

const replacement = "\ufffd";

/**
 * Bounds of long texts are cut, perhaps within a character, of which then U+FFFD is left, in bounds that mean
 * something else.
 */
function lowerBound(value: unknown): unknown {
  if (typeof value !== "string") return value;
  const cut = value.indexOf(replacement);
  return cut < 0 ? value : value.slice(0, cut);
}

function upperBound(value: unknown): unknown {
  if (typeof value !== "string") return value;
  const cut = value.indexOf(replacement);
  return cut < 0 ? value : `${value.slice(0, cut)}\u{10ffff}`;
}
