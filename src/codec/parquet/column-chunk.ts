import type { Values } from "../../frame/batch.ts";
import { ByteSink } from "./bytes/byte-sink.ts";
import type { Compressor } from "./bytes/compressor.ts";
import { bitWidth } from "./encodings/hybrid.ts";
import { type Coded, DictionaryScratch, tryDictionary } from "./encodings/dictionary-choice.ts";
import { type ValueEncoding, ValueWriter } from "./encodings/value-writer.ts";
import { dictionaryExtent, type Extent, extentOf, union } from "./extent.ts";
import { writeHybrid, writeRuns } from "./encodings/hybrid.ts";
import type { Leaf } from "./leaf.ts";
import { withLength, writeFlatLevels, writeListLevels } from "./encodings/levels.ts";
import { Output } from "./output.ts";
import { type Page, type PageContext, PageWriter } from "./page-writer.ts";
import { checkPiece, leafValues, type Piece, plainBytes, splitPiece, valueCount } from "./piece.ts";
import { lookUp } from "./encodings/plain.ts";
import { nullCode, RunBuilder } from "./encodings/runs.ts";

/**
 * What column chunks are written with; its buffers are used again for every page, and for every file one
 * after another.
 */
export interface ChunkContext extends PageContext {
  /** A page is closed before it becomes larger than this, uncompressed. */
  readonly pageBytes: number;
  readonly body: ByteSink;
  /** Lays out values that are in no dictionary. */
  readonly values: ValueWriter;
  /** For one chunk's dictionary and codes. */
  readonly scratch: DictionaryScratch;
  /** For one chunk's repetitions. */
  readonly runs: RunBuilder;
}

/** A context with fresh buffers. */
export function createChunkContext(compressor: Compressor, pageBytes: number): ChunkContext {
  return {
    output: new Output(),
    compressor,
    pageBytes,
    body: new ByteSink(65_536),
    header: new ByteSink(),
    values: new ValueWriter(),
    scratch: new DictionaryScratch(),
    runs: new RunBuilder(),
  };
}

/** About the memory that a context holds beyond what every file needs. */
export function heldBytes({ body, values, scratch, runs }: ChunkContext): number {
  return body.bytes.byteLength + values.heldBytes + scratch.heldBytes + runs.heldBytes;
}

/** A column chunk that was written: all its entry in the footer and the indexes need. */
export interface Chunk {
  readonly leaf: Leaf;
  readonly pages: PageWriter;
  readonly entries: number;
  readonly nulls: number;
  readonly extent: Extent;
}

/**
 * Writes one column of a row group, given batch by batch; `known` is its dictionary, if there is one already.
 */
export function writeChunk(
  leaf: Leaf,
  pieces: readonly Piece[],
  context: ChunkContext,
  known?: Coded,
): Chunk {
  const parts: Values[] = [];
  for (const piece of pieces) {
    checkPiece(leaf.name, piece);
    const values = leafValues(piece);
    if (values !== undefined && valueCount(values) > 0) parts.push(values);
  }
  const coded = known ?? tryDictionary(parts, leaf.physical, context.scratch);
  const encoding = coded === undefined ? context.values.choose(parts, context.compressor) : "PLAIN";
  const width = coded === undefined ? 0 : bitWidth(coded.dictionary.count - 1);
  const valueBytes = (piece: Piece): number => {
    const values = leafValues(piece);
    if (values === undefined) return 0;
    return coded === undefined ? plainBytes(values) : (valueCount(values) * width) / 8;
  };
  const expected = pieces.reduce((sum, piece) => sum + valueBytes(piece), coded?.dictionary.page.length ?? 0);
  const texts = leaf.physical === "BYTE_ARRAY" && coded === undefined && encoding === "PLAIN";
  const pages = new PageWriter(context, expected, texts ? "texts" : "values");
  if (coded !== undefined) pages.writeDictionary(coded.dictionary.page.written(), coded.dictionary.count);
  let coding = 0;
  for (const group of groupPieces(pieces, valueBytes, context.pageBytes)) {
    const page =
      coded === undefined
        ? writeValuePage(leaf, group, encoding, pages, context)
        : writeCodePage(leaf, group, coded, coding, pages, context.body);
    coding += page.entries - page.nulls;
  }
  return closeChunk(leaf, pages);
}

/**
 * Writes a column of few values in long repetitions, which are the context's. Its pages end between
 * repetitions.
 */
export function writeRunChunk(leaf: Leaf, context: ChunkContext): Chunk {
  const { dictionary, codes, lengths, count } = context.runs;
  const width = bitWidth(Math.max(0, dictionary.count - 1));
  const expected = dictionary.page.length + (count * (width + 8)) / 8;
  const pages = new PageWriter(context, expected, "values");
  if (dictionary.count > 0) pages.writeDictionary(dictionary.page.written(), dictionary.count);
  for (let start = 0, end = 0; end < count; start = end) {
    let rows = lengths[end++]!;
    while (end < count && rows + lengths[end]! <= pageRows) rows += lengths[end++]!;
    writeRunPage(leaf, codes.subarray(start, end), lengths.subarray(start, end), rows, pages, context);
  }
  return closeChunk(leaf, pages);
}

