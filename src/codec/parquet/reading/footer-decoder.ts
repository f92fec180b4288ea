import {
  type ParquetParsers,
  parquetMetadata,
  parquetSchema,
  type SchemaElement,
  type SchemaTree,
} from "hyparquet";
import { CompressionCodecs, ParquetTypes } from "hyparquet/src/constants.js";
import { ChunkStatistics, ColumnChunk, type FileMetadata, type KeyValue, type RowGroup } from "./metadata.ts";
import { skimStruct } from "./thrift-skim.ts";
import { ThriftReader, thriftTypes } from "./thrift-reader.ts";

/*
 * Footers (`FileMetaData` of parquet.thrift), of which hyparquet would make far more: of thousands of small
 * files they are most of what reading them takes. Nearly all files of a collection have one schema, byte for
 * byte, which is decoded once.
 */

/** A footer and its schema as a tree. */
export interface DecodedFooter {
  readonly metadata: FileMetadata;
  readonly schema: SchemaTree;
}

/** Decodes a footer with the eight bytes behind it. Throws for what is none; what it says is not checked. */
export function decodeFooter(footer: Uint8Array, parsers: ParquetParsers): DecodedFooter {
  const reader = new ThriftReader(footer.subarray(0, -8));
  let schema: DecodedSchema | undefined;
  let rowGroups: RowGroup[] | undefined;
  let rows: number | undefined;
  let keyValues: KeyValue[] = [];
  let createdBy: string | undefined;
  for (let id = reader.field(0); reader.type !== stop; id = reader.field(id)) {
    const { type } = reader;
    if (id === 2 && type === list) schema = schemaAt(reader, footer, parsers);
    else if (id === 3 && type === i64) rows = reader.i64();
    else if (id === 4 && type === list && schema !== undefined)
      rowGroups = rowGroupsAt(reader, schema, parsers);
    else if (id === 5 && type === list) keyValues = listOf(reader, keyValueAt);
    else if (id === 6 && type === binary) createdBy = text(reader.binary());
    else reader.skip(type);
  }
  if (schema === undefined) throw new Error("its footer has no schema");
  if (rowGroups === undefined || rows === undefined) throw new Error("its footer says nothing of rows");
  return {
    schema: schema.tree,
    metadata: { schema: schema.elements, rows, rowGroups, keyValues, createdBy },
  };
}

const { stop, truth, untruth, i32, i64, binary, list, struct } = thriftTypes;

/** The schema of a footer. */
interface DecodedSchema {
  readonly bytes: Uint8Array;
  readonly elements: SchemaElement[];
  readonly tree: SchemaTree;
  /** Of each column that holds values. */
  readonly leaves: readonly Leaf[];
}

interface Leaf {
  readonly element: SchemaElement;
  /** Its path, as the last footer wrote it. */
  path: { readonly bytes: Uint8Array; readonly names: string[] } | undefined;
}

/** The schemas that were met last. */
const known: DecodedSchema[] = [];
const maxKnown = 16;
const maxKnownBytes = 256 * 1024;

function schemaAt(reader: ThriftReader, footer: Uint8Array, parsers: ParquetParsers): DecodedSchema {
  const start = reader.at;
  for (const schema of known) {
    const end = start + schema.bytes.length;
    if (Buffer.compare(schema.bytes, reader.bytes.subarray(start, end)) !== 0) continue;
    reader.at = end;
    return schema;
  }
  reader.skip(list);
  const bytes = new Uint8Array(reader.bytes.subarray(start, reader.at));
  skimStruct(new DataView(footer.buffer, footer.byteOffset, footer.length - 8), 0);
  const metadata = parquetMetadata(footer, { parsers, geoparquet: false });
  // Values that hold values, by places in them: a few bytes could ask for any number of objects.
  for (const element of metadata.schema)
    if (element.logical_type?.type === "VARIANT") delete element.logical_type;
  const leaves = metadata.schema
    .filter(({ type }) => type !== undefined)
    .map((element): Leaf => ({ element, path: undefined }));
  const schema = { bytes, elements: metadata.schema, tree: parquetSchema(metadata), leaves };
  if (bytes.length <= maxKnownBytes && known.unshift(schema) > maxKnown) known.pop();
  return schema;
}

function rowGroupsAt(reader: ThriftReader, { leaves }: DecodedSchema, parsers: ParquetParsers): RowGroup[] {
  return listOf(reader, () => {
    let columns: ColumnChunk[] = [];
    let rows = -1;
    let bytes = 0;
    let compressedBytes: number | undefined;
    for (let id = reader.field(0); reader.type !== stop; id = reader.field(id)) {
      const { type } = reader;
      if (id === 1 && type === list) {
        let index = 0;
        columns = listOf(reader, () => chunkAt(reader, leaves[index++], parsers));
      } else if (id === 2 && type === i64) bytes = reader.i64();
      else if (id === 3 && type === i64) rows = reader.i64();
      else if (id === 6 && type === i64) compressedBytes = reader.i64();
      else reader.skip(type);
    }
    return { columns, rows, bytes, compressedBytes };
  });
}

