import { hasBit } from "../../../base/bitmap.ts";
import type { Cell } from "../../cell.ts";

/**
 * One chunk of an Arrow column, as both apache-arrow (`Data`) and flechette (`Batch`) keep it: the buffers of
 * the Arrow columnar format (arrow.apache.org/docs/format/Columnar.html, "Physical Memory Layout").
 */
export interface ArrowChunk {
  readonly type: ArrowType;
  readonly length: number;
  /** The validity bitmap, or undefined when every slot has a value. */
  readonly validity: Uint8Array | undefined;
  /** Bit of the first slot in `validity`, and in `values` of booleans. */
  readonly bitOffset: number;
  readonly values: ArrowValues | undefined;
  readonly offsets: ArrowOffsets | undefined;
  /** Lengths of the lists of a list view. */
  readonly sizes: ArrowOffsets | undefined;
  /** Which child each slot of a union is in. */
  readonly typeIds: Int8Array | undefined;
  /** Where the longer texts or bytes of a view column are. */
  readonly dataBuffers: readonly Uint8Array[];
  readonly children: readonly object[];
  readonly dictionary: object | undefined;
}

export type ArrowValues = ArrayLike<number> &
  ArrayBufferView & { slice(start: number, end: number): ArrowValues };

/** 32 bits wide as numbers, 64 as bigints. */
export type ArrowOffsets = ArrayLike<number | bigint>;

/** The parts of a data type that are read (Schema.fbs of the Arrow format). */
export interface ArrowType {
  readonly typeId: number;
  readonly bitWidth?: number;
  /** apache-arrow */
  readonly isSigned?: boolean;
  /** flechette */
  readonly signed?: boolean;
  readonly precision?: number;
  readonly scale?: number;
  readonly unit?: number;
  readonly stride?: number;
  readonly byteWidth?: number;
  readonly listSize?: number;
  /** Of a union: 0 sparse, 1 dense. */
  readonly mode?: number;
  /** Of a union, type id → index of the child; apache-arrow, flechette. */
  readonly typeIdToChildIndex?: Readonly<Record<number, number>>;
  readonly typeMap?: Readonly<Record<number, number>>;
  /** The type of a dictionary's entries. */
  readonly dictionary?: ArrowType;
  readonly children?: readonly { readonly name: string; readonly type: ArrowType }[];
}

/** Type ids, the same in both libraries: the union `Type` of Schema.fbs; a dictionary is -1. */
export const arrowTypes = {
  null: 1,
  int: 2,
  float: 3,
  binary: 4,
  utf8: 5,
  bool: 6,
  decimal: 7,
  date: 8,
  time: 9,
  timestamp: 10,
  interval: 11,
  list: 12,
  struct: 13,
  union: 14,
  fixedSizeBinary: 15,
  fixedSizeList: 16,
  map: 17,
  duration: 18,
  largeBinary: 19,
  largeUtf8: 20,
  largeList: 21,
  runEndEncoded: 22,
  binaryView: 23,
  utf8View: 24,
  listView: 25,
  largeListView: 26,
  dictionary: -1,
} as const;

/** An Arrow vector: apache-arrow `Vector`, flechette `Column`. */
export interface ArrowVector {
  readonly type: ArrowType;
  readonly length: number;
  readonly data: readonly object[];
}

/** True for an Arrow vector of either library. */
export function isArrowVector(value: object): value is ArrowVector {
  const vector = value as Partial<ArrowVector>;
  return (
    Array.isArray(vector.data) && typeof vector.length === "number" && typeof vector.type?.typeId === "number"
  );
}

/** The union of what the two libraries call the same. */
interface RawChunk {
  readonly type: ArrowType;
  readonly length: number;
  readonly nullCount: number;
  readonly offset?: number;
  readonly nullBitmap?: Uint8Array | null;
  readonly validity?: Uint8Array | null;
  readonly values?: ArrowValues;
  readonly valueOffsets?: ArrowOffsets;
  readonly offsets?: ArrowOffsets;
  readonly sizes?: ArrowOffsets;
  readonly typeIds?: Int8Array;
  readonly variadicBuffers?: readonly Uint8Array[];
  readonly data?: readonly Uint8Array[];
  readonly children?: readonly object[] | null;
  readonly dictionary?: object;
}

/** A library's chunk in one vocabulary. */
export function arrowChunk(raw: object): ArrowChunk {
  return new Chunk(raw as RawChunk);
}

const noBuffers: readonly Uint8Array[] = [];
const noChildren: readonly object[] = [];

class Chunk implements ArrowChunk {
  readonly type: ArrowType;
  readonly length: number;
  readonly validity: Uint8Array | undefined;
  readonly bitOffset: number;
  readonly values: ArrowValues | undefined;
  readonly offsets: ArrowOffsets | undefined;
  readonly sizes: ArrowOffsets | undefined;
  readonly typeIds: Int8Array | undefined;
  readonly dataBuffers: readonly Uint8Array[];
  readonly children: readonly object[];
  readonly dictionary: object | undefined;

  constructor(raw: RawChunk) {
    const bitmap = raw.nullBitmap ?? raw.validity ?? undefined;
    const hasNulls = bitmap !== undefined && bitmap.length > 0 && raw.nullCount !== 0;
    this.type = raw.type;
    this.length = raw.length;
    this.validity = hasNulls ? bitmap : undefined;
    this.bitOffset = raw.offset ?? 0;
    this.values = raw.values;
    this.offsets = raw.valueOffsets ?? raw.offsets;
    this.sizes = raw.sizes;
    this.typeIds = raw.typeIds;
    this.dataBuffers = raw.variadicBuffers ?? raw.data ?? noBuffers;
    this.children = raw.children ?? noChildren;
    this.dictionary = raw.dictionary;
  }
}

/** The offsets of a library's chunk of texts, bytes or lists. */
export function chunkOffsets(raw: object): ArrowOffsets | undefined {
  const { valueOffsets, offsets } = raw as RawChunk;
  return valueOffsets ?? offsets;
}

/** True when slot `index` has a value. */
export function isValid(chunk: ArrowChunk, index: number): boolean {
  if (chunk.validity === undefined) return chunk.type.typeId !== arrowTypes.null;
  return hasBit(chunk.validity, chunk.bitOffset + index);
}

/** Reads the value of a slot that `isValid`; null all the same where a union, run or dictionary has none. */
export type ArrowReader = (index: number) => Cell;
