import {
  type ColumnChunk,
  type ColumnMetaData,
  type FileMetaData,
  type KeyValue,
  type ParquetParsers,
  parquetMetadata,
  parquetSchema,
  type RowGroup,
  type SchemaElement,
  type SchemaTree,
  type Statistics,
} from "hyparquet";
import { CompressionCodecs, ParquetTypes } from "hyparquet/src/constants.js";
import { convertMetadata } from "hyparquet/src/metadata.js";
import { skimStruct } from "./thrift-skim.ts";
import { ThriftReader, thriftTypes } from "./thrift-reader.ts";

/*
 * A footer (`FileMetaData` of parquet.thrift) in the form that hyparquet gives it, in a tenth of the time: of
 * thousands of small files it is most of what reading them takes. Only what is read here is made of it.
 * Nearly all files of a collection have one schema, byte for byte, which is decoded once; statistics are
 * decoded when somebody asks for them.
 */

/** A footer and its schema as a tree. */
export interface DecodedFooter {
  readonly metadata: FileMetaData;
  readonly schema: SchemaTree;
}

/** Decodes a footer with the eight bytes behind it. Throws for what is none; what it says is not checked. */
export function decodeFooter(footer: Uint8Array, parsers: ParquetParsers): DecodedFooter {
  const reader = new ThriftReader(footer.subarray(0, -8));
  let schema: DecodedSchema | undefined;
  let rowGroups: RowGroup[] | undefined;
  let rows: number | undefined;
  let keyValues: KeyValue[] | undefined;
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
    metadata: {
      version: 1,
      schema: schema.elements,
      num_rows: BigInt(rows),
      row_groups: rowGroups,
      ...(keyValues === undefined ? {} : { key_value_metadata: keyValues }),
      ...(createdBy === undefined ? {} : { created_by: createdBy }),
      metadata_length: footer.length - 8,
    },
  };
}

const { stop, i32, i64, binary, list, struct } = thriftTypes;

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
    const group: RowGroup = { columns: [], total_byte_size: 0n, num_rows: -1n };
    for (let id = reader.field(0); reader.type !== stop; id = reader.field(id)) {
      const { type } = reader;
      if (id === 1 && type === list) {
        let index = 0;
        group.columns = listOf(reader, () => chunkAt(reader, leaves[index++], parsers));
      } else if (id === 2 && type === i64) group.total_byte_size = BigInt(reader.i64());
      else if (id === 3 && type === i64) group.num_rows = BigInt(reader.i64());
      else if (id === 6 && type === i64) group.total_compressed_size = BigInt(reader.i64());
      else reader.skip(type);
    }
    return group;
  });
}

function chunkAt(reader: ThriftReader, leaf: Leaf | undefined, parsers: ParquetParsers): ColumnChunk {
  const chunk: ColumnChunk = { file_offset: 0n };
  for (let id = reader.field(0); reader.type !== stop; id = reader.field(id)) {
    const { type } = reader;
    if (id === 1 && type === binary) chunk.file_path = text(reader.binary());
    else if (id === 3 && type === struct) chunk.meta_data = columnAt(reader, leaf, parsers);
    else if (id === 4 && type === i64) chunk.offset_index_offset = BigInt(reader.i64());
    else if (id === 5 && type === i32) chunk.offset_index_length = reader.i32();
    else if (id === 6 && type === i64) chunk.column_index_offset = BigInt(reader.i64());
    else if (id === 7 && type === i32) chunk.column_index_length = reader.i32();
    else reader.skip(type);
  }
  return chunk;
}

