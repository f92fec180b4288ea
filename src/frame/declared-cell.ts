import { type Cell, fitsInt64, jsonCell, listCell } from "./cell.ts";
import type { ColumnType, ScalarType } from "../layout/column-type.ts";
import { cellJson } from "./copy/json-text.ts";
import { isWellFormed } from "../base/well-formed.ts";

/**
 * A value as its column's declared type, when that holds it exactly; undefined otherwise, and then the value
 * keeps its own type.
 *
 * | Declared | takes, besides its own values |
 * |---|---|
 * | int64 | a whole number, up to 2^63; `-0` becomes 0 |
 * | float64 | a bigint that a double holds exactly |
 * | json | everything that JSON can say: strings, finite numbers, bigint (its digits), booleans, instants (ISO 8601), lists |
 * | list | a list whose every element fits in this sense, or has no value |
 * | boolean, string, timestamp, binary | nothing else: a text is no instant |
 */
export function declaredCell(cell: Cell, type: ColumnType): Cell {
  if (cell === null || cell === undefined) return undefined;
  if (typeof type === "object") return declaredList(cell, type.list);
  switch (type) {
    case "float64":
      if (typeof cell === "number") return cell;
      return typeof cell === "bigint" && BigInt.asIntN(1100, cell) === cell && exactNumber(cell)
        ? Number(cell)
        : undefined;
    case "int64":
      if (typeof cell === "number") {
        return Number.isInteger(cell) && fitsInt64(BigInt(cell)) ? BigInt(cell) : undefined;
      }
      return typeof cell === "bigint" && fitsInt64(cell) ? cell : undefined;
    case "json": {
      const text = cellJson(cell);
      return text === undefined ? undefined : jsonCell(text);
    }
    case "string":
      return typeof cell === "string" && isWellFormed(cell) ? cell : undefined;
    case "boolean":
      return typeof cell === "boolean" ? cell : undefined;
    case "timestamp":
    case "binary":
      return typeof cell === "object" && cell.kind === type ? cell : undefined;
    case "int32":
      return undefined;
  }
}

function exactNumber(value: bigint): boolean {
  const number = Number(value);
  return Number.isFinite(number) && BigInt(number) === value;
}

function declaredList(cell: Cell, element: ScalarType): Cell {
  if (typeof cell !== "object" || cell?.kind !== "list") return undefined;
  if (cell.element === element || cell.element === undefined) return cell;
  const elements: Cell[] = [];
  for (const value of cell.value) {
    if (value === null || value === undefined) {
      elements.push(null);
      continue;
    }
    const fitting = declaredCell(value, element);
    if (fitting === undefined) return undefined;
    elements.push(fitting);
  }
  return listCell(element, elements);
}
