import { isUtf8 } from "node:buffer";
import { fromBase64 } from "./cells.ts";
import { isArray, type JsonValue } from "./json-reader.ts";
import { NoTable, type TableValues } from "./table.ts";

/**
 * The values of a tensor, flat and row by row: integers and floats in typed arrays, so that they stay what
 * they are; plain where one is null, and of other datatypes.
 */
export type Flat = TableValues;

/**
 * A datatype of the Open Inference Protocol ("Tensor Data Types"), with `BF16` of Triton. FP16 and BF16 are
 * never written as JSON (Triton's HTTP server and KServe refuse it).
 */
export interface Datatype {
  /** Bytes of a value in the binary extension; 0 if each has a length of its own. */
  readonly size: number;
  /** From JSON, as flat values. */
  fromJson: ((values: readonly JsonValue[]) => Flat) | undefined;
  /** From the binary extension: little-endian, unpadded, as many bytes as there are. */
  fromBytes(bytes: Buffer): Flat;
}

/** By their names in the protocol. */
export const datatypes: ReadonlyMap<string, Datatype> = new Map<string, Datatype>([
  ["BOOL", { size: 1, fromJson: booleansOf, fromBytes: (bytes) => Array.from(bytes, isTrue) }],
  ["INT8", integers(8, true)],
  ["INT16", integers(16, true)],
  ["INT32", integers(32, true)],
  ["INT64", integers(64, true)],
  ["UINT8", integers(8, false)],
  ["UINT16", integers(16, false)],
  ["UINT32", integers(32, false)],
  ["UINT64", integers(64, false)],
  ["FP16", floats(2, (view, at) => halfFloat(view.getUint16(at, true)), undefined)],
  ["BF16", floats(2, (view, at) => brainFloat(view.getUint16(at, true)), undefined)],
  ["FP32", floats(4, (view, at) => view.getFloat32(at, true), floatsOf)],
  ["FP64", floats(8, (view, at) => view.getFloat64(at, true), floatsOf)],
  ["BYTES", { size: 0, fromJson: textsOf, fromBytes: elementsOf }],
]);

/** Texts of a BYTES tensor whose `content_type` is `base64` (MLServer): the bytes that they stand for. */
export function decodedTexts(values: Flat): Flat {
  return (values as readonly unknown[]).map((value) => {
    if (value === null) return null;
    const bytes = typeof value === "string" ? fromBase64(value) : undefined;
    if (bytes === undefined) throw new NoTable("value");
    return bytes;
  });
}

function isTrue(byte: number): boolean {
  if (byte > 1) throw new NoTable("value");
  return byte === 1;
}

function booleansOf(values: readonly JsonValue[]): Flat {
  for (const value of values) if (value !== null && typeof value !== "boolean") throw new NoTable("value");
  return values;
}

function textsOf(values: readonly JsonValue[]): Flat {
  for (const value of values) if (value !== null && typeof value !== "string") throw new NoTable("value");
  return values;
}

function floatsOf(values: readonly JsonValue[]): Flat {
  const hasNull = values.includes(null);
  const numbers = values.map((value) => {
    if (value === null || typeof value === "number") return value;
    if (typeof value === "bigint") return Number(value);
    throw new NoTable("value");
  });
  return hasNull ? numbers : Float64Array.from(numbers as number[]);
}

function integers(bits: 8 | 16 | 32 | 64, signed: boolean): Datatype {
  const min = signed ? -(2n ** BigInt(bits - 1)) : 0n;
  const max = 2n ** BigInt(signed ? bits - 1 : bits) - 1n;
  const size = bits / 8;
  const name = `get${bits === 64 ? "Big" : ""}${signed ? "Int" : "Uint"}${bits}` as "getBigInt64";
  return {
    size,
    fromJson: (values) => {
      const exact = values.map((value) => {
        if (value === null) return null;
        if (typeof value !== "bigint" && !Number.isInteger(value)) throw new NoTable("value");
        const integer = BigInt(value as number | bigint);
        if (integer < min || integer > max) throw new NoTable("value");
        return integer;
      });
      return exact.includes(null) ? exact : packed(exact as bigint[], bits, signed);
    },
    fromBytes: (bytes) => {
      const view = viewOf(bytes);
      const values = Array.from({ length: bytes.length / size }, (_, i) => view[name](i * size, true));
      return packed(values, bits, signed);
    },
  };
}

/** Not in an array of bytes, which would be a binary value where it is a cell. */
function packed(values: readonly (number | bigint)[], bits: number, signed: boolean): Flat {
  if (bits < 32 || (bits === 32 && signed)) return Int32Array.from(values, Number);
  const exact = values.map(BigInt);
  return bits === 64 && !signed ? BigUint64Array.from(exact) : BigInt64Array.from(exact);
}

function floats(
  size: number,
  read: (view: DataView, at: number) => number,
  fromJson: Datatype["fromJson"],
): Datatype {
  return {
    size,
    fromJson,
    fromBytes: (bytes) => {
      const view = viewOf(bytes);
      const values = new Float64Array(bytes.length / size);
      for (let i = 0; i < values.length; i++) values[i] = read(view, i * size);
      return values;
    },
  };
}

/** IEEE 754 binary16. */
function halfFloat(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The upper half of a binary32. */
function brainFloat(bits: number): number {
  scratch.setUint16(0, bits);
  return scratch.getFloat32(0);
}

const scratch = new DataView(new ArrayBuffer(4));

/** Elements of a BYTES tensor, each after its length (uint32): texts, unless one of them is none. */
function elementsOf(bytes: Buffer): Flat {
  const elements: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length) throw new NoTable("shape");
    const end = at + 4 + bytes.readUInt32LE(at);
    if (end > bytes.length) throw new NoTable("shape");
    elements.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return elements.every((element) => isUtf8(element))
    ? elements.map((element) => element.toString("utf8"))
    : elements;
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The data of a tensor, flat or in lists that follow its shape, as flat values. */
export function flattened(data: readonly JsonValue[], shape: readonly number[]): readonly JsonValue[] {
  if (!data.some(isArray)) return data;
  let level = data;
  for (let depth = 1; depth < shape.length; depth++) {
    const size = shape[depth] as number;
    level = level.flatMap((list) => {
      if (!isArray(list) || list.length !== size) throw new NoTable("shape");
      return list;
    });
  }
  if (level.some(isArray)) throw new NoTable("shape");
  return level;
}
