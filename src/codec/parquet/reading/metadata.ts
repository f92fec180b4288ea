import type { CompressionCodec, ParquetParsers, ParquetType, SchemaElement } from "hyparquet";
import { convertMetadata } from "hyparquet/src/metadata.js";

/*
 * What is read of a footer (`FileMetaData` of parquet.thrift). Numbers are plain ones, for what is larger
 * than 2^53 cannot be true of a file, and there is one object for a column of a row group: of thousands of
 * small files, making these is much of what reading them takes.
 */

/** A footer. */
export interface FileMetadata {
  /** The tree in preorder; files of one schema share it. */
  readonly schema: readonly SchemaElement[];
  readonly rows: number;
  readonly rowGroups: readonly RowGroup[];
  readonly keyValues: readonly KeyValue[];
  readonly createdBy: string | undefined;
}

/** What whoever wrote a file noted in it. */
export interface KeyValue {
  readonly key: string | undefined;
  readonly value: string | undefined;
}

/** Rows whose columns are stored one behind the other. */
export interface RowGroup {
  /** One for each column of the schema that holds values, in their order. */
  readonly columns: readonly ColumnChunk[];
  /** Below zero where the file does not say. */
  readonly rows: number;
  /** Of its pages before they were compressed. */
  readonly bytes: number;
  /** Of its pages as they are stored; undefined where the file does not say. */
  readonly compressedBytes: number | undefined;
}

/**
 * A column of a row group: `ColumnChunk` and `ColumnMetaData` of parquet.thrift in one. Places and lengths
 * are bytes of the file; those of a dictionary, a filter or an index that is not there are zero, and what
 * must be there and is not said is below zero.
 */
export class ColumnChunk {
  /** Whether the file says where it is: of an encrypted column it does not. */
  isPlaced = false;
  isInAnotherFile = false;
  /** The names on the way to it. */
  path: string[] = [];
  type: ParquetType | undefined = undefined;
  /** How its pages are compressed; empty for a way that is not known. */
  codec: CompressionCodec | "" = "";
  /** With nulls; of a list as many as its elements. */
  values = -1;
  /** Of its pages before they were compressed. */
  bytes = 0;
  compressedBytes = -1;
  pagesAt = -1;
  dictionaryAt = 0;
  filterAt = 0;
  filterLength = 0;
  offsetIndexAt = 0;
  offsetIndexLength = 0;
  columnIndexAt = 0;
  columnIndexLength = 0;
  statistics: ChunkStatistics | undefined = undefined;
}

/** What a file says of a column's values; bounds are made of their bytes when they are asked for. */
export class ChunkStatistics {
  /** How many there are; undefined where the file does not say. */
  nulls: number | undefined = undefined;
  /** Whether the bounds are values and not cut; undefined where the file does not say. */
  isMinExact: boolean | undefined = undefined;
  isMaxExact: boolean | undefined = undefined;
  /** Where the bounds are in the footer; at its first byte, which no bound is, where there are none. */
  minAt = 0;
  minEnd = 0;
  maxAt = 0;
  maxEnd = 0;
  readonly #footer: Uint8Array;
  readonly #element: SchemaElement | undefined;
  readonly #parsers: ParquetParsers;

  constructor(footer: Uint8Array, element: SchemaElement | undefined, parsers: ParquetParsers) {
    this.#footer = footer;
    this.#element = element;
    this.#parsers = parsers;
  }

  /** The least value, or what is below it; instants are bigints of microseconds since 1970 UTC. */
  get min(): unknown {
    return this.#value(this.minAt, this.minEnd);
  }

  /** The greatest, or what is above it. */
  get max(): unknown {
    return this.#value(this.maxAt, this.maxEnd);
  }

  #value(start: number, end: number): unknown {
    if (start === 0 || this.#element === undefined) return undefined;
    return convertMetadata(this.#footer.subarray(start, end), this.#element, this.#parsers);
  }
}