function columnAt(reader: ThriftReader, leaf: Leaf | undefined, parsers: ParquetParsers): ColumnMetaData {
  const column = {
    encodings: [],
    path_in_schema: [],
    num_values: -1n,
    total_uncompressed_size: 0n,
    total_compressed_size: -1n,
    data_page_offset: -1n,
  } as unknown as ColumnMetaData;
  for (let id = reader.field(0); reader.type !== stop; id = reader.field(id)) {
    const { type } = reader;
    if (id === 1 && type === i32) column.type = ParquetTypes[reader.i32()] as typeof column.type;
    else if (id === 3 && type === list) column.path_in_schema = pathAt(reader, leaf);
    else if (id === 4 && type === i32) column.codec = CompressionCodecs[reader.i32()] as typeof column.codec;
    else if (id === 5 && type === i64) column.num_values = BigInt(reader.i64());
    else if (id === 6 && type === i64) column.total_uncompressed_size = BigInt(reader.i64());
    else if (id === 7 && type === i64) column.total_compressed_size = BigInt(reader.i64());
    else if (id === 9 && type === i64) column.data_page_offset = BigInt(reader.i64());
    else if (id === 11 && type === i64) column.dictionary_page_offset = BigInt(reader.i64());
    else if (id === 12 && type === struct) column.statistics = statisticsAt(reader, leaf, parsers);
    else if (id === 14 && type === i64) column.bloom_filter_offset = BigInt(reader.i64());
    else if (id === 15 && type === i32) column.bloom_filter_length = reader.i32();
    else reader.skip(type);
  }
  return column;
}

/** The names on the way to a column: nearly always those that the footer before had. */
function pathAt(reader: ThriftReader, leaf: Leaf | undefined): string[] {
  const start = reader.at;
  const before = leaf?.path;
  if (before !== undefined) {
    const end = start + before.bytes.length;
    if (Buffer.compare(before.bytes, reader.bytes.subarray(start, end)) === 0) {
      reader.at = end;
      return before.names;
    }
  }
  const names = listOf(reader, () => text(reader.binary()));
  if (leaf !== undefined)
    leaf.path = { bytes: new Uint8Array(reader.bytes.subarray(start, reader.at)), names };
  return names;
}

function statisticsAt(reader: ThriftReader, leaf: Leaf | undefined, parsers: ParquetParsers): Statistics {
  return new LazyStatistics(reader, leaf?.element, parsers) as Statistics;
}

/** Bounds as values only when they are asked for. */
class LazyStatistics {
  readonly null_count?: bigint;
  readonly #min: Uint8Array | undefined;
  readonly #max: Uint8Array | undefined;
  readonly #element: SchemaElement | undefined;
  readonly #parsers: ParquetParsers;

  constructor(reader: ThriftReader, element: SchemaElement | undefined, parsers: ParquetParsers) {
    this.#element = element;
    this.#parsers = parsers;
    for (let id = reader.field(0); reader.type !== stop; id = reader.field(id)) {
      const { type } = reader;
      if (id === 3 && type === i64) this.null_count = BigInt(reader.i64());
      else if (id === 5 && type === binary) this.#max = bound(reader);
      else if (id === 6 && type === binary) this.#min = bound(reader);
      else reader.skip(type);
    }
  }

  get min_value(): Statistics["min_value"] {
    return this.#value(this.#min);
  }

  get max_value(): Statistics["max_value"] {
    return this.#value(this.#max);
  }

  #value(bytes: Uint8Array | undefined): Statistics["min_value"] {
    return this.#element === undefined ? undefined : convertMetadata(bytes, this.#element, this.#parsers);
  }
}

/** Statistics are cut, or small. */
const maxBoundBytes = 64 * 1024;

function bound(reader: ThriftReader): Uint8Array {
  const bytes = reader.binary();
  if (bytes.length > maxBoundBytes) throw new Error(`its header has statistics of ${bytes.length} bytes`);
  return bytes;
}

function keyValueAt(reader: ThriftReader): KeyValue {
  const pair: { key?: string; value?: string } = {};
  for (let id = reader.field(0); reader.type !== stop; id = reader.field(id)) {
    const { type } = reader;
    if (id === 1 && type === binary) pair.key = text(reader.binary());
    else if (id === 2 && type === binary) pair.value = text(reader.binary());
    else reader.skip(type);
  }
  return pair as KeyValue;
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
