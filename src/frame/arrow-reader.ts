import {
  type ArrowChunk,
  type ArrowReader,
  type ArrowValues,
  type ArrowVector,
  arrowChunk,
  arrowTypes as T,
  isValid,
} from "./arrow-chunk.ts";
import { type ArrowTime, timeText, toMicros } from "./arrow-time.ts";
import { binaryCell, type Cell, jsonCell, listCell, rejectedCell, timestampCell } from "./cell.ts";
import type { ScalarType } from "./column-type.ts";
import { copyValue } from "./copy-value.ts";
import { cellJson } from "./json-text.ts";
import { hasBit } from "./builders/presence.ts";
import { int64Max } from "./cell.ts";

/** Reads the slots of a chunk as cells: copies, in the type that Arrow says. */
export function arrowReader(chunk: ArrowChunk): ArrowReader {
  const { type, values, offsets } = chunk;
  switch (type.typeId) {
    case T.int:
      return intReader(chunk);
    case T.float:
      if (type.precision === 0) return (index) => halfToDouble(values?.[index] as number);
      return (index) => values?.[index] as number;
    case T.bool:
      return (index) => hasBit(values as unknown as Uint8Array, chunk.bitOffset + index);
    case T.utf8:
    case T.largeUtf8: {
      const bytes = bufferOf(values as ArrayBufferView);
      return (index) => bytes.toString("utf8", Number(offsets?.[index]), Number(offsets?.[index + 1]));
    }
    case T.binary:
    case T.largeBinary: {
      const bytes = bufferOf(values as ArrayBufferView);
      return (index) =>
        binaryCell(new Uint8Array(bytes.subarray(Number(offsets?.[index]), Number(offsets?.[index + 1]))));
    }
    case T.fixedSizeBinary: {
      const bytes = bufferOf(values as ArrayBufferView);
      const width = type.byteWidth ?? (type.stride as number);
      return (index) => binaryCell(new Uint8Array(bytes.subarray(index * width, (index + 1) * width)));
    }
    case T.decimal:
      return decimalReader(chunk);
    case T.date:
    case T.timestamp:
    case T.time:
    case T.duration:
      return timeReader(chunk);
    case T.list:
    case T.largeList:
      return listReader(chunk, (index) => [Number(offsets?.[index]), Number(offsets?.[index + 1])]);
    case T.fixedSizeList: {
      const size = type.listSize ?? (type.stride as number);
      return listReader(chunk, (index) => [index * size, (index + 1) * size]);
    }
    case T.struct:
      return structReader(chunk);
    case T.map:
      return mapReader(chunk);
    case T.dictionary:
      return dictionaryReader(chunk);
    default:
      // Unions, intervals, views, runs: as the library gives them.
      return (index) => copyValue(chunk.at(index), undefined, Number.POSITIVE_INFINITY);
  }
}

function intReader({ type, values }: ArrowChunk): ArrowReader {
  if (type.bitWidth === 64) {
    return (index) => {
      const value = values?.[index] as number | bigint;
      return typeof value === "bigint" && value > int64Max ? rejectedCell(String(value)) : BigInt(value);
    };
  }
  return (index) => BigInt(values?.[index] as number);
}

function timeReader({ type, values }: ArrowChunk): ArrowReader {
  const time = type as ArrowTime;
  const instant = type.typeId === T.date || type.typeId === T.timestamp;
  return (index) => {
    const ticks = BigInt(values?.[index] as number | bigint);
    if (!instant) return timeText(ticks, time);
    const micros = toMicros(ticks, time);
    return micros === undefined ? rejectedCell(JSON.stringify(timeText(ticks, time))) : timestampCell(micros);
  };
}

function decimalReader({ type, values }: ArrowChunk): ArrowReader {
  const width = (type.bitWidth ?? 128) / 8;
  const bytes = bufferOf(values as unknown as ArrayBufferView);
  return (index) => {
    let unscaled = 0n;
    for (let i = width - 1; i >= 0; i--)
      unscaled = (unscaled << 8n) | BigInt(bytes[index * width + i] as number);
    return decimalText(BigInt.asIntN(width * 8, unscaled), type.scale ?? 0);
  };
}

