import type { Chunk } from "./column-chunk.ts";
import { storeExtent } from "./extent.ts";
import { codecs, encodings, type Encoding, pageTypes, physicalTypes } from "./format.ts";
import { type Leaf, writeSchema } from "./leaf.ts";
import { ThriftWriter } from "./bytes/thrift.ts";

/** Where something stands in the file. */
export interface ByteSpan {
  readonly offset: number;
  readonly length: number;
}

/** A column chunk with the places of what belongs to it. */
export interface PlacedChunk {
  readonly chunk: Chunk;
  readonly bloomFilter: ByteSpan | undefined;
  columnIndex: ByteSpan | undefined;
  offsetIndex: ByteSpan | undefined;
}

/** A row group that was written. */
export interface WrittenRowGroup {
  readonly rows: number;
  readonly chunks: readonly PlacedChunk[];
}

/** Everything the footer says. */
export interface FooterFacts {
  readonly leaves: readonly Leaf[];
  /** Writes the schema of columns that are nested. Default: that of the leaves, each of which is a column. */
  readonly schema?: (thrift: ThriftWriter, field: number) => void;
  readonly rows: number;
  readonly rowGroups: readonly WrittenRowGroup[];
  readonly keyValues: readonly (readonly [string, string])[];
  readonly createdBy: string;
}

/** `FileMetaData` of parquet.thrift, which ends a file (with its length and the magic number after it). */
export function encodeFooter(facts: FooterFacts): Uint8Array {
  const thrift = new ThriftWriter();
  thrift.structElement(() => {
    thrift.i32(1, 1);
    if (facts.schema === undefined) writeSchema(thrift, 2, facts.leaves);
    else facts.schema(thrift, 2);
    thrift.i64(3, facts.rows);
    thrift.list(4, "struct", facts.rowGroups.length);
    facts.rowGroups.forEach((group, ordinal) => writeRowGroup(thrift, group, ordinal));
    thrift.list(5, "struct", facts.keyValues.length);
    for (const [key, value] of facts.keyValues) {
      thrift.structElement(() => {
        thrift.binary(1, key);
        thrift.binary(2, value);
      });
    }
    thrift.binary(6, facts.createdBy);
    // Without column orders readers must ignore min_value and max_value. TypeDefinedOrder is the only one.
    thrift.list(7, "struct", facts.leaves.length);
    for (let i = 0; i < facts.leaves.length; i++) thrift.structElement(() => thrift.struct(1, () => {}));
  });
  return thrift.sink.written();
}

function writeRowGroup(thrift: ThriftWriter, group: WrittenRowGroup, ordinal: number): void {
  thrift.structElement(() => {
    thrift.list(1, "struct", group.chunks.length);
    for (const placed of group.chunks) writeColumnChunk(thrift, placed);
    const pages = group.chunks.map((placed) => placed.chunk.pages);
    thrift.i64(2, sum(pages.map((page) => page.uncompressedBytes)));
    thrift.i64(3, group.rows);
    thrift.i64(5, pages[0]?.start ?? 0);
    thrift.i64(6, sum(pages.map((page) => page.compressedBytes)));
    if (ordinal < 0x8000) thrift.i16(7, ordinal);
  });
}

function writeColumnChunk(thrift: ThriftWriter, placed: PlacedChunk): void {
  const { chunk, columnIndex, offsetIndex } = placed;
  thrift.structElement(() => {
    thrift.i64(2, chunk.pages.start);
    thrift.struct(3, () => writeMetaData(thrift, placed));
    if (offsetIndex !== undefined) {
      thrift.i64(4, offsetIndex.offset);
      thrift.i32(5, offsetIndex.length);
    }
    if (columnIndex !== undefined) {
      thrift.i64(6, columnIndex.offset);
      thrift.i32(7, columnIndex.length);
    }
  });
}

function writeMetaData(thrift: ThriftWriter, { chunk, bloomFilter }: PlacedChunk): void {
  const { leaf, pages } = chunk;
  const { dictionaryOffset } = pages;
  const data = new Map<Encoding, number>();
  for (const page of pages.pages) data.set(page.encoding, (data.get(page.encoding) ?? 0) + 1);
  // RLE is that of the levels; PLAIN also that of the dictionary page.
  const used = new Set<Encoding>([...data.keys(), "RLE"]);
  if (dictionaryOffset !== undefined) used.add("PLAIN");
  thrift.i32(1, physicalTypes[leaf.physical]);
  thrift.list(2, "i32", used.size);
  for (const encoding of used) thrift.integerElement(encodings[encoding]);
  thrift.list(3, "binary", leaf.path.length);
  for (const name of leaf.path) thrift.binaryElement(name);
  thrift.i32(4, codecs[pages.codec]);
  thrift.i64(5, chunk.entries);
  thrift.i64(6, pages.uncompressedBytes);
  thrift.i64(7, pages.compressedBytes);
  thrift.i64(9, pages.pages[0]?.offset ?? pages.start);
  if (dictionaryOffset !== undefined) thrift.i64(11, dictionaryOffset);
  thrift.struct(12, () => writeStatistics(thrift, chunk));
  thrift.list(13, "struct", data.size + (dictionaryOffset === undefined ? 0 : 1));
  if (dictionaryOffset !== undefined) writeEncodingStats(thrift, pageTypes.DICTIONARY_PAGE, "PLAIN", 1);
  for (const [encoding, count] of data) writeEncodingStats(thrift, pageTypes.DATA_PAGE, encoding, count);
  if (bloomFilter === undefined) return;
  thrift.i64(14, bloomFilter.offset);
  thrift.i32(15, bloomFilter.length);
}

function writeStatistics(thrift: ThriftWriter, { leaf, extent, nulls }: Chunk): void {
  const stored = storeExtent(extent, leaf.physical, leaf.text);
  thrift.i64(3, nulls);
  if (stored === undefined) return;
  thrift.binary(5, stored.max);
  thrift.binary(6, stored.min);
  thrift.boolean(7, stored.maxExact);
  thrift.boolean(8, stored.minExact);
}

function writeEncodingStats(thrift: ThriftWriter, page: number, encoding: Encoding, count: number): void {
  thrift.structElement(() => {
    thrift.i32(1, page);
    thrift.i32(2, encodings[encoding]);
    thrift.i32(3, count);
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
