import { types } from "node:util";
import {
  type Cell,
  binaryCell,
  hasFewDigits,
  manyDigits,
  fitsInt64,
  jsonCell,
  listCell,
  timestampCell,
  unstorableCell,
  rejectedCell,
} from "../cell.ts";
import type { ColumnType, ScalarType } from "../../layout/column-type.ts";
import { itThrows, jsonText } from "./json-text.ts";
import { isLiteral, plainValue } from "./plain-value.ts";
import { frameTooLarge } from "../source-frame.ts";
import {
  bytesOf,
  elementType,
  isDetached,
  isTypedArray,
  typedArrayName,
  typedLength,
} from "../typed-array.ts";
import { unreadable } from "../unreadable.ts";
import { isWellFormed } from "../../base/well-formed.ts";

/** The type of the lists in a column of declared type, if it is one of lists. */
type Declared = ColumnType | undefined;

/**
 * A copy of a value that is no primitive, as a cell: nothing the caller does later changes it.
 *
 * @param room bytes that the copy may take; throws {@link frameTooLarge} beyond.
 */
export function copyObject(value: object, declared: Declared, room: number): Cell {
  if (types.isDate(value)) return dateCell(value);
  if (Array.isArray(value)) return copyArray(value, declared, room);
  if (isLiteral(value)) return copyPlain(plainValue(value), room);
  if (isTypedArray(value) && isDetached(value)) return unstorableCell("its buffer was transferred away");
  const bytes = bytesOf(value);
  if (bytes !== undefined) return copyBytes(bytes, room);
  if (isTypedArray(value)) {
    const name = typedArrayName(value) as string;
    // Of the unsigned ones, some may be too great: their list is looked through.
    if (name === "BigUint64Array") return copyArray(value as ArrayLike<unknown>, undefined, room);
    const length = typedLength(value);
    if (length * 8 > room) throw frameTooLarge;
    const elements: (number | bigint)[] = [];
    for (let i = 0; i < length; i++) elements.push(value[i] as number | bigint);
    return listCell(elementType(name), elements);
  }
  return copyPlain(plainValue(value), room);
}

/** What another value stands for: a primitive, or an object for JSON. */
function copyPlain(value: unknown, room: number): Cell {
  return typeof value === "object" && value !== null
    ? copyJson(value, room)
    : copyValue(value, undefined, room);
}

/**
 * A value that is neither null nor an ordinary primitive, or a primitive, as a cell. One that throws when it
 * is read (a getter, a revoked Proxy) is rejected alone.
 */
export function copyValue(value: unknown, declared: Declared, room: number): Cell {
  switch (typeof value) {
    case "object":
      if (value === null) return null;
      if (value === unreadable) return unstorableCell(itThrows);
      try {
        return copyObject(value, declared, room);
      } catch (thrown) {
        if (thrown === frameTooLarge) throw thrown;
        return unstorableCell(itThrows);
      }
    case "function":
      return unstorableCell("a function");
    case "symbol":
      return unstorableCell("a symbol");
    case "bigint":
      return hasFewDigits(value) ? value : unstorableCell(manyDigits);
    default:
      return value as Cell;
  }
}

/** About the bytes that a copied value takes in memory. */
export function cellBytes(cell: Cell): number {
  if (typeof cell === "string") return cell.length;
  if (typeof cell !== "object" || cell === null) return 0;
  if (cell.kind === "timestamp") return 16;
  if (cell.kind !== "list") return cell.value.length + 32;
  let bytes = 48;
  for (const element of cell.value) bytes += 8 + cellBytes(element);
  return bytes;
}

/**
 * About the bytes that it takes beyond {@link cellBytes}, which counts what it holds rather than what holds
 * it.
 */
