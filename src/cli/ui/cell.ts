import { isSystemColumn } from "../../layout/system-columns.ts";
import { jsonValue, timeText, valueText } from "../text/value-text.ts";
import { type Cell, shownText } from "./answers.ts";

/** How much text an answer may have left: what takes more is cut short. */
export interface TextRoom {
  left: number;
}

/** Characters of a value that is only the first of many. */
export const maxShortText = 200;
/** Characters that a value always gets, however full the answer is. */
const maxCutText = 120;
const maxHexBytes = 1_024;

/**
 * A stored value for the page: at most `max` characters of it, fewer when the answer is full. The text is
 * harmless as it stands: see {@link shownText}.
 */
export function cellOf(value: unknown, max: number, room: TextRoom): Cell {
  if (value === null || value === undefined) return { kind: "none", text: "" };
  if (value instanceof Uint8Array) return bytesCell(value, max, room);
  // Among many, a number has the digits that are enough to read.
  const [kind, text] = textOf(value, max <= maxShortText);
  return textCell(kind, text, max, room);
}

/** A text of a kind, cut if it is too long. */
export function textCell(kind: Cell["kind"], text: string, max: number, room: TextRoom): Cell {
  const most = Math.min(max, Math.max(room.left, maxCutText));
  // A pair of surrogates is not parted.
  const end = text.length > most && isHighSurrogate(text, most - 1) ? most - 1 : most;
  const shown = text.slice(0, end);
  room.left -= shown.length;
  return { kind, text: shownText(shown), ...(shown.length < text.length ? { size: text.length } : {}) };
}

function bytesCell(bytes: Uint8Array, max: number, room: TextRoom): Cell {
  const hex = Buffer.from(bytes.subarray(0, Math.min(maxHexBytes, Math.ceil(max / 2)))).toString("hex");
  const { text } = textCell("bytes", hex, max, room);
  return { kind: "bytes", text, size: bytes.length, read: "hex" };
}

function textOf(value: unknown, isShort: boolean): readonly [Cell["kind"], string] {
  if (typeof value === "number") return ["number", isShort ? valueText(value) : wholeText(value)];
  if (typeof value === "bigint") return ["number", String(value)];
  if (typeof value === "boolean") return ["boolean", String(value)];
  if (value instanceof Date) return ["time", timeText(value)];
  if (typeof value === "object") return ["json", JSON.stringify(jsonValue(value))];
  const text = String(value);
  return [looksLikeJson(text) ? "json" : "text", text];
}

/** Every digit that tells it from its neighbours. */
function wholeText(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function looksLikeJson(text: string): boolean {
  return /^\s*[[{]/.test(text);
}

function isHighSurrogate(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  return unit >= 0xd800 && unit <= 0xdbff;
}

/** The names of a row's columns, those that are ours behind. */
export function orderedColumns(names: Iterable<string>): string[] {
  const all = [...new Set(names)];
  return [...all.filter((name) => !isSystemColumn(name)), ...all.filter(isSystemColumn)];
}
