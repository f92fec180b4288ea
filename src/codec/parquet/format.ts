/**
 * Numbers of the Parquet format that files are made of: the enums of `parquet.thrift` in
 * apache/parquet-format, only the members this product writes.
 */

/** `Type`: how a value is stored. */
export const physicalTypes = { BOOLEAN: 0, INT32: 1, INT64: 2, DOUBLE: 5, BYTE_ARRAY: 6 } as const;
/** A member of {@link physicalTypes}. */
export type PhysicalType = keyof typeof physicalTypes;

/** `Encoding`: how a page's values are laid out. */
export const encodings = {
  PLAIN: 0,
  RLE: 3,
  DELTA_BINARY_PACKED: 5,
  RLE_DICTIONARY: 8,
} as const;
/** A member of {@link encodings}. */
export type Encoding = keyof typeof encodings;

/** `CompressionCodec`. */
export const codecs = { UNCOMPRESSED: 0, ZSTD: 6 } as const;
/** A member of {@link codecs}. */
export type Codec = keyof typeof codecs;

/** `PageType`. */
export const pageTypes = { DATA_PAGE: 0, DICTIONARY_PAGE: 2 } as const;

/** `FieldRepetitionType`. */
export const repetitions = { REQUIRED: 0, OPTIONAL: 1, REPEATED: 2 } as const;

/** `ConvertedType`: the older way to say what a value means, still the only one some readers know. */
export const convertedTypes = { UTF8: 0, MAP: 1, LIST: 3, TIMESTAMP_MICROS: 10 } as const;

/** `BoundaryOrder` of a column index. */
export const boundaryOrders = { UNORDERED: 0, ASCENDING: 1, DESCENDING: 2 } as const;

/** The four bytes a file begins and ends with (README.md, "File format"). */
export const magic: Uint8Array = Uint8Array.of(0x50, 0x41, 0x52, 0x31);