/** A page of `rows` rows in all. */
function writeRunPage(
  leaf: Leaf,
  codes: Uint32Array,
  lengths: Uint32Array,
  rows: number,
  pages: PageWriter,
  { body: sink, runs: { dictionary } }: ChunkContext,
): void {
  const width = bitWidth(Math.max(0, dictionary.count - 1));
  sink.reset();
  let nulls = 0;
  let valueCodes = codes;
  let valueLengths = lengths;
  if (leaf.nullable) {
    for (let i = 0; i < codes.length; i++) if (codes[i] === nullCode) nulls += lengths[i]!;
    const defined = codes.map((code) => (code === nullCode ? 0 : 1));
    withLength(sink, () => writeRuns(sink, defined, lengths, codes.length, 1));
    if (nulls > 0) {
      valueLengths = valueLengths.filter((_, i) => codes[i] !== nullCode);
      valueCodes = valueCodes.filter((code) => code !== nullCode);
    }
  }
  const encoding = dictionary.count > 0 ? "RLE_DICTIONARY" : "PLAIN";
  if (dictionary.count > 0) {
    sink.u8(width);
    writeRuns(sink, valueCodes, valueLengths, valueCodes.length, width);
  }
  const extent = dictionaryExtent(dictionary, valueCodes, leaf.physical);
  pages.writeData(sink, { rows, entries: rows, nulls, extent, encoding });
}

/** A page of values as they are. */
function writeValuePage(
  leaf: Leaf,
  pieces: readonly Piece[],
  encoding: ValueEncoding,
  pages: PageWriter,
  { body: sink, values: writer }: ChunkContext,
): Page {
  const facts = writeLevels(leaf, pieces, sink);
  const parts: Values[] = [];
  let extent: Extent = "none";
  for (const piece of pieces) {
    const values = leafValues(piece);
    if (values === undefined) continue;
    const plain = values.kind === "dictionary" ? lookUp(values) : values;
    parts.push(plain);
    extent = union(extent, extentOf(plain, piece.measured));
  }
  return pages.writeData(sink, { ...facts, extent, encoding: writer.write(sink, parts, encoding) });
}

/** A page of codes, beginning with `coding`, of the chunk's dictionary. */
function writeCodePage(
  leaf: Leaf,
  pieces: readonly Piece[],
  { dictionary, codes }: Coded,
  coding: number,
  pages: PageWriter,
  sink: ByteSink,
): Page {
  const facts = writeLevels(leaf, pieces, sink);
  const own = codes.subarray(coding, coding + facts.entries - facts.nulls);
  const width = bitWidth(dictionary.count - 1);
  sink.u8(width);
  writeHybrid(sink, own, width);
  const extent = dictionaryExtent(dictionary, own, leaf.physical);
  return pages.writeData(sink, { ...facts, extent, encoding: "RLE_DICTIONARY" });
}

/** Begins a page with its levels. */
function writeLevels(
  leaf: Leaf,
  pieces: readonly Piece[],
  sink: ByteSink,
): { readonly rows: number; readonly entries: number; readonly nulls: number } {
  sink.reset();
  let rows = 0;
  let count = 0;
  for (const piece of pieces) {
    const values = leafValues(piece);
    rows += piece.rows;
    count += values === undefined ? 0 : valueCount(values);
  }
  let entries = rows;
  if (leaf.list) entries = writeListLevels(sink, pieces);
  else if (leaf.nullable) writeFlatLevels(sink, pieces);
  else if (count !== rows) throw new Error(`batch: column ${leaf.name}: has nulls and must not`);
  return { rows, entries, nulls: entries - count };
}

/**
 * A page ends after so many rows, however small it is (as those of parquet-java and arrow-rs do): a reader
 * that finds a value by one column's page index reads of all other columns the pages with the same rows.
 */
const pageRows = 20_000;

/**
 * Consecutive pieces that make a page together: whole batches if they are small enough, else parts of them.
 * Of rows without any value there is nothing to be found, so a page of nulls alone has as many as follow one
 * another.
 */
function groupPieces(
  pieces: readonly Piece[],
  valueBytes: (piece: Piece) => number,
  pageBytes: number,
): readonly (readonly Piece[])[] {
  const groups: Piece[][] = [];
  let group: Piece[] = [];
  let bytes = 0;
  let rows = 0;
  let nulls = true;
  const add = (part: Piece, size: number): void => {
    const empty = isEmpty(part);
    const long = rows + part.rows > pageRows && !(nulls && empty);
    if (group.length === 0 || bytes + size > pageBytes || long) {
      group = [];
      groups.push(group);
      bytes = rows = 0;
      nulls = true;
    }
    group.push(part);
    bytes += size;
    rows += part.rows;
    if (!empty) nulls = false;
  };
  for (const piece of pieces) {
    if (isEmpty(piece)) {
      add(piece, 0);
      continue;
    }
    const size = valueBytes(piece) + piece.rows / 8;
    const max = Math.min(pageRows, Math.floor((piece.rows * pageBytes) / size));
    if (piece.rows <= max) add(piece, size);
    else for (const part of splitPiece(piece, max)) add(part, (size * part.rows) / piece.rows);
  }
  return groups;
}

function isEmpty({ column }: Piece): boolean {
  return column === undefined || column.count === 0;
}

function closeChunk(leaf: Leaf, pages: PageWriter): Chunk {
  let entries = 0;
  let nulls = 0;
  let extent: Extent = "none";
  for (const page of pages.pages) {
    entries += page.entries;
    nulls += page.nulls;
    extent = union(extent, page.extent);
  }
  return { leaf, pages, entries, nulls, extent };
}
