import { type Cell, fitsInt64, jsonCell, listCell, rejectedCell } from "../cell.ts";
import type { ScalarType } from "../../layout/column-type.ts";
import { reasonKey } from "../../layout/system-columns.ts";
import { cellJson } from "../copy/json-text.ts";

/**
 * What a library says of its lists' elements: their type; `null` when none has a value; `nested` for all that
 * becomes JSON.
 */
export type ElementType = ScalarType | "null" | "nested";

/**
 * A library's list: JSON when its elements are nested; rejected, as JSON, when their type can not hold one of
 * them exactly.
 */
export function typedListCell(element: ElementType, cells: readonly Cell[]): Cell {
  if (element === "null") return listCell(undefined, cells);
  const nested = element === "nested";
  if (!nested && !cells.some(isRejected)) return listCell(element, cells);
  // What is rejected has its integers as text.
  const texts = cells.map((cell) => (typeof cell === "bigint" && !nested ? `"${cell}"` : nestedJson(cell)));
  const text = `[${texts.join(",")}]`;
  return nested && !cells.some(isUnstorable) ? jsonCell(text) : rejectedCell(text);
}

/** A library's struct as a JSON object. `keys` are JSON texts. */
export function structCell(keys: readonly string[], cells: readonly Cell[]): Cell {
  const text = `{${cells.map((cell, i) => `${keys[i]}:${nestedJson(cell)}`).join(",")}}`;
  return cells.some(isUnstorable) ? rejectedCell(text) : jsonCell(text);
}

/** A library's map: an object when all its keys are texts and none is there twice, else an array of pairs. */
export function mapCell(textKeys: boolean, keys: readonly Cell[], values: readonly Cell[]): Cell {
  const names = keys.map(nestedJson);
  if (textKeys && keys.every((key) => typeof key === "string") && new Set(names).size === names.length) {
    return structCell(names, values);
  }
  const pairs = names.map((name, i) => `[${name},${nestedJson(values[i])}]`);
  const text = `[${pairs.join(",")}]`;
  return keys.some(isUnstorable) || values.some(isUnstorable) ? rejectedCell(text) : jsonCell(text);
}

/** A value of any type as JSON. */
export function wholeJson(cell: Cell): Cell {
  return isUnstorable(cell) ? cell : jsonCell(nestedJson(cell));
}

/**
 * A cell as JSON inside a struct, map or list of lists: what JSON can not say becomes a string, as in
 * `json-text.ts`.
 */
function nestedJson(cell: Cell): string {
  if (typeof cell === "object" && cell !== null) {
    if (cell.kind === "binary") return `"${base64(cell.value)}"`;
    if (cell.kind === "rejected") return cell.value;
    if (cell.kind === "list") return `[${cell.value.map(nestedJson).join(",")}]`;
  }
  return cellJson(cell) ?? `"${String(cell)}"`;
}

function isRejected(cell: Cell): boolean {
  if (typeof cell === "bigint") return !fitsInt64(cell);
  return typeof cell === "object" && cell?.kind === "rejected";
}

/**
 * True for what is no value at all but the reason why there is none; other rejected cells are exact as JSON.
 */
function isUnstorable(cell: Cell): boolean {
  return (
    typeof cell === "object" &&
    cell?.kind === "rejected" &&
    (cell.value as string).includes(`"${reasonKey}":`)
  );
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