/** 12345 with scale 2 is `123.45`; all digits are kept. */
function decimalText(unscaled: bigint, scale: number): string {
  if (scale <= 0) return String(unscaled * 10n ** BigInt(-scale));
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  return `${unscaled < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function listReader(chunk: ArrowChunk, range: (index: number) => readonly [number, number]): ArrowReader {
  const child = arrowChunk(chunk.children[0] as object);
  const read = arrowReader(child);
  const element = elementType(child);
  return (index) => {
    const [start, end] = range(index);
    const cells: Cell[] = [];
    let exact = element !== undefined;
    for (let i = start; i < end; i++) {
      const cell = isValid(child, i) ? read(i) : null;
      if (typeof cell === "object" && cell?.kind === "rejected") exact = false;
      cells.push(cell);
    }
    if (exact) return listCell(element, cells);
    const texts = cells.map((cell) => jsonValue(cell));
    const text = `[${texts.join(",")}]`;
    return element === undefined ? jsonCell(text) : rejectedCell(text);
  };
}

function elementType(child: ArrowChunk): ScalarType | undefined {
  switch (child.type.typeId) {
    case T.int:
      return "int64";
    case T.float:
      return "float64";
    case T.bool:
      return "boolean";
    case T.utf8:
    case T.largeUtf8:
    case T.decimal:
    case T.time:
    case T.duration:
      return "string";
    case T.date:
    case T.timestamp:
      return "timestamp";
    case T.binary:
    case T.largeBinary:
    case T.fixedSizeBinary:
      return "binary";
    case T.dictionary: {
      const data = (child.dictionary as ArrowVector).data[0];
      return data === undefined ? "string" : elementType(arrowChunk(data));
    }
    default:
      return undefined;
  }
}

function structReader(chunk: ArrowChunk): ArrowReader {
  const fields = chunk.children.map((raw, i) => {
    const child = arrowChunk(raw);
    return {
      key: JSON.stringify(chunk.type.children?.[i]?.name ?? String(i)),
      child,
      read: arrowReader(child),
    };
  });
  return (index) => {
    const texts = fields.map(
      ({ key, child, read }) => `${key}:${isValid(child, index) ? jsonValue(read(index)) : "null"}`,
    );
    return jsonCell(`{${texts.join(",")}}`);
  };
}

function mapReader(chunk: ArrowChunk): ArrowReader {
  const entries = arrowChunk(chunk.children[0] as object);
  const keys = arrowChunk(entries.children[0] as object);
  const values = arrowChunk(entries.children[1] as object);
  const readKey = arrowReader(keys);
  const readValue = arrowReader(values);
  const textKeys = elementType(keys) === "string";
  return (index) => {
    const texts: string[] = [];
    for (let i = Number(chunk.offsets?.[index]); i < Number(chunk.offsets?.[index + 1]); i++) {
      const key = jsonValue(readKey(i));
      const value = isValid(values, i) ? jsonValue(readValue(i)) : "null";
      texts.push(textKeys ? `${key}:${value}` : `[${key},${value}]`);
    }
    return jsonCell(textKeys ? `{${texts.join(",")}}` : `[${texts.join(",")}]`);
  };
}

function dictionaryReader({ values, dictionary, length }: ArrowChunk): ArrowReader {
  const vector = dictionary as ArrowVector;
  if (vector.length > length * 4) return sparseDictionaryReader(vector, values);
  const entries: Cell[] = vectorCells(vector);
  return (index) => entries[Number(values?.[index])];
}

/** For few rows of a large dictionary, such as a slice of a long table: reads the entries that occur. */
function sparseDictionaryReader(vector: ArrowVector, values: ArrowValues | undefined): ArrowReader {
  let start = 0;
  const parts = vector.data.map((raw) => {
    const chunk = arrowChunk(raw, vector, start);
    const part = { chunk, start, read: arrowReader(chunk) };
    start += chunk.length;
    return part;
  });
  const entries = new Map<number, Cell>();
  return (index) => {
    const code = Number(values?.[index]);
    if (entries.has(code)) return entries.get(code);
    const part = parts.findLast((each) => each.start <= code && each.chunk.length > 0);
    const at = code - (part?.start ?? 0);
    const entry = part !== undefined && isValid(part.chunk, at) ? part.read(at) : null;
    entries.set(code, entry);
    return entry;
  };
}

/** All cells of a vector. */
export function vectorCells(vector: ArrowVector): Cell[] {
  const cells: Cell[] = [];
  for (const raw of vector.data) {
    const chunk = arrowChunk(raw, vector, cells.length);
    const read = textReader(chunk) ?? arrowReader(chunk);
    const { length } = chunk;
    if (chunk.validity === undefined && chunk.type.typeId !== T.null) {
      for (let i = 0; i < length; i++) cells.push(read(i));
    } else for (let i = 0; i < length; i++) cells.push(isValid(chunk, i) ? read(i) : null);
  }
  return cells;
}

/** Up to so many bytes are made one text, of which its parts may keep all alive. */
const maxJointBytes = 64 * 1024;

/**
 * Reads a chunk of texts that are ASCII, all of which become one text first: a call into the engine's decoder costs more than to
 * cut that up. Undefined for any other chunk.
 */
function textReader({ type, values, offsets, length }: ArrowChunk): ArrowReader | undefined {
  if (type.typeId !== T.utf8 && type.typeId !== T.largeUtf8) return undefined;
  if (values === undefined || offsets === undefined || length < 2) return undefined;
  const start = Number(offsets[0]);
  const end = Number(offsets[length]);
  if (end - start > maxJointBytes) return undefined;
  const all = bufferOf(values).toString("utf8", start, end);
  // As many characters as bytes: each byte is one, wherever the text is cut.
  if (all.length !== end - start) return undefined;
  return (index) => all.slice(Number(offsets[index]) - start, Number(offsets[index + 1]) - start);
}

/** A cell inside a struct, map or list of lists: what JSON can not say becomes a string, as in `json-text.ts`. */
function jsonValue(cell: Cell): string {
  if (typeof cell === "object" && cell !== null) {
    if (cell.kind === "binary") return `"${bufferOf(cell.value).toString("base64")}"`;
    if (cell.kind === "rejected") return cell.value;
    if (cell.kind === "list") return `[${cell.value.map(jsonValue).join(",")}]`;
  }
  return cellJson(cell) ?? `"${String(cell)}"`;
}

function bufferOf(view: ArrayBufferView): Buffer {
  return Buffer.from(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength);
}

/** An IEEE 754 half-precision number, given by its 16 bits. */
export function halfToDouble(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
