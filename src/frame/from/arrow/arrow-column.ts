import { setBit } from "../../../base/bitmap.ts";
import {
  type ArrowChunk,
  type ArrowType,
  type ArrowValues,
  type ArrowVector,
  arrowChunk,
  chunkOffsets,
  arrowTypes as T,
  isArrowVector,
  isValid,
} from "./arrow-chunk.ts";
import { vectorCells } from "./arrow-reader.ts";
import type { NumericCells } from "../../cell.ts";
import { fewNumbers } from "../../typed-array.ts";
import { frameTooLarge, OwnCells, OwnNumbers, type SourceColumn } from "../../source-frame.ts";

/** A vector of apache-arrow or flechette as a column; undefined for anything else. */
export function arrowColumn(value: object, room: number): SourceColumn | undefined {
  if (!isArrowVector(value)) return undefined;
  if (minBytes(value) > room) throw frameTooLarge;
  const numeric = numericType(value.type);
  return numeric === undefined
    ? new OwnCells(vectorCells(value, room))
    : new OwnNumbers(numbersOf(value, numeric));
}

/** The types whose offsets say how many bytes, or elements, there are. */
const bytesByOffsets: readonly number[] = [
  T.utf8,
  T.largeUtf8,
  T.binary,
  T.largeBinary,
  T.list,
  T.largeList,
  T.map,
];

/** What a copy takes at least, from the lengths of its buffers alone. */
function minBytes(vector: ArrowVector): number {
  let bytes = vector.length;
  if (!bytesByOffsets.includes(vector.type.typeId)) return bytes;
  for (const raw of vector.data) {
    const offsets = chunkOffsets(raw);
    const { length } = raw as { length: number };
    if (offsets !== undefined && length > 0) bytes += Number(offsets[length]) - Number(offsets[0]);
  }
  return bytes;
}

/** The type of columns whose buffer can be copied as it is. */
function numericType(type: ArrowType): NumericCells["type"] | undefined {
  switch (type.typeId) {
    case T.float:
      return type.precision === 0 ? undefined : "float64";
    case T.int:
      return type.bitWidth === 64 && !(type.isSigned ?? type.signed) ? undefined : "int64";
    case T.timestamp:
      return type.unit === 2 ? "timestamp" : undefined;
    default:
      return undefined;
  }
}

function numbersOf(vector: ArrowVector, type: NumericCells["type"]): NumericCells {
  const [only] = vector.data;
  if (only !== undefined && vector.data.length === 1) {
    const chunk = arrowChunk(only);
    const data = chunk.values === undefined ? [] : copyStart(chunk.values, chunk.length);
    return { type, data, start: 0, validity: copyValidity([chunk], chunk.length) };
  }
  const chunks = vector.data.map((raw) => arrowChunk(raw)).filter((chunk) => chunk.length > 0);
  return { type, data: copyValues(chunks), start: 0, validity: copyValidity(chunks, vector.length) };
}

function copyValues(chunks: readonly ArrowChunk[]): NumericCells["data"] {
  const first = chunks[0]?.values;
  if (first === undefined) return [];
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const Values = first.constructor as new (
    length: number,
  ) => ArrowValues & { set(values: ArrowValues, at: number): void };
  const all = new Values(length);
  let at = 0;
  for (const { values, length: count } of chunks) {
    if (values !== undefined) all.set(values.slice(0, count), at);
    at += count;
  }
  return all as unknown as NumericCells["data"];
}

function copyStart(values: ArrowValues, length: number): NumericCells["data"] {
  if (length > fewNumbers || typeof values[0] !== "number") {
    return values.slice(0, length) as unknown as NumericCells["data"];
  }
  const copy: number[] = [];
  for (let i = 0; i < length; i++) copy.push(values[i] as number);
  return copy;
}

function copyValidity(chunks: readonly ArrowChunk[], length: number): Uint8Array | undefined {
  if (chunks.every((chunk) => chunk.validity === undefined)) return undefined;
  const bits = new Uint8Array((length + 7) >>> 3);
  let row = 0;
  for (const chunk of chunks) {
    for (let i = 0; i < chunk.length; i++, row++) if (isValid(chunk, i)) setBit(bits, row);
  }
  return bits;
}