function chunkAt(reader: ThriftReader, leaf: Leaf | undefined, parsers: ParquetParsers): ColumnChunk {
  const chunk = new ColumnChunk();
  for (let id = reader.field(0); reader.type !== stop; id = reader.field(id)) {
    const { type } = reader;
    if (id === 1 && type === binary) chunk.isInAnotherFile = reader.binary().length > 0;
    else if (id === 3 && type === struct) placeAt(reader, chunk, leaf, parsers);
    else if (id === 4 && type === i64) chunk.offsetIndexAt = reader.i64();
    else if (id === 5 && type === i32) chunk.offsetIndexLength = reader.i32();
    else if (id === 6 && type === i64) chunk.columnIndexAt = reader.i64();
    else if (id === 7 && type === i32) chunk.columnIndexLength = reader.i32();
    else reader.skip(type);
  }
  return chunk;
}

function placeAt(
  reader: ThriftReader,
  chunk: ColumnChunk,
  leaf: Leaf | undefined,
  parsers: ParquetParsers,
): void {
  chunk.isPlaced = true;
  for (let id = reader.field(0); reader.type !== stop; id = reader.field(id)) {
    const { type } = reader;
    if (id === 1 && type === i32) chunk.type = ParquetTypes[reader.i32()];
    else if (id === 3 && type === list) chunk.path = pathAt(reader, leaf);
    else if (id === 4 && type === i32) chunk.codec = CompressionCodecs[reader.i32()] ?? "";
    else if (id === 5 && type === i64) chunk.values = reader.i64();
    else if (id === 6 && type === i64) chunk.bytes = reader.i64();
    else if (id === 7 && type === i64) chunk.compressedBytes = reader.i64();
    else if (id === 9 && type === i64) chunk.pagesAt = reader.i64();
    else if (id === 11 && type === i64) chunk.dictionaryAt = reader.i64();
    else if (id === 12 && type === struct) chunk.statistics = statisticsAt(reader, leaf, parsers);
    else if (id === 14 && type === i64) chunk.filterAt = reader.i64();
    else if (id === 15 && type === i32) chunk.filterLength = reader.i32();
    else reader.skip(type);
  }
}

/** The names on the way to a column: nearly always those that the footer before had. */
function pathAt(reader: ThriftReader, leaf: Leaf | undefined): string[] {
  const start = reader.at;
  const before = leaf?.path;
  if (before !== undefined && isAt(reader, before.bytes)) {
    reader.at += before.bytes.length;
    return before.names;
  }
  const names = listOf(reader, () => text(reader.binary()));
  if (leaf !== undefined)
    leaf.path = { bytes: new Uint8Array(reader.bytes.subarray(start, reader.at)), names };
  return names;
}

/** Whether these bytes are next; they are few. */
function isAt({ bytes, at }: ThriftReader, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false;
  return true;
}

function statisticsAt(
  reader: ThriftReader,
  leaf: Leaf | undefined,
  parsers: ParquetParsers,
): ChunkStatistics {
  const statistics = new ChunkStatistics(reader.bytes, leaf?.element, parsers);
  for (let id = reader.field(0); reader.type !== stop; id = reader.field(id)) {
    const { type } = reader;
    if (id === 3 && type === i64) statistics.nulls = reader.i64();
    else if (id === 5 && type === binary) {
      statistics.maxAt = boundAt(reader);
      statistics.maxEnd = reader.at;
    } else if (id === 6 && type === binary) {
      statistics.minAt = boundAt(reader);
      statistics.minEnd = reader.at;
    } else if (id === 7 && (type === truth || type === untruth)) statistics.isMaxExact = type === truth;
    else if (id === 8 && (type === truth || type === untruth)) statistics.isMinExact = type === truth;
    else reader.skip(type);
  }
  return statistics;
}

/** Statistics are cut, or small. */
const maxBoundBytes = 64 * 1024;

/** Goes past a bound; returns where its bytes begin. */
function boundAt(reader: ThriftReader): number {
  const length = reader.passBinary();
  if (length > maxBoundBytes) throw new Error(`its header has statistics of ${length} bytes`);
  return reader.at - length;
}

function keyValueAt(reader: ThriftReader): KeyValue {
  let key: string | undefined;
  let value: string | undefined;
  for (let id = reader.field(0); reader.type !== stop; id = reader.field(id)) {
    const { type } = reader;
    if (id === 1 && type === binary) key = text(reader.binary());
    else if (id === 2 && type === binary) value = text(reader.binary());
    else reader.skip(type);
  }
  return { key, value };
}

function listOf<T>(reader: ThriftReader, read: (reader: ThriftReader) => T): T[] {
  const size = reader.list();
  const values: T[] = [];
  for (let i = 0; i < size; i++) values.push(read(reader));
  return values;
}

const decoder = new TextDecoder();

function text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
