import type { Cell } from "./cell.ts";

/**
 * One chunk of an Arrow column, as both apache-arrow (`Data`) and flechette (`Batch`) keep it: the buffers of the Arrow
 * columnar format (arrow.apache.org/docs/format/Columnar.html, "Physical Memory Layout").
 */
export interface ArrowChunk {
  readonly type: ArrowType;
  readonly length: number;
  /** The validity bitmap, or undefined when every slot has a value. */
  readonly validity: Uint8Array | undefined;
  /** Bit of the first slot in `validity`, and in `values` of booleans. */
  readonly bitOffset: number;
  readonly values: ArrowValues | undefined;
  readonly offsets: Int32Array | BigInt64Array | BigUint64Array | undefined;
  readonly children: readonly object[];
  readonly dictionary: object | undefined;
  /** The library's own view of it, for what is read by the library. */
  at(index: number): unknown;
}

export type ArrowValues = ArrayLike<number> &
  ArrayBufferView & { slice(start: number, end: number): ArrowValues };

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
  readonly children?: readonly { readonly name: string }[];
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
  list: 12,
  struct: 13,
  fixedSizeBinary: 15,
  fixedSizeList: 16,
  map: 17,
  duration: 18,
  largeBinary: 19,
  largeUtf8: 20,
  largeList: 21,
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
  readonly valueOffsets?: ArrowChunk["offsets"];
  readonly offsets?: ArrowChunk["offsets"];
  readonly children?: readonly object[] | null;
  readonly dictionary?: object;
  readonly at?: (index: number) => unknown;
}

/** A library's chunk in one vocabulary. `vector` and `start` say where the library itself would read it. */
export function arrowChunk(raw: object, vector?: object, start = 0): ArrowChunk {
  return new Chunk(raw as RawChunk, vector, start);
}

const noChildren: readonly object[] = [];

class Chunk implements ArrowChunk {
  readonly type: ArrowType;
  readonly length: number;
  readonly validity: Uint8Array | undefined;
  readonly bitOffset: number;
  readonly values: ArrowValues | undefined;
  readonly offsets: ArrowChunk["offsets"];
  readonly children: readonly object[];
  readonly dictionary: object | undefined;
  private readonly raw: RawChunk;
  private readonly vector: object | undefined;
  private readonly start: number;

  constructor(raw: RawChunk, vector: object | undefined, start: number) {
    const bitmap = raw.nullBitmap ?? raw.validity ?? undefined;
    const hasNulls = bitmap !== undefined && bitmap.length > 0 && raw.nullCount !== 0;
    this.type = raw.type;
    this.length = raw.length;
    this.validity = hasNulls ? bitmap : undefined;
    this.bitOffset = raw.offset ?? 0;
    this.values = raw.values;
    this.offsets = raw.valueOffsets ?? raw.offsets;
    this.children = raw.children ?? noChildren;
    this.dictionary = raw.dictionary;
    this.raw = raw;
    this.vector = vector;
    this.start = start;
  }

  at(index: number): unknown {
    if (typeof this.raw.at === "function") return this.raw.at(index);
    return (this.vector as { get?(index: number): unknown } | undefined)?.get?.(this.start + index);
  }
}

/** The offsets of a library's chunk of texts, bytes or lists. */
export function chunkOffsets(raw: object): ArrowChunk["offsets"] {
  const { valueOffsets, offsets } = raw as RawChunk;
  return valueOffsets ?? offsets;
}

/** True when slot `index` has a value. */
export function isValid(chunk: ArrowChunk, index: number): boolean {
  if (chunk.validity === undefined) return chunk.type.typeId !== arrowTypes.null;
  const bit = chunk.bitOffset + index;
  return (((chunk.validity[bit >>> 3] as number) >>> (bit & 7)) & 1) === 1;
}

/** Reads the value of a slot that has one. */
export type ArrowReader = (index: number) => Cell;