export function cellOverhead(cell: Cell): number {
  if (typeof cell === "string") return stringOverhead + cell.length;
  if (typeof cell !== "object" || cell === null) return 0;
  switch (cell.kind) {
    case "timestamp":
      return 40;
    case "json":
    case "rejected":
      return 40 + stringOverhead + cell.value.length;
    case "binary":
      return 256;
    case "list": {
      let bytes = 64;
      if (cell.element !== "float64" && cell.element !== "boolean")
        for (const element of cell.value) bytes += cellOverhead(element);
      return bytes;
    }
  }
}

/** What a string takes beside its characters, of which each may take two bytes. */
export const stringOverhead = 24;

function dateCell(date: Date): Cell {
  const ms = Date.prototype.getTime.call(date);
  return Number.isNaN(ms) ? rejectedCell('"Invalid Date"') : timestampCell(ms);
}

function copyBytes(bytes: Uint8Array, room: number): Cell {
  if (bytes.length > room) throw frameTooLarge;
  return binaryCell(new Uint8Array(bytes));
}

function copyJson(value: unknown, room: number): Cell {
  const json = jsonText(value, room);
  switch (json.status) {
    case "ok":
      return jsonCell(json.text);
    case "unstorable":
      return unstorableCell(json.reason);
    case "too_large":
      throw frameTooLarge;
  }
}

function copyArray(array: ArrayLike<unknown>, declared: Declared, room: number): Cell {
  const length = array.length;
  if (length * 8 > room) throw frameTooLarge;
  // Read each element once: what a getter or Proxy says the second time does not count.
  const values: unknown[] = [];
  for (let i = 0; i < length; i++) values.push(array[i]);
  if (typeof declared === "object" && declared.list === "json") return copyJsonList(values, room);
  let element: ScalarType | undefined;
  const cells: Cell[] = [];
  for (const value of values) {
    const cell = value === undefined ? null : scalarCell(value);
    if (cell === undefined) return copyJson(values, room);
    if (cell !== null) {
      const type = scalarType(cell);
      if (type === "unstorable") return rejectedJson(values, room);
      if (element !== undefined && element !== type) return copyJson(values, room);
      element = type;
    }
    cells.push(cell);
  }
  return listCell(element, cells);
}

/** A list declared as `list("json")`: each element's own JSON text. */
function copyJsonList(values: readonly unknown[], room: number): Cell {
  const cells: Cell[] = [];
  for (const value of values) {
    const cell = value === null || value === undefined ? null : copyJson(value, room);
    if (cell !== null && typeof cell === "object" && cell?.kind === "rejected") return cell;
    cells.push(cell);
  }
  return listCell("json", cells);
}

/**
 * A list with an element that its type can not hold exactly is rejected whole, as JSON; integers as text,
 * like all that is rejected.
 */
function rejectedJson(values: readonly unknown[], room: number): Cell {
  let left = room;
  const exact = values.map((value) => {
    // One of too many digits makes the whole unstorable.
    if (typeof value !== "bigint" || !hasFewDigits(value)) return value;
    const digits = String(value);
    left -= digits.length;
    if (left < 0) throw frameTooLarge;
    return digits;
  });
  const cell = copyJson(exact, room);
  return typeof cell === "object" && cell?.kind === "json" ? rejectedCell(cell.value) : cell;
}

function scalarCell(value: unknown): Cell {
  if (typeof value === "function" || typeof value === "symbol") return undefined;
  if (typeof value !== "object" || value === null) return value as Cell;
  if (types.isDate(value)) return dateCell(value);
  const bytes = bytesOf(value);
  return bytes === undefined ? undefined : copyBytes(bytes, Number.POSITIVE_INFINITY);
}

function scalarType(cell: Cell): ScalarType | "unstorable" {
  switch (typeof cell) {
    case "number":
      return "float64";
    case "bigint":
      return fitsInt64(cell) ? "int64" : "unstorable";
    case "boolean":
      return "boolean";
    case "string":
      return isWellFormed(cell) ? "string" : "unstorable";
    default:
      return typeof cell === "object" && (cell?.kind === "timestamp" || cell?.kind === "binary")
        ? cell.kind
        : "unstorable";
  }
}
