import { hasBit } from "../../../base/bitmap.ts";
import {
  binaryReader,
  bufferOf,
  fixedBinaryReader,
  jointTextReader,
  textReader,
  viewReader,
} from "./arrow-bytes.ts";
import {
  type ArrowChunk,
  type ArrowReader,
  type ArrowValues,
  type ArrowVector,
  arrowChunk,
  arrowTypes as T,
  isValid,
} from "./arrow-chunk.ts";
import { listReader, mapReader, runReader, structReader, unionReader } from "./arrow-nested.ts";
import { type ArrowTime, intervalText, timeText, toMicros } from "./arrow-time.ts";
import { type Cell, rejectedCell, timestampCell, unstorableCell } from "../../cell.ts";
import { decimalText } from "../decimal-text.ts";
import { ReadingRoom } from "../reading-room.ts";
import { frameTooLarge } from "../../source-frame.ts";

/**
 * All cells of a vector: copies, in the types that Arrow says. They are read from the buffers, not by the
 * library, which has numbers for 64-bit integers, milliseconds for nanoseconds, and nothing at all for some
 * types inside others.
 *
 * @param room bytes that they may take.
 * @param rows which of them, in their order; all by default.
 */
export function vectorCells(vector: ArrowVector, room: number, rows?: readonly number[]): Cell[] {
  const reading = new ReadingRoom(room);
  if (rows === undefined) return cellsOf(vector, reading);
  const at = slotReader(vector, reading);
  return rows.map((row) => {
    try {
      return at(row);
    } catch (thrown) {
      if (thrown === frameTooLarge) throw thrown;
      return unreadable;
    }
  });
}

function cellsOf(vector: ArrowVector, room: ReadingRoom): Cell[] {
  const cells: Cell[] = [];
  for (const raw of vector.data) {
    const chunk = arrowChunk(raw);
    const { length } = chunk;
    const read = readerOf(chunk, room);
    const whole = chunk.validity === undefined && chunk.type.typeId !== T.null;
    const first = cells.length;
    for (let i = 0; i < length; ) {
      try {
        if (whole) while (i < length) cells.push(read(i++));
        else for (; i < length; i++) cells.push(isValid(chunk, i) ? read(i) : null);
      } catch (thrown) {
        if (thrown === frameTooLarge) throw thrown;
        cells.push(unreadable);
        i = cells.length - first;
      }
    }
  }
  return cells;
}

/** What stands for a value of a type that is not known, or whose buffers do not hold it. */
const unreadable = unstorableCell("an Arrow value that can not be read");

/** The reader of a column's chunk. */
function readerOf(chunk: ArrowChunk, room: ReadingRoom): ArrowReader {
  try {
    return jointTextReader(chunk) ?? arrowReader(chunk, room);
  } catch (thrown) {
    if (thrown === frameTooLarge) throw thrown;
    return () => unreadable;
  }
}

function arrowReader(chunk: ArrowChunk, room: ReadingRoom): ArrowReader {
  const { type, values, offsets } = chunk;
  switch (type.typeId) {
    case T.null:
      return () => null;
    case T.int:
      return intReader(chunk);
    case T.float:
      if (type.precision === 0) return (index) => halfToDouble(values?.[index] as number);
      return (index) => values?.[index] as number;
    case T.bool:
      return (index) => hasBit(values as unknown as Uint8Array, chunk.bitOffset + index);
    case T.utf8:
    case T.largeUtf8:
      return textReader(chunk, room);
    case T.binary:
    case T.largeBinary:
      return binaryReader(chunk, room);
    case T.fixedSizeBinary:
      return fixedBinaryReader(chunk, room);
    case T.utf8View:
    case T.binaryView:
      return viewReader(chunk, room);
    case T.decimal:
      return decimalReader(chunk);
    case T.date:
    case T.timestamp:
    case T.time:
    case T.duration:
      return timeReader(chunk);
    case T.interval: {
      const bytes = bufferOf(values);
      return (index) => intervalText(bytes, index, type.unit as number);
    }
    case T.list:
    case T.largeList:
      return listReader(
        chunk,
        (index) => [Number(offsets?.[index]), Number(offsets?.[index + 1])],
        room,
        arrowReader,
      );
    case T.listView:
    case T.largeListView:
      return listReader(chunk, (index) => listView(chunk, index), room, arrowReader);
    case T.fixedSizeList: {
      const size = type.listSize ?? (type.stride as number);
      return listReader(chunk, (index) => [index * size, (index + 1) * size], room, arrowReader);
    }
    case T.struct:
      return structReader(chunk, room, arrowReader);
    case T.map:
      return mapReader(chunk, room, arrowReader);
    case T.union:
      return unionReader(chunk, room, arrowReader);
    case T.runEndEncoded:
      return runReader(chunk, room, arrowReader);
    case T.dictionary:
      return dictionaryReader(chunk, room);
    default:
      throw new TypeError("an Arrow type that is not known");
  }
}

function listView({ offsets, sizes }: ArrowChunk, index: number): readonly [number, number] {
  const start = Number(offsets?.[index]);
  return [start, start + Number(sizes?.[index])];
}

function intReader({ values }: ArrowChunk): ArrowReader {
  return (index) => BigInt(values?.[index] as number | bigint);
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
  const bytes = bufferOf(values);
  return (index) => {
    let unscaled = 0n;
    for (let i = width - 1; i >= 0; i--)
      unscaled = (unscaled << 8n) | BigInt(bytes[index * width + i] as number);
    return decimalText(BigInt.asIntN(width * 8, unscaled), type.scale ?? 0);
  };
}

function dictionaryReader({ values, dictionary, length }: ArrowChunk, room: ReadingRoom): ArrowReader {
  const vector = dictionary as ArrowVector;
  if (vector.length > length * 4) return sparseDictionaryReader(vector, values, room);
  const entries: Cell[] = cellsOf(vector, room);
  return (index) => entries[Number(values?.[index])];
}

/** For few rows of a large dictionary, such as a slice of a long table: reads the entries that occur. */
function sparseDictionaryReader(
  vector: ArrowVector,
  values: ArrowValues | undefined,
  room: ReadingRoom,
): ArrowReader {
  const at = slotReader(vector, room);
  const entries = new Map<number, Cell>();
  return (index) => {
    const code = Number(values?.[index]);
    if (entries.has(code)) return entries.get(code);
    const entry = at(code);
    entries.set(code, entry);
    return entry;
  };
}

/** Reads any slot of a vector, null where there is no value. */
function slotReader(vector: ArrowVector, room: ReadingRoom): ArrowReader {
  let start = 0;
  const parts = vector.data.map((raw) => {
    const chunk = arrowChunk(raw);
    const part = { chunk, start, read: arrowReader(chunk, room) };
    start += chunk.length;
    return part;
  });
  return (index) => {
    const part = parts.findLast((each) => each.start <= index && each.chunk.length > 0);
    const at = index - (part?.start ?? 0);
    return part !== undefined && isValid(part.chunk, at) ? part.read(at) : null;
  };
}

/** An IEEE 754 half-precision number, given by its 16 bits. */
function halfToDouble(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
