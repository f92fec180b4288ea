import {
  type ArrowChunk,
  type ArrowReader,
  type ArrowType,
  arrowChunk,
  arrowTypes as T,
  isValid,
} from "./arrow-chunk.ts";
import type { Cell } from "../../cell.ts";
import { type ElementType, mapCell, structCell, typedListCell, wholeJson } from "../nested-cells.ts";
import type { ReadingRoom } from "../reading-room.ts";

/** Makes the reader of a child. */
export type ReadChild = (chunk: ArrowChunk, room: ReadingRoom) => ArrowReader;

/** Where a list's elements are in its child: the first, and the one behind the last. */
export type ListRange = (index: number) => readonly [number, number];

/** Reads lists. */
export function listReader(
  chunk: ArrowChunk,
  range: ListRange,
  room: ReadingRoom,
  readChild: ReadChild,
): ArrowReader {
  const child = slots(chunk.children[0], room, readChild);
  const element = elementType(child.type);
  return (index) => {
    const [start, end] = range(index);
    room.take(8 * (end - start));
    return typedListCell(element, child.read(start, end));
  };
}

/** Reads structs. */
export function structReader(chunk: ArrowChunk, room: ReadingRoom, readChild: ReadChild): ArrowReader {
  const keys = chunk.children.map((_, i) => JSON.stringify(chunk.type.children?.[i]?.name ?? String(i)));
  const fields = chunk.children.map((raw) => slots(raw, room, readChild));
  return (index) => {
    room.take(8 * fields.length);
    const cells = fields.map((field) => field.at(index));
    return structCell(keys, cells);
  };
}

/** Reads maps. */
export function mapReader(chunk: ArrowChunk, room: ReadingRoom, readChild: ReadChild): ArrowReader {
  const entries = arrowChunk(chunk.children[0] as object);
  const keys = slots(entries.children[0], room, readChild);
  const values = slots(entries.children[1], room, readChild);
  const textKeys = elementType(keys.type) === "string";
  return (index) => {
    const start = Number(chunk.offsets?.[index]);
    const end = Number(chunk.offsets?.[index + 1]);
    room.take(16 * (end - start));
    return mapCell(textKeys, keys.read(start, end), values.read(start, end));
  };
}

/** Reads unions, each value as JSON: a column has one type, whichever of its members came first. */
export function unionReader(chunk: ArrowChunk, room: ReadingRoom, readChild: ReadChild): ArrowReader {
  const { type, typeIds, offsets } = chunk;
  const childOf = type.typeIdToChildIndex ?? type.typeMap ?? {};
  const members = chunk.children.map((raw) => slots(raw, room, readChild));
  const dense = type.mode === 1;
  return (index) => {
    const member = members[childOf[typeIds?.[index] as number] as number] as Slots;
    room.take(8);
    const cell = member.at(dense ? Number(offsets?.[index]) : index);
    return cell === null || cell === undefined ? null : wholeJson(cell);
  };
}

/** Reads runs of equal values: a value for as many slots as its run is long. */
export function runReader(chunk: ArrowChunk, room: ReadingRoom, readChild: ReadChild): ArrowReader {
  const ends = arrowChunk(chunk.children[0] as object).values as ArrayLike<number | bigint>;
  const runs = arrowChunk(chunk.children[0] as object).length;
  const values = slots(chunk.children[1], room, readChild);
  let last = -1;
  let cell: Cell;
  return (index) => {
    let low = 0;
    let high = runs - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (Number(ends[middle]) > index) high = middle;
      else low = middle + 1;
    }
    // The cells of a run are one.
    if (low !== last) cell = values.at(low);
    last = low;
    return cell;
  };
}

/** Reads slots of a child, null where there is no value. */
interface Slots {
  readonly type: ArrowType;
  at(index: number): Cell;
  read(start: number, end: number): Cell[];
}

function slots(raw: object | undefined, room: ReadingRoom, readChild: ReadChild): Slots {
  const chunk = arrowChunk(raw as object);
  const read = readChild(chunk, room);
  const at = (index: number): Cell => (isValid(chunk, index) ? read(index) : null);
  return {
    type: chunk.type,
    at,
    read(start, end) {
      const cells: Cell[] = [];
      for (let i = start; i < end; i++) cells.push(at(i));
      return cells;
    },
  };
}

/** What the elements of a list of this type are. */
function elementType(type: ArrowType): ElementType {
  switch (type.typeId) {
    case T.int:
      return "int64";
    case T.float:
      return "float64";
    case T.bool:
      return "boolean";
    case T.utf8:
    case T.largeUtf8:
    case T.utf8View:
    case T.decimal:
    case T.time:
    case T.duration:
    case T.interval:
      return "string";
    case T.date:
    case T.timestamp:
      return "timestamp";
    case T.binary:
    case T.largeBinary:
    case T.binaryView:
    case T.fixedSizeBinary:
      return "binary";
    case T.dictionary:
      return elementType(type.dictionary as ArrowType);
    case T.runEndEncoded:
      return elementType(type.children?.[1]?.type as ArrowType);
    case T.null:
      return "null";
    default:
      return "nested";
  }
}
